import AccessControl
import CryptographicModule
public import Identity
public import PoolState
public import SecurityDomain

/// What a node has only while it is unsealed.
public final class UnsealedPool: Sendable {
    /// Its keys are wiped when the node is sealed: a request that holds on to them longer fails.
    public let keyring: Keyring
    /// Believes the pool's own issuer only.
    public let tokens: TokenVerifier
    /// Issues tokens that every unsealed node of the pool honours.
    public let issuer: TokenIssuer

    public init(keyring: Keyring, tokens: TokenVerifier, issuer: TokenIssuer) {
        self.keyring = keyring
        self.tokens = tokens
        self.issuer = issuer
    }
}

/// Signs tokens with the pool's token key.
public struct TokenKeySigner: TokenSigner {
    private let keyring: Keyring
    /// Base64url of the first 16 bytes of the SHA-256 over the public key's SubjectPublicKeyInfo: the same on every
    /// node.
    public let keyID: String

    public init(keyring: Keyring) {
        self.keyring = keyring
        keyID = Base64URL.encode(Array(Digest.sha256(keyring.tokenKey.publicKey.spkiDER()).prefix(16)))
    }

    /// - Throws: ``CryptoError`` where the keyring was wiped meanwhile, because the node was sealed.
    public func sign(sha256 digest: [UInt8]) throws -> [UInt8] { try keyring.tokenKey.sign(digest: digest) }
}

/// The pool's own token issuer.
public enum TokenAuthority {
    /// The `iss` of its tokens: fixed by the pool's first founder and tenant, whichever node issues and whoever belongs
    /// to the pool by now.
    public static func issuer(of pool: PoolRecord) -> String {
        "\(pool.origin.isEmpty ? "https://\(pool.name)" : pool.origin)/\(pool.tenantID)/v2.0"
    }

    /// What tokens may be for: the keys of the pool, and the services beside them. An audience that the pool has for
    /// its keys is for nothing else.
    public static func audiences(
        keys: [String], facades: [AcceptedAudience]
    ) throws(TrustError) -> AudienceList {
        let keys = keys.map { AcceptedAudience($0, .dataPlane) }
        let known = try AudienceList(keys)
        return try AudienceList(keys + facades.filter { known.kind(of: $0.text) == nil })
    }
}
