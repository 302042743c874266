import AccessControl
import CryptographicModule
import PoolState
import Raft

/// What the log comes to, told by other code than the pool's own: the registers after each index, and the outcome of
/// each proposal, which is that of its first entry.
struct ReferenceModel {
    /// What became of a proposal.
    struct Fate {
        let firstIndex: LogIndex
        let outcome: CommandOutcome
    }

    private(set) var index: LogIndex = 0
    private(set) var fates: [UInt64: Fate] = [:]
    /// How many entries repeated an earlier proposal.
    private(set) var repetitions = 0
    /// The proposal in the last entry; nil if there is none in it.
    private(set) var lastProposal: UInt64?
    private var current = [UInt64](repeating: 0, count: Register.count)
    private var changes = [[(index: LogIndex, value: UInt64)]](repeating: [], count: Register.count)

    private var keys = [ModelKey](repeating: ModelKey(), count: Register.keys)
    private var isPrepared = false
    private var isActivated = false

    private struct ModelKey {
        var versions: [(id: [UInt8], enabled: Bool)] = []
        var isDeleted = false

        var value: UInt64 {
            guard let latest = versions.last else { return 0 }
            return Register.value(versions: versions.count, enabled: latest.enabled, deleted: isDeleted)
        }
    }

    /// The number of a register after the log through `index`.
    func value(of register: Int, at index: LogIndex) -> UInt64 {
        changes[register].last { $0.index <= index }?.value ?? 0
    }

    /// The last entry through `index` that changed a register; 0 if none did.
    func lastChange(through index: LogIndex) -> LogIndex {
        changes.reduce(0) { max($0, $1.last { $0.index <= index }?.index ?? 0) }
    }

    /// Takes the next entry in; `proposal` is nil if it holds none.
    mutating func apply(_ proposal: ProposalEnvelope?, at index: LogIndex) {
        self.index = index
        lastProposal = nil
        // What a leader proposes by itself changes no register.
        guard let proposal, !proposal.command.isOfTheNodes else { return }
        let number = Workload.number(of: proposal.proposalID)
        lastProposal = number
        guard fates[number] == nil else {
            repetitions += 1
            return
        }
        fates[number] = Fate(firstIndex: index, outcome: carryOut(proposal.command))
    }

    private mutating func carryOut(_ command: PoolCommand) -> CommandOutcome {
        switch command {
        case .initializePool:
            for number in 0..<Register.principals { set(number, to: Register.value(generation: 0, enabled: true)) }
        case .createPrincipal(let principal):
            guard let number = self.principal(principal.objectID) else { break }
            guard current[number] == 0 else { return .refused(.principalExists) }
            set(number, to: Register.value(generation: 0, enabled: true))
        case .deletePrincipal(let objectID):
            guard let number = principal(objectID) else { break }
            guard current[number] != 0 else { return .refused(.principalNotFound) }
            set(number, to: 0)
        case .setPrincipalEnabled(let objectID, let enabled):
            guard let number = principal(objectID) else { break }
            guard current[number] != 0 else { return .refused(.principalNotFound) }
            set(number, to: Register.value(generation: generation(number), enabled: enabled))
        case .setPrincipalSecret(let objectID, _, let generation):
            guard let number = principal(objectID) else { break }
            guard current[number] != 0 else { return .refused(.principalNotFound) }
            guard generation == self.generation(number) + 1 else { return .refused(.credentialGenerationMismatch) }
            set(number, to: Register.value(generation: generation, enabled: current[number] & 1 == 1))
        case .putRoleAssignment(let assignment):
            guard let number = self.assignment(assignment.name) else { break }
            guard current[number] == 0 else { return .refused(.roleAssignmentExists) }
            set(number, to: 1)
        case .deleteRoleAssignment(let name, _):
            guard let number = self.assignment(name) else { break }
            guard current[number] == 1 else { return .refused(.roleAssignmentNotFound) }
            set(number, to: 0)
        case .securityDomainPrepared:
            guard !isActivated else { return .refused(.securityDomainAlreadyActivated) }
            isPrepared = true
        case .securityDomainActivated:
            guard isPrepared else { return .refused(.securityDomainNotPrepared) }
            isActivated = true
        case .createKeyVersion, .setKeyAttributes, .deleteKey, .recoverKey, .purgeKey: return carryOutOnKey(command)
        default:
            break
        }
        return .applied
    }

    private mutating func carryOutOnKey(_ command: PoolCommand) -> CommandOutcome {
        guard isActivated else { return .refused(.notActivated) }
        switch command {
        case .createKeyVersion(let new):
            return change(new.header.name) { key in
                guard !key.isDeleted else { return .refused(.keyIsDeleted) }
                key.versions.append((new.header.version, new.enabled))
                return .key(name: new.header.name, version: new.header.version)
            }
        case .setKeyAttributes(let wish):
            return change(wish.name) { key in
                guard !key.versions.isEmpty, !key.isDeleted else { return .refused(.keyNotFound) }
                guard let version = key.versions.firstIndex(where: { $0.id == wish.version }) else {
                    return .refused(.keyVersionNotFound)
                }
                key.versions[version].enabled = wish.enabled ?? key.versions[version].enabled
                return .applied
            }
        case .deleteKey(let name):
            return change(name) { key in
                guard !key.versions.isEmpty, !key.isDeleted else { return .refused(.keyNotFound) }
                key.isDeleted = true
                return .applied
            }
        case .recoverKey(let name):
            return change(name) { key in
                guard key.versions.isEmpty || key.isDeleted else { return .refused(.keyIsNotDeleted) }
                guard key.isDeleted else { return .refused(.deletedKeyNotFound) }
                key.isDeleted = false
                return .applied
            }
        case .purgeKey(let name, _):
            return change(name) { key in
                guard key.isDeleted else { return .refused(.deletedKeyNotFound) }
                key = ModelKey()
                return .applied
            }
        default: return .applied
        }
    }

    private mutating func change(_ name: String, _ change: (inout ModelKey) -> CommandOutcome) -> CommandOutcome {
        guard let number = (0..<Register.keys).first(where: { Register.keyName($0) == name }) else { return .applied }
        let outcome = change(&keys[number])
        let register = Register.principals + Register.assignments + number
        if keys[number].value != current[register] { set(register, to: keys[number].value) }
        return outcome
    }

    private mutating func set(_ register: Int, to value: UInt64) {
        current[register] = value
        changes[register].append((index: index, value: value))
    }

    private func generation(_ register: Int) -> UInt32 { UInt32(truncatingIfNeeded: (current[register] - 4) / 2) }

    private func principal(_ id: GUID) -> Int? {
        (0..<Register.principals).first { Register.principalID($0) == id }
    }

    private func assignment(_ name: GUID) -> Int? {
        (0..<Register.assignments).first { Register.assignmentName($0) == name }.map { $0 + Register.principals }
    }
}

extension PoolCommand {
    /// Whether it comes from a node itself and not from a client.
    fileprivate var isOfTheNodes: Bool {
        if case .raisePoolVersion = self { true } else { false }
    }
}
