import Foundation

/// Takes a file that a secret was to have away again, where a signal ends the command before there is one: it would
/// stand in the way of the next attempt.
enum InterruptedFile {
    // For the handler, which may neither wait nor take memory. Not freed: the handler may be reading it.
    nonisolated(unsafe) private static var path: UnsafeMutablePointer<CChar>?

    private static let signals = [SIGINT, SIGTERM, SIGHUP]

    /// From now on the file goes with the process.
    static func begin(_ file: String) {
        path = strdup(file)
        for number in signals {
            let former = signal(number) { number in
                if let path = InterruptedFile.path { unlink(path) }
                signal(number, SIG_DFL)
                raise(number)
            }
            // The library has no other way to compare; who has the tool ignore a signal, as nohup does, means it.
            if unsafeBitCast(former, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { signal(number, SIG_IGN) }
        }
    }

    /// From now on the file stays: without a path the handler does what the system would.
    static func end() { path = nil }
}
