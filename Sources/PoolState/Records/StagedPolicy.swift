public import AccessControl

/// A part of what a backup holds beside keys, on its way into a new pool, or into a living one by its officers' word.
public enum StagedPolicy: Hashable, Sendable {
    case principal(PrincipalRecord)
    /// A custom one.
    case roleDefinition(RoleDefinition)
    case roleAssignment(RoleAssignment)
    case pool(RestoredPool)
    /// Who the officers are, and what their shares commit to.
    case securityDomain(SecurityDomainRecord)
}

/// What a new pool takes over from the record of the lost one. Name, tenant, audiences and members are its own.
public struct RestoredPool: Hashable, Sendable {
    public var settings: PoolSettings
    /// As in ``PoolRecord``. A living pool keeps its own.
    public var pinnedOfficers: [[UInt8]]
    public var releaseAuthorities: [ReleaseAuthority]
    /// The new pool's own keyring, with keys of the lost one added, sealed under the root in force.
    public var keyring: [UInt8]

    /// - Parameter record: of the pool that the backup was made of.
    public init(_ record: PoolRecord, keyring: [UInt8]) {
        self.init(
            settings: record.settings, pinnedOfficers: record.pinnedOfficers,
            releaseAuthorities: record.releaseAuthorities, keyring: keyring)
    }

    init(
        settings: PoolSettings, pinnedOfficers: [[UInt8]], releaseAuthorities: [ReleaseAuthority], keyring: [UInt8]
    ) {
        self.keyring = keyring
        self.settings = settings
        self.pinnedOfficers = pinnedOfficers
        self.releaseAuthorities = releaseAuthorities
    }
}

extension PrincipalRecord {
    /// The principal with a secret that is no longer good: whoever knows it from the time of the backup is kept out
    /// until a new one is made.
    public var withoutSecret: PrincipalRecord {
        guard secretHash != nil else { return self }
        var copy = self
        copy.secretHash = nil
        if copy.credentialGeneration < .max { copy.credentialGeneration += 1 }
        return copy
    }

    /// The principal where another one asks for tokens by its client id.
    var withoutClientID: PrincipalRecord {
        PrincipalRecord(
            objectID: objectID, clientID: nil, kind: kind, displayName: displayName, enabled: enabled,
            secretHash: nil, credentialGeneration: credentialGeneration, groups: groups, created: created)
    }
}
