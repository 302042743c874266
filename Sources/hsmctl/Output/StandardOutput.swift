import Foundation

/// What is for the next program in a pipe, and the answers that people asked for. All of it is written here: what finds
/// no place must not be lost in silence.
enum StandardOutput {
    static func line(_ text: String) { write(Array((text + "\n").utf8)) }

    /// Writes all of it, or ends the program: with code 74 where there is no room, and as any tool of a pipe, by
    /// SIGPIPE, where nobody reads any more.
    static func write(_ bytes: [UInt8]) {
        guard !Files.writeAll(bytes, STDOUT_FILENO) else { return }
        let code = errno
        if code == EPIPE {
            signal(SIGPIPE, SIG_DFL)
            raise(SIGPIPE)
            // It is blocked.
            Foundation.exit(128 + SIGPIPE)
        }
        Terminal.note(
            "hsmctl: standard output can't be written: \(String(cString: strerror(code))). What the command has done "
                + "stays done; its answer is missing.")
        Foundation.exit(EX_IOERR)
    }
}
