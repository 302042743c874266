import AccessControl
import HSMNode
@testable import PoolSimulator
import PoolState
import Raft

/// What the tests write, and how they see it.
enum Write {
    /// Refused if it is there already.
    static func assign(_ number: Int) -> PoolCommand { .putRoleAssignment(Register.assignment(number)) }

    /// Changes nothing but the key, whose rows no sealed node needs.
    static func enable(_ isEnabled: Bool) -> PoolCommand {
        .setKeyAttributes(
            KeyAttributeChange(name: Register.keyName(0), version: Register.keyVersion(1), enabled: isEnabled))
    }

    /// Key material comes with it.
    static let createKey = PoolCommand.createKeyVersion(Register.newVersion(of: 0, serial: 1))

    /// Refused unless the credential is one generation behind: applied twice, it shows.
    static func rotate(to generation: UInt32) -> PoolCommand {
        .setPrincipalSecret(
            objectID: Register.principalID(0), hash: [UInt8](repeating: 5, count: 32), generation: generation)
    }
}

extension PoolView {
    func isAssigned(_ number: Int) -> Bool {
        state.permissions.assignment(named: Register.assignmentName(number)) != nil
    }

    var hasKey: Bool { state.key(Register.keyName(0)) != nil }
    var isKeyEnabled: Bool? { state.key(Register.keyName(0))?.latest.content.enabled }

    var generation: UInt32? { state.principal(Register.principalID(0))?.credentialGeneration }
}

extension Answers where Value == Result<Committed, PoolUnavailable> {
    /// The one outcome that was told; nil if it was another thing, or more than one.
    var outcome: CommandOutcome? { list.count == 1 ? try? list[0].get().outcome : nil }
    var refusal: PoolUnavailable? { list.count == 1 ? Self.reason(list[0]) : nil }

    private static func reason(_ result: Value) -> PoolUnavailable? {
        if case .failure(let reason) = result { return reason }
        return nil
    }
}

extension Answers where Value == Result<PoolView, PoolUnavailable> {
    var view: PoolView? { list.count == 1 ? try? list[0].get() : nil }
    var refusal: PoolUnavailable? {
        guard list.count == 1, case .failure(let reason) = list[0] else { return nil }
        return reason
    }
}

extension Answers where Value == Result<LogIndex, UnsealRefusal> {
    var index: LogIndex? { list.count == 1 ? try? list[0].get() : nil }
    var refusal: UnsealRefusal? {
        guard list.count == 1, case .failure(let reason) = list[0] else { return nil }
        return reason
    }
}
