import CryptographicModule
import Foundation

/// What is for the person and not for the next program in a pipe: standard error.
enum Terminal {
    static func note(_ text: String) { write(line(text)) }

    /// A note as it is written: others may have put control characters into it.
    static func line(_ text: String) -> String { Table.harmless(text, keepingLines: true) + "\n" }

    /// What can't be shown is left out: there is nobody else to tell.
    static func write(_ text: String) { _ = Files.writeAll(Array(text.utf8), STDERR_FILENO) }
}

/// Asks the person at the terminal to type a name before something that can't be undone; a script isn't asked.
enum Confirmation {
    static var isPossible: Bool { isatty(STDIN_FILENO) == 1 }

    /// - Parameter otherwise: what is said where something else is typed.
    /// - Throws: ``ClientError`` then.
    static func require(_ word: String, before what: String, otherwise: String) throws {
        guard isPossible else { return }
        Terminal.write("\(what) Type \(word) to go on: ")
        guard Swift.readLine() == word else { throw ClientError.refused(otherwise) }
    }
}

/// Asks the person at the terminal, without showing what is typed.
enum Passphrase {
    static func read(for file: String) throws -> Secret {
        var bytes = [UInt8](repeating: 0, count: 1024)
        defer { for index in bytes.indices { bytes[index] = 0 } }
        let length = readLine("Pass phrase of \(file): ", &bytes)
        guard length > 0 else { throw ClientError.usage("No pass phrase was given.") }
        return try Secret(count: length) { target in
            for index in 0..<length { target[index] = bytes[index] }
        }
    }

    /// How many bytes were typed before the end of the line.
    private static func readLine(_ prompt: String, _ bytes: inout [UInt8]) -> Int {
        Terminal.write(prompt)
        var saved = termios()
        let isTerminal = tcgetattr(STDIN_FILENO, &saved) == 0
        if isTerminal {
            HiddenTyping.begin(shown: saved)
            var silent = saved
            silent.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        }
        defer {
            if isTerminal {
                tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved)
                HiddenTyping.end()
            }
            Terminal.write("\n")
        }
        var length = 0
        while length < bytes.count, Foundation.read(STDIN_FILENO, &bytes[length], 1) == 1, bytes[length] != 10 {
            length += 1
        }
        return length
    }
}

/// Lets the terminal show again what is typed, where a signal ends the command at a prompt that hides it: not every
/// shell does.
private enum HiddenTyping {
    // For the handler, which may neither wait nor take memory. Not freed: the handler may be reading it.
    nonisolated(unsafe) private static var shown: UnsafeMutablePointer<termios>?

    /// - Parameter settings: the terminal's before anything is hidden.
    static func begin(shown settings: termios) {
        let kept = UnsafeMutablePointer<termios>.allocate(capacity: 1)
        kept.initialize(to: settings)
        shown = kept
        for number in [SIGINT, SIGQUIT, SIGTERM, SIGHUP] where SignalAction.isDefault(number) {
            signal(number) { number in
                if let settings = HiddenTyping.shown { tcsetattr(STDIN_FILENO, TCSAFLUSH, settings) }
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }

    /// From now on the handler does what the system would.
    static func end() { shown = nil }
}
