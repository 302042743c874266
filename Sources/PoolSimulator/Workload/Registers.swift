import AccessControl
import PoolState

/// The few things of the pool that a run's clients write and read, each with a number that says all about it.
///
/// Every write either changes one of them in a way that depends on its value before, or is refused for a reason that
/// does: a lost, repeated or reordered write shows.
enum Register {
    static let principals = 3
    static let assignments = 3
    static let count = principals + assignments

    static func principalID(_ number: Int) -> GUID { identifier(0x10, number) }
    static func assignmentName(_ number: Int) -> GUID { identifier(0x20, number) }
    static func assignee(_ number: Int) -> GUID { identifier(0x30, number) }
    static let administrator = identifier(0x40, 0)
    static let tenant = identifier(0x50, 0)

    static func assignment(_ number: Int) -> RoleAssignment {
        RoleAssignment(
            name: assignmentName(number), scope: .keys, principal: assignee(number),
            roleDefinition: BuiltInRole.cryptoUser.id)
    }

    /// What a principal's number says: 0 if there is none, else its credential's generation and whether it is enabled.
    static func value(generation: UInt32, enabled: Bool) -> UInt64 { 4 + UInt64(generation) * 2 + (enabled ? 1 : 0) }

    /// The number of a register as a view shows it.
    static func value(of register: Int, in state: PoolState) -> UInt64 {
        if register < principals {
            guard let principal = state.principal(principalID(register)) else { return 0 }
            return value(generation: principal.credentialGeneration, enabled: principal.enabled)
        }
        let name = assignmentName(register - principals)
        return state.permissions.assignment(named: name) == nil ? 0 : 1
    }

    private static func identifier(_ kind: UInt64, _ number: Int) -> GUID {
        GUID(high: kind << 56, low: UInt64(number))
    }
}
