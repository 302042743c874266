import COpenSSL

/// The signature algorithms whose input isn't a digest of a fixed length: what is signed is the value itself.
public enum MessageSignatureAlgorithm: String, Hashable, Sendable, CaseIterable {
    /// PKCS #1 v1.5 padding (RFC 8017 section 9.2, steps 3 to 5: block type 1, always) around a value that the caller
    /// has made, usually a DigestInfo: for TLS 1.1 and its like. It signs whatever it is given, so it is no proof of a
    /// digest.
    case RSNULL
    /// Ed25519 (RFC 8032 section 5.1; `EdDSA` of RFC 8037).
    case EdDSA

    /// The longest message in bytes that is signed with Ed25519.
    public static let maximumMessageLength = 64 * 1024

    /// Whether a key with this header can sign so.
    public func fits(_ header: KeyHeader) -> Bool {
        switch self {
        case .RSNULL: header.keyType == .rsaHSM
        case .EdDSA: header.keyType == .okpHSM
        }
    }

    /// How many bytes a value may have, for a key with this header.
    public func lengths(_ header: KeyHeader) -> ClosedRange<Int> {
        switch self {
        case .RSNULL: 1...max(1, header.bits / 8 - 11)
        case .EdDSA: 0...Self.maximumMessageLength
        }
    }

    func fits(_ key: PublicKey) -> Bool {
        switch (self, key) {
        case (.RSNULL, .rsa), (.EdDSA, .ed25519): true
        default: false
        }
    }

    var scheme: qk_scheme {
        switch self {
        case .RSNULL: QK_PKCS1_BARE
        case .EdDSA: QK_ED25519_PURE
        }
    }
}

extension CryptographicModule {
    /// Signs a value as it is; the first three parameters are those of
    /// ``sign(header:recordDigest:fetch:algorithm:digest:)``.
    /// - Throws: ``CryptoError/invalidParameter(name:reason:)`` for a value of a length that the algorithm can't take.
    public func sign(
        header: KeyHeader, recordDigest: [UInt8], fetch: () throws(CryptoError) -> SealedRecord,
        algorithm: MessageSignatureAlgorithm, message: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        try use(header, recordDigest, fetch, to: .sign, named: "sign", if: algorithm.fits) {
            key throws(CryptoError) in
            try Self.requireLength(message, algorithm.lengths(header), "value")
            return try key.sign(algorithm.scheme, QK_NO_HASH, message)
        }
    }

    /// Whether a signature over a value as it is is good. A malformed signature is a bad one.
    public func verify(
        publicKey: PublicKey, algorithm: MessageSignatureAlgorithm, message: [UInt8], signature: [UInt8]
    ) throws(CryptoError) -> Bool {
        try verificationKey(for: publicKey).verify(algorithm: algorithm, message: message, signature: signature)
    }

    private static func requireLength(
        _ message: [UInt8], _ lengths: ClosedRange<Int>, _ name: String
    ) throws(CryptoError) {
        guard lengths.contains(message.count) else {
            throw .invalidParameter(
                name: name,
                reason: "it must have \(lengths.lowerBound) to \(lengths.upperBound) bytes, not \(message.count)")
        }
    }
}
