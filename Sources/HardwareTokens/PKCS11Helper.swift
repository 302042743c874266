import CPKCS11

/// The process that a token's module runs in: this program again, started with ``argument``.
public enum PKCS11Helper {
    /// The first argument, by which the program knows that it is the helper.
    public static let argument = "--pkcs11-helper"

    /// Answers the one request on standard input.
    /// - Returns: the exit status.
    public static func run() -> Int32 { qt_help(0) }
}
