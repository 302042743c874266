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
        // Who has the tool ignore a signal means it; and a drill that traps it has a pool to clear away.
        for number in signals where SignalAction.isDefault(number) {
            signal(number) { number in
                if let path = InterruptedFile.path { unlink(path) }
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }

    /// From now on the file stays: without a path the handler does what the system would.
    static func end() { path = nil }
}
