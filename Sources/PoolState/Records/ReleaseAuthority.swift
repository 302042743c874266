public import CryptographicModule

/// Who may state what environment a key would be released to: an issuer and the keys that its statements are signed
/// with.
///
/// Chosen when the pool is made, and the same on every node: whoever could add one could have keys released.
public struct ReleaseAuthority: Hashable, Sendable {
    /// One of the issuer's keys.
    public struct Key: Hashable, Sendable {
        /// The `kid` that statements name it by.
        public var id: String
        public var publicKey: PublicKey

        public init(id: String, publicKey: PublicKey) {
            self.id = id
            self.publicKey = publicKey
        }
    }

    /// The `iss` of its statements.
    public var issuer: String
    /// 1 to ``PoolLimits/keysPerReleaseAuthority``, each of another id.
    public var keys: [Key]

    public init(issuer: String, keys: [Key]) {
        self.issuer = issuer
        self.keys = keys
    }

    /// Whether it can be stored: sizes within limits, and nothing twice.
    static func areAcceptable(_ authorities: [ReleaseAuthority]) -> Bool {
        authorities.count <= PoolLimits.releaseAuthorities
            && Set(authorities.map(\.issuer)).count == authorities.count
            && authorities.allSatisfy { authority in
                (1...512).contains(authority.issuer.utf8.count)
                    && (1...PoolLimits.keysPerReleaseAuthority).contains(authority.keys.count)
                    && Set(authority.keys.map(\.id)).count == authority.keys.count
                    && authority.keys.allSatisfy { (1...256).contains($0.id.utf8.count) }
            }
    }
}
