import COpenSSL

/// A public key that is ready to check signatures.
///
/// Making one costs several times what a check does: whoever sees many signatures of one key keeps it. Safe to use from
/// any thread.
public final class VerificationKey: Sendable {
    /// The key as it was given.
    public let publicKey: PublicKey
    private let key: LoadedKey
    private let health: ModuleHealth

    /// For whoever checks signatures without a module, such as a tool.
    public convenience init(checking publicKey: PublicKey) throws(CryptoError) {
        try self.init(publicKey, health: .shared)
    }

    init(_ publicKey: PublicKey, health: ModuleHealth) throws(CryptoError) {
        try health.requireNoFailure()
        self.publicKey = publicKey
        self.health = health
        key = try LoadedKey.load(publicKey: publicKey.spkiDER())
    }

    /// Whether a signature over a digest is good. A malformed signature is a bad one.
    /// - Throws: ``CryptoError/wrongDigestLength(expected:got:)``; ``CryptoError/operationNotPermitted(_:)`` where
    ///   the algorithm isn't one
    ///   of this kind of key.
    public func verify(
        algorithm: SignatureAlgorithm, digest: [UInt8], signature: [UInt8]
    ) throws(CryptoError) -> Bool {
        guard digest.count == algorithm.digestLength else {
            throw .wrongDigestLength(expected: algorithm.digestLength, got: digest.count)
        }
        guard algorithm.fits(publicKey) else { throw .operationNotPermitted("verify") }
        try health.requireNoFailure()
        return try key.verify(algorithm.scheme, algorithm.hash, digest, signature)
    }

    /// The same for a signature over a value as it is.
    /// - Throws: ``CryptoError/operationNotPermitted(_:)`` where the algorithm isn't one of this kind of key.
    public func verify(
        algorithm: MessageSignatureAlgorithm, message: [UInt8], signature: [UInt8]
    ) throws(CryptoError) -> Bool {
        guard algorithm.fits(publicKey) else { throw .operationNotPermitted("verify") }
        try health.requireNoFailure()
        // No signature is over more than the algorithm takes.
        guard algorithm != .RSNULL || (1...key.bareLimit).contains(message.count) else { return false }
        return try key.verify(algorithm.scheme, QK_NO_HASH, message, signature)
    }
}
