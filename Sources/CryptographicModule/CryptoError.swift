import COpenSSL

/// Why the cryptographic module refused or failed. No case carries key material or a caller's plaintext.
public enum CryptoError: Error, Equatable, Sendable {
    /// A tag, a signature or a padding did not check.
    case authenticationFailed
    /// Bytes are not what they are said to be.
    case malformed(String)
    /// A type, size, curve or algorithm outside the module's list.
    case unsupported(String)
    /// The authenticated header of the key does not allow the operation.
    case operationNotPermitted(String)
    /// Lengths in bytes.
    case wrongDigestLength(expected: Int, got: Int)
    /// A value that the caller gave can't be right; `name` is the protocol's name for it, such as `iv` or `key.d`.
    case invalidParameter(name: String, reason: String)
    /// The store of key material has no such record. Who looked the key up before it was sealed anew or purged finds
    /// this.
    case recordMissing
    /// The locked memory for key material is full. There is no fall-back to ordinary memory.
    case secureMemoryExhausted
    /// A key that parsed but must not be used.
    case keyRejected(String)
    /// The process was not prepared for keys, or an algorithm failed its self-test. Nothing but a new process helps.
    case notOperational(String)
    case internalFailure(String)
}

extension CryptoError {
    /// - Parameter what: what was being done, for the message.
    init(_ status: qk_status, _ what: String) {
        switch status {
        case QK_AUTHENTICATION_FAILED: self = .authenticationFailed
        case QK_MALFORMED: self = .malformed(what)
        case QK_UNSUPPORTED: self = .unsupported(what)
        case QK_SECURE_MEMORY_EXHAUSTED: self = .secureMemoryExhausted
        case QK_KEY_REJECTED: self = .keyRejected(what)
        case QK_PASSPHRASE_NEEDED: self = .keyRejected("\(what): the key is encrypted and no pass phrase was given")
        case QK_CLOSED: self = .internalFailure("\(what): the key was closed")
        default: self = .internalFailure("\(what): status \(status.rawValue)")
        }
    }

    static func check(_ status: qk_status, _ what: String) throws(CryptoError) {
        guard status == QK_OK else { throw CryptoError(status, what) }
    }
}
