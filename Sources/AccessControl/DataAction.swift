/// One permission of the data plane.
///
/// The raw value is the action's bit in a `DataActionSet`; it never leaves the process, so cases may be reordered.
/// `name` is the string of the wire protocol.
public enum DataAction: UInt8, CaseIterable, Hashable, Sendable {
    case keysRead, keysWrite, keysRotate, keysCreate, keysDelete, keysImport, keysRelease, keysExport
    case keysBackup, keysRestore
    case deletedKeysRead, deletedKeysRecover, deletedKeysDelete
    case keysEncrypt, keysDecrypt, keysSign, keysVerify, keysWrap, keysUnwrap, keysDerive
    case rng
    case roleAssignmentsRead, roleAssignmentsWrite, roleAssignmentsDelete
    case roleDefinitionsRead, roleDefinitionsWrite, roleDefinitionsDelete
    case securityDomainDownload, securityDomainDownloadRead
    case securityDomainUpload, securityDomainUploadRead, securityDomainTransferKeyRead
    case backupStart, backupStatus, restoreStart, restoreStatus
    case settingsRead, settingsWrite
    case backupScheduleRead, backupScheduleWrite

    /// What every data action's name begins with.
    public static let prefix = "Microsoft.KeyVault/managedHsm/"

    /// The full name on the wire, for example `Microsoft.KeyVault/managedHsm/keys/sign/action`.
    public var name: String { DataAction.prefix + suffix }

    /// The action with this name; letter case is ignored, as the protocol's permission strings are.
    public init?(name: String) {
        let matching = DataActionPattern(name)
        guard !matching.hasWildcard, let action = matching.actions.first else { return nil }
        self = action
    }
}

extension DataAction: CustomStringConvertible {
    public var description: String { name }
}

extension DataAction {
    var suffix: String {
        switch self {
        case .keysRead: "keys/read/action"
        case .keysWrite: "keys/write/action"
        case .keysRotate: "keys/rotate/action"
        case .keysCreate: "keys/create"
        case .keysDelete: "keys/delete"
        case .keysImport: "keys/import/action"
        case .keysRelease: "keys/release/action"
        case .keysExport: "keys/export/action"
        case .keysBackup: "keys/backup/action"
        case .keysRestore: "keys/restore/action"
        case .deletedKeysRead: "keys/deletedKeys/read/action"
        case .deletedKeysRecover: "keys/deletedKeys/recover/action"
        case .deletedKeysDelete: "keys/deletedKeys/delete"
        case .keysEncrypt: "keys/encrypt/action"
        case .keysDecrypt: "keys/decrypt/action"
        case .keysSign: "keys/sign/action"
        case .keysVerify: "keys/verify/action"
        case .keysWrap: "keys/wrap/action"
        case .keysUnwrap: "keys/unwrap/action"
        case .keysDerive: "keys/derive/action"
        case .rng: "rng/action"
        case .roleAssignmentsRead: "roleAssignments/read/action"
        case .roleAssignmentsWrite: "roleAssignments/write/action"
        case .roleAssignmentsDelete: "roleAssignments/delete/action"
        case .roleDefinitionsRead: "roleDefinitions/read/action"
        case .roleDefinitionsWrite: "roleDefinitions/write/action"
        case .roleDefinitionsDelete: "roleDefinitions/delete/action"
        case .securityDomainDownload: "securitydomain/download/action"
        case .securityDomainDownloadRead: "securitydomain/download/read"
        case .securityDomainUpload: "securitydomain/upload/action"
        case .securityDomainUploadRead: "securitydomain/upload/read"
        case .securityDomainTransferKeyRead: "securitydomain/transferkey/read"
        case .backupStart: "backup/start/action"
        case .backupStatus: "backup/status/action"
        case .restoreStart: "restore/start/action"
        case .restoreStatus: "restore/status/action"
        // The protocol publishes no names for these.
        case .settingsRead: "settings/read/action"
        case .settingsWrite: "settings/write/action"
        case .backupScheduleRead: "backup/schedule/read/action"
        case .backupScheduleWrite: "backup/schedule/write/action"
        }
    }
}

/// A set of data actions, one bit each.
public struct DataActionSet: Hashable, Sendable {
    var bits: UInt64

    public init() {
        bits = 0
    }

    public init(_ actions: some Sequence<DataAction>) {
        bits = actions.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
    }

    /// Every action there is.
    public static let all = DataActionSet(DataAction.allCases)

    public var isEmpty: Bool { bits == 0 }

    public func contains(_ action: DataAction) -> Bool {
        bits & 1 << UInt64(action.rawValue) != 0
    }

    public mutating func formUnion(_ other: DataActionSet) {
        bits |= other.bits
    }

    public mutating func subtract(_ other: DataActionSet) {
        bits &= ~other.bits
    }
}

extension DataActionSet: Sequence, ExpressibleByArrayLiteral {
    public init(arrayLiteral actions: DataAction...) {
        self.init(actions)
    }

    /// The members in the order of `DataAction.allCases`.
    public func makeIterator() -> IndexingIterator<[DataAction]> {
        DataAction.allCases.filter(contains).makeIterator()
    }

    /// The first member in the order of `DataAction.allCases`.
    public var first: DataAction? {
        isEmpty ? nil : DataAction(rawValue: UInt8(bits.trailingZeroBitCount))
    }
}
