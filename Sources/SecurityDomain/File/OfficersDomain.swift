import CryptographicModule

/// All that a security domain file holds, opened by a quorum of its officers.
public struct OfficersDomain: Sendable {
    /// The root that was in force when the file was made, and the pool that it was made for.
    public let domain: OpenedDomain
    /// Of earlier generations.
    let formerRoots: [RootKey]

    /// Opens a keyring of this security domain, under the root of the generation that it was sealed under. The pool may
    /// be another one than the file names: one that was lost, and whose security domain that pool has taken over. The
    /// key check value, which is derived for the keyring's own pool, tells whether the root was its.
    ///
    /// - Throws: `SecurityDomainError.wrongSecurityDomain`; `.wrongGeneration` where the file has no root of that
    ///   generation; `.rootMismatch`; `.sealedKeyRejected`.
    public func keyring(of material: SealedKeyring) throws -> Keyring {
        let identity = material.identity
        guard identity.securityDomainID == domain.identity.securityDomainID else {
            throw SecurityDomainError.wrongSecurityDomain
        }
        guard let root = ([domain.root] + formerRoots).first(where: { $0.generation == identity.generation }) else {
            throw SecurityDomainError.wrongGeneration(
                expected: identity.generation, got: domain.identity.generation)
        }
        return try Keyring.unseal(root: root, material: material)
    }

    /// Wipes the roots. A keyring that was opened with one of them fails from now on where it needs the root.
    public func destroy() {
        for root in [domain.root] + formerRoots { root.destroy() }
    }
}
