import COpenSSL

extension Secret {
    /// The longest file of a private key, in bytes.
    public static let longestKeyFile = 64 * 1024

    /// Reads the file of a private key straight into secure memory.
    ///
    /// - Throws: ``CryptoError/keyRejected(_:)`` for a file that is empty, too long, no regular one, a link, another
    ///   user's, or open to group or others.
    public static func reading(keyFile path: String) throws -> Secret {
        var bytes: UnsafeMutablePointer<UInt8>?
        var length = 0
        let status = qk_secure_read_file(path, longestKeyFile, &bytes, &length)
        try CryptoError.check(status, "private key file \(path)")
        guard let bytes else { throw CryptoError.internalFailure("private key file") }
        return Secret(adopting: bytes, count: length)
    }
}
