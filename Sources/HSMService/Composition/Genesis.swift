import AccessControl
import CryptographicModule
import Identity
import PoolState
import Raft
import RequestPipeline
import SecurityDomain

/// Makes a new pool's keys and the first command of its log.
enum GenesisMaker {
    static func make(
        _ configuration: NodeConfiguration, _ initialization: PoolInitialization, now: Int64
    ) throws -> (keyring: Keyring, genesis: Genesis) {
        let (keyring, secrets) = try Keyring.create(
            poolID: configuration.poolID, securityDomainID: Random.bytes(16), createdAt: now)
        let sealed = secrets.sealedKeyring.encode()
        return (keyring, try genesis(configuration, initialization, keyring: sealed))
    }

    /// The first command. Refused here where the pool would refuse it: by then it would be in the log.
    static func genesis(
        _ configuration: NodeConfiguration, _ initialization: PoolInitialization, keyring: [UInt8]
    ) throws -> Genesis {
        guard let tenant = GUID(initialization.tenantID) else {
            throw ConfigurationError(
                file: initialization.file, problem: "'tenant_id' isn't a GUID", cure: "Make one with: uuidgen")
        }
        let principals = try initialization.administrators.map { administrator in
            guard let objectID = GUID(administrator.objectID), let clientID = GUID(administrator.clientID) else {
                throw ConfigurationError(
                    file: initialization.file, problem: "an administrator's object_id or client_id isn't a GUID",
                    cure: "Make a credential with: hsmctl credential generate")
            }
            return NewPrincipal(
                objectID: objectID, clientID: clientID, kind: .servicePrincipal, displayName: administrator.displayName,
                secretHash: administrator.secretDigest)
        }
        let assignments = try principals.map { principal in
            guard let name = GUID(bytes: Random.bytes(16)) else { throw CryptoError.internalFailure("GUID") }
            return RoleAssignment(
                name: name, scope: .root, principal: principal.objectID, roleDefinition: BuiltInRole.administrator.id)
        }
        let hosts = configuration.members.map { String($0.endpoint.dropFirst("https://".count)) }
        let audiences = (hosts + configuration.apiHosts).map { HostTable.audience(host: $0) } + initialization.audiences
        let genesis = Genesis(
            poolID: configuration.poolID, name: configuration.poolName, epoch: configuration.firstEpoch,
            tenantID: tenant,
            audiences: Array(Set(audiences)).sorted(),
            members: configuration.members.map { member in
                MemberRecord(
                    node: member.id.rawValue, name: member.name, identityDigest: member.keyDigest,
                    apiURL: member.endpoint, peerAddress: PeerAddress.join(member.peerHost, member.peerPort),
                    publicKey: member.publicKey)
            },
            keyring: keyring,
            pinnedOfficers: initialization.officerFingerprints,
            settings: PoolSettings(
                recoverableDays: initialization.retentionDays, purgeProtection: initialization.purgeProtection,
                reads: initialization.reads, refusedAlgorithms: initialization.refusedAlgorithms),
            principals: principals, roleAssignments: assignments,
            releaseAuthorities: initialization.releaseAuthorities.map { authority in
                ReleaseAuthority(
                    issuer: authority.issuer,
                    keys: authority.keys.map { ReleaseAuthority.Key(id: $0.keyID, publicKey: $0.key) })
            })
        try GenesisCheck.check(genesis, file: initialization.file)
        return genesis
    }
}
