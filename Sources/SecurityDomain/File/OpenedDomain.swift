import CryptographicModule

/// What officers have opened: the root, and the pool that it was made for.
public struct OpenedDomain: Sendable {
    /// It gives the key check value of ``identity``.
    public let root: RootKey
    /// Of the living pool whose ceremony it was; else what the officers' file says, which may be another pool's.
    public let identity: PoolIdentity

    /// Checks that the root is the one of `pool`, whose own security domain this is, or which has taken it over.
    ///
    /// - Throws: `SecurityDomainError.wrongPool`, `.wrongSecurityDomain`, `.wrongGeneration`, or `.rootMismatch` when
    ///   the key itself doesn't give the key check value.
    public func check(matches pool: PoolIdentity) throws {
        guard identity.domainPoolID == pool.domainPoolID else { throw SecurityDomainError.wrongPool }
        guard identity.securityDomainID == pool.securityDomainID else {
            throw SecurityDomainError.wrongSecurityDomain
        }
        guard identity.generation == pool.generation else {
            throw SecurityDomainError.wrongGeneration(expected: pool.generation, got: identity.generation)
        }
        guard SecureCompare.equal(try root.checkValue(poolID: pool.poolID), pool.keyCheckValue) else {
            throw SecurityDomainError.rootMismatch
        }
    }
}
