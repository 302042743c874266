/// The key behind the issuer: in an unsealed pool the replicated token key, on a sealed node a key of its own in
/// memory.
public protocol TokenSigner: Sendable {
    /// The `kid` under which the public half is published.
    var keyID: String { get }

    /// The RS256 signature (RSASSA-PKCS1-v1_5 with SHA-256) over a message with this digest of 32 bytes.
    func sign(sha256 digest: [UInt8]) throws -> [UInt8]
}
