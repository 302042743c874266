import AccessControl
import PoolState
import Raft

/// What the clients of a run ask for.
struct Workload {
    private let random: SimulatedRandom
    private var lastNumber: UInt64 = 0
    /// The generation that each principal's credential would have if every change had succeeded: close to the truth, so
    /// that some changes are right and some are late.
    private var guesses = [UInt32](repeating: 0, count: Register.principals)

    /// The version of each key that was asked for last.
    private var lastVersions = [UInt64](repeating: 0, count: Register.keys)
    private var commands: UInt64 = 0

    init(random: SimulatedRandom) {
        self.random = random
    }

    /// A new proposal's number; its id is made of it.
    mutating func nextNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    mutating func nextCommand() -> PoolCommand {
        commands += 1
        // Without a security domain there are no keys.
        if commands == 1 { return .securityDomainPrepared(Self.securityDomain) }
        if commands == 2 || random.chance(20_000) { return .securityDomainActivated(generation: 0) }
        if random.chance(300_000) { return nextKeyCommand() }
        let principal = random.below(Register.principals)
        let id = Register.principalID(principal)
        let assignment = random.below(Register.assignments)
        switch random.below(100) {
        case ..<30:
            guesses[principal] += 1
            return .setPrincipalSecret(
                objectID: id, hash: random.bytes(32), generation: guesses[principal])
        case ..<45: return .setPrincipalEnabled(objectID: id, enabled: random.chance(500_000))
        case ..<50:
            guesses[principal] = 0
            return .deletePrincipal(objectID: id)
        case ..<60: return .createPrincipal(Self.principal(principal))
        case ..<85: return .putRoleAssignment(Register.assignment(assignment))
        default:
            return .deleteRoleAssignment(name: Register.assignmentName(assignment), scope: .keys)
        }
    }

    private mutating func nextKeyCommand() -> PoolCommand {
        let key = random.below(Register.keys)
        let name = Register.keyName(key)
        switch random.below(100) {
        case ..<35:
            lastVersions[key] = commands
            return .createKeyVersion(Register.newVersion(of: key, serial: commands))
        case ..<65:
            return .setKeyAttributes(
                KeyAttributeChange(
                    name: name, version: Register.keyVersion(lastVersions[key]), enabled: random.chance(500_000)))
        case ..<80: return .deleteKey(name: name)
        case ..<92: return .recoverKey(name: name)
        default: return .purgeKey(name: name, onlyIfDue: false)
        }
    }

    static let securityDomain = PreparedSecurityDomain(
        generation: 0, keyring: nil, required: 2, officers: [[1], [2], [3]],
        commitments: (1...3).map { [UInt8](repeating: $0, count: 32) }, encryptedData: Array("{}".utf8),
        capabilityDigest: [UInt8](repeating: 9, count: 32))

    static func id(of number: UInt64) -> [UInt8] {
        [UInt8](repeating: 0xA5, count: 8)
            + stride(from: UInt64(56), through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    static func number(of id: [UInt8]) -> UInt64 {
        id.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Entry 1 of every simulated pool.
    static func genesis(nodes: [NodeID], settings: PoolSettings = PoolSettings()) -> ProposalEnvelope {
        // The pool's administrator stays as it is: the clients' principals come and go.
        let administrator = NewPrincipal(
            objectID: Register.administrator, clientID: Register.administrator, kind: .servicePrincipal,
            displayName: "administrator", secretHash: [UInt8](repeating: 1, count: 32))
        let principals = [administrator] + (0..<Register.principals).map(principal)
        let command = PoolCommand.initializePool(
            Genesis(
                poolID: Register.pool, name: "simulated", tenantID: Register.tenant,
                audiences: ["https://simulated.example"],
                members: nodes.map { node in
                    MemberRecord(
                        node: node.rawValue, name: "node\(node)",
                        identityDigest: [UInt8](repeating: UInt8(truncatingIfNeeded: node.rawValue), count: 32),
                        apiURL: "https://node\(node).example", peerAddress: "node\(node).example:7000")
                },
                keyring: [1], settings: settings, principals: principals,
                roleAssignments: [
                    RoleAssignment(
                        name: Register.administrator, scope: .root, principal: Register.administrator,
                        roleDefinition: BuiltInRole.administrator.id)
                ]))
        return ProposalEnvelope(
            proposalID: id(of: 0), proposer: 1, principal: nil, authentication: .localOperator,
            stampedAt: 1_700_000_000_000, command: command)
    }

    private static func principal(_ number: Int) -> NewPrincipal {
        NewPrincipal(
            objectID: Register.principalID(number), kind: .user, displayName: "principal \(number)")
    }
}
