import AccessControl
import CryptographicModule
import PoolState

/// The few things of the pool that a run's clients write and read, each with a number that says all about it.
///
/// Every write either changes one of them in a way that depends on its value before, or is refused for a reason that
/// does: a lost, repeated or reordered write shows.
enum Register {
    static let principals = 3
    static let assignments = 3
    static let keys = 2
    static let count = principals + assignments + keys

    static func principalID(_ number: Int) -> GUID { identifier(0x10, number) }
    static func assignmentName(_ number: Int) -> GUID { identifier(0x20, number) }
    static func assignee(_ number: Int) -> GUID { identifier(0x30, number) }
    static func keyName(_ number: Int) -> String { "key-\(number)" }
    static func keyVersion(_ serial: UInt64) -> [UInt8] { identifier(0x60, Int(serial)).bytes }
    static let pool = [UInt8](repeating: 7, count: 16)
    static let administrator = identifier(0x40, 0)
    static let tenant = identifier(0x50, 0)

    static func assignment(_ number: Int) -> RoleAssignment {
        RoleAssignment(
            name: assignmentName(number), scope: .keys, principal: assignee(number),
            roleDefinition: BuiltInRole.cryptoUser.id)
    }

    /// What a principal's number says: 0 if there is none, else its credential's generation and whether it is enabled.
    static func value(generation: UInt32, enabled: Bool) -> UInt64 { 4 + UInt64(generation) * 2 + (enabled ? 1 : 0) }

    /// A symmetric key's further version, like no other.
    static func newVersion(of key: Int, serial: UInt64) -> NewKeyVersion {
        NewKeyVersion(
            header: KeyHeader(
                poolID: pool, kind: KeyHeader.customerKind, name: keyName(key), version: keyVersion(serial),
                keyType: .octHSM, curve: nil, bits: 256, operations: [.encrypt, .decrypt], exportable: false,
                releasePolicyDigest: [], releasePolicyImmutable: false, createdAt: 1_700_000_000, revision: 0,
                publicDigest: [1]),
            publicKey: nil, record: Array("record \(serial)".utf8), origin: .generated)
    }

    /// What a key's number says: 0 if there is none, else how many versions it has, whether the newest is enabled, and
    /// whether the key is deleted and can be recovered.
    static func value(versions: Int, enabled: Bool, deleted: Bool) -> UInt64 {
        8 + UInt64(versions) * 4 + (deleted ? 2 : 0) + (enabled ? 1 : 0)
    }

    /// The number of a register as a view shows it.
    static func value(of register: Int, in state: PoolState) -> UInt64 {
        if register < principals {
            guard let principal = state.principal(principalID(register)) else { return 0 }
            return value(generation: principal.credentialGeneration, enabled: principal.enabled)
        }
        if register >= principals + assignments { return value(ofKey: register - principals - assignments, in: state) }
        let name = assignmentName(register - principals)
        return state.permissions.assignment(named: name) == nil ? 0 : 1
    }

    private static func value(ofKey number: Int, in state: PoolState) -> UInt64 {
        let live = state.key(keyName(number))
        guard let key = live ?? state.deletedKey(keyName(number)) else { return 0 }
        return value(versions: key.versions.count, enabled: key.latest.content.enabled, deleted: live == nil)
    }

    private static func identifier(_ kind: UInt64, _ number: Int) -> GUID {
        GUID(high: kind << 56, low: UInt64(number))
    }
}
