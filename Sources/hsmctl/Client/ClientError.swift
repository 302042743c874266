import Foundation

/// What went wrong, in words for the person at the terminal, and the exit code that scripts see: of sysexits.h where
/// that has one.
struct ClientError: Error, Hashable, CustomStringConvertible {
    let message: String
    let exitCode: Int32

    var description: String { message }

    /// Whether the pool refused because the caller may not do it.
    var isDenial: Bool { exitCode == Self.denied("").exitCode }

    /// Whether no node could answer.
    var isUnavailability: Bool { exitCode == EX_UNAVAILABLE }

    /// The command was used wrongly, or a file isn't what it should be.
    static func usage(_ message: String) -> ClientError { ClientError(message: message, exitCode: EX_USAGE) }
    /// No node could be reached, or none can answer now.
    static func unavailable(_ message: String) -> ClientError {
        ClientError(message: message, exitCode: EX_UNAVAILABLE)
    }
    /// Something on this machine can't be read or written.
    static func unreadable(_ message: String) -> ClientError { ClientError(message: message, exitCode: EX_IOERR) }
    /// The credentials were refused, or a permission is missing.
    static func denied(_ message: String) -> ClientError { ClientError(message: message, exitCode: EX_NOPERM) }
    /// sysexits.h has no code for it.
    static func notFound(_ message: String) -> ClientError { ClientError(message: message, exitCode: 3) }
    /// The service refused the request for another reason.
    static func refused(_ message: String) -> ClientError { ClientError(message: message, exitCode: EXIT_FAILURE) }
}
