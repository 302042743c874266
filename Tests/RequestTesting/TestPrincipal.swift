public import AccessControl
import PoolState
import CryptographicModule
import Identity
public import SecurityDomain
import Synchronization

/// The callers of the tests. Each has the role of its name at `/`; `nobody` has none.
public enum TestPrincipal: UInt64, CaseIterable, Sendable {
    case administrator = 1
    case officer, user, policyAdministrator, auditor, nobody

    public var objectID: GUID { GUID(high: 0x0b1e_c700_0000_4000, low: 0x8000_0000_0000_0000 | rawValue) }
    public var clientID: GUID { GUID(high: 0xc11e_4700_0000_4000, low: 0x8000_0000_0000_0000 | rawValue) }

    public var role: BuiltInRole? {
        switch self {
        case .administrator: .administrator
        case .officer: .cryptoOfficer
        case .user: .cryptoUser
        case .policyAdministrator: .policyAdministrator
        case .auditor: .cryptoAuditor
        case .nobody: nil
        }
    }

    var assignment: RoleAssignment? {
        role.map {
            RoleAssignment(
                name: GUID(high: 0xa551_0000_0000_4000, low: 0x8000_0000_0000_0000 | rawValue), scope: .root,
                principal: objectID, roleDefinition: $0.id)
        }
    }
}

/// What all pools of the tests share, since making it takes a good part of a second: the keyring and the clients'
/// secret.
public struct TestKeys: Sendable {
    public static let poolID = [UInt8](repeating: 0xA0, count: 16)
    public static let tenant = GUID(high: 0x7e17_0000_0000_4000, low: 0x8000_0000_0000_0001)

    public let keyring: Keyring
    public let sealedKeyring: [UInt8]
    /// The client secret of every principal.
    public let clientSecret: String
    let secretHash: [UInt8]

    private static let made = Mutex<TestKeys?>(nil)

    public static func shared() throws -> TestKeys {
        try made.withLock { made in
            if let made { return made }
            _ = try ModuleSelfSetup.prepareProcess(allowUnlocked: true)
            let (keyring, secrets) = try Keyring.create(
                poolID: poolID, securityDomainID: [UInt8](repeating: 0x5D, count: 16), createdAt: TestPool.start / 1000)
            let (secret, hash) = try ClientSecret.generate()
            let keys = TestKeys(
                keyring: keyring, sealedKeyring: secrets.sealedKeyring.encode(), clientSecret: secret, secretHash: hash)
            made = keys
            return keys
        }
    }
}

extension TestPool {
    static func initialize(
        _ pool: InMemoryPool, phase: PoolPhase, settings: PoolSettings, authorities: [ReleaseAuthority]
    ) throws {
        let keys = try TestKeys.shared()
        let genesis = Genesis(
            poolID: TestKeys.poolID, name: "pool-1", tenantID: TestKeys.tenant, audiences: [audience],
            members: [
                MemberRecord(
                    node: 1, name: "node-1", identityDigest: [UInt8](repeating: 1, count: 32), apiURL: base,
                    peerAddress: "hsm.pool.example:9443")
            ],
            keyring: keys.sealedKeyring, settings: settings,
            principals: TestPrincipal.allCases.map {
                NewPrincipal(
                    objectID: $0.objectID, clientID: $0.clientID, kind: .servicePrincipal, displayName: "\($0)",
                    secretHash: keys.secretHash)
            },
            roleAssignments: TestPrincipal.allCases.compactMap(\.assignment), releaseAuthorities: authorities)
        var commands = [PoolCommand.initializePool(genesis)]
        if phase >= .activating { commands.append(.securityDomainPrepared(securityDomain)) }
        if phase >= .activated { commands.append(.securityDomainActivated(generation: 0)) }
        for command in commands {
            let outcome = try pool.submitNow(command).get().outcome
            guard outcome == .applied else { throw TestFailure("the pool refused its own beginning: \(outcome)") }
        }
    }

    private static var securityDomain: PreparedSecurityDomain {
        PreparedSecurityDomain(
            generation: 0, keyring: nil, required: 2, officers: [[1], [2], [3]],
            commitments: (1...3).map { [UInt8](repeating: $0, count: 32) }, encryptedData: Array("{}".utf8),
            capabilityDigest: [UInt8](repeating: 9, count: 32))
    }
}
