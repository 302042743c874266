// What people read when the module refuses: cause first, cure where there is one. Nothing here names key material.

extension CryptoError: CustomStringConvertible {
    /// What is wrong, in words for a person. Holds nothing of a key, and nothing of the data.
    public var description: String {
        switch self {
        case .authenticationFailed: "what was decrypted or verified isn't genuine, or the key isn't the right one"
        case .malformed(let what): "\(what) is malformed"
        case .unsupported(let what): "\(what) isn't supported"
        case .operationNotPermitted(let what): "not permitted: \(what)"
        case .wrongDigestLength(let expected, let got): "the digest has \(got) bytes where \(expected) belong"
        case .invalidParameter(let name, let reason): "\(name): \(reason)"
        case .recordMissing: "the store of key material lacks the key's record"
        case .secureMemoryExhausted: "the locked memory for keys is full"
        case .keyRejected(let reason): "the key is refused: \(reason)"
        case .notOperational(let reason): "the cryptographic module doesn't operate: \(reason)"
        case .internalFailure(let reason): "the cryptographic module failed: \(reason)"
        }
    }
}
