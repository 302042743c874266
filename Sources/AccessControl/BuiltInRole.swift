/// The roles that every pool has and nobody can change.
///
/// Their data actions are what the original service returns on the wire, which differs in places from its published
/// table: the auditor reads deleted keys and never purges them, the officer may export. For the restore role no wire
/// list is known; it has what the published table gives it. Reading and writing settings and the schedule of backups,
/// for which no data actions are published, belong to the administrator.
public enum BuiltInRole: CaseIterable, Hashable, Sendable {
    case administrator, cryptoOfficer, cryptoUser, policyAdministrator, cryptoAuditor
    case cryptoServiceEncryptionUser, cryptoServiceReleaseUser, backup, restore

    /// That of the same role in the original service: clients name roles by it.
    public var id: GUID {
        switch self {
        case .administrator: GUID(high: 0xa290_e904_7015_4bba, low: 0x90c8_6054_3313_cdb4)
        case .cryptoOfficer: GUID(high: 0x515e_b02d_2335_4d2d, low: 0x92f2_b1cb_df9c_3778)
        case .cryptoUser: GUID(high: 0x21db_d100_6940_42c2, low: 0x9190_5d6c_b909_625b)
        case .policyAdministrator: GUID(high: 0x4bd2_3610_cdcf_4971, low: 0xbdee_bdc5_62cc_28e4)
        case .cryptoAuditor: GUID(high: 0x2c18_b078_7c48_4d3a, low: 0xaf88_5a3a_1b3f_82b3)
        case .cryptoServiceEncryptionUser: GUID(high: 0x3341_3926_3206_4cdd, low: 0xb39a_8357_4fe3_7a17)
        case .cryptoServiceReleaseUser: GUID(high: 0x21db_d100_6940_42c2, low: 0x9190_5d6c_b909_625c)
        case .backup: GUID(high: 0x7b12_7d3c_77bd_4e3e, low: 0xbbe0_dbb8_971f_a7f8)
        case .restore: GUID(high: 0x6efe_6056_5259_49d2, low: 0x8b3d_d3d7_3544_b20b)
        }
    }

    /// The display name, which clients compare exactly.
    public var name: String {
        switch self {
        case .administrator: "Managed HSM Administrator"
        case .cryptoOfficer: "Managed HSM Crypto Officer"
        case .cryptoUser: "Managed HSM Crypto User"
        case .policyAdministrator: "Managed HSM Policy Administrator"
        case .cryptoAuditor: "Managed HSM Crypto Auditor"
        case .cryptoServiceEncryptionUser: "Managed HSM Crypto Service Encryption User"
        case .cryptoServiceReleaseUser: "Managed HSM Crypto Service Release User"
        case .backup: "Managed HSM Backup"
        case .restore: "Managed HSM Restore"
        }
    }

    /// What the role grants at the scope of its assignment, in the order in which listings show it.
    public var dataActions: [DataAction] {
        switch self {
        case .administrator:
            BuiltInRole.rolesReadWrite + [
                .securityDomainDownload, .securityDomainDownloadRead, .securityDomainUpload,
                .securityDomainUploadRead, .securityDomainTransferKeyRead, .backupStart, .backupStatus,
                .restoreStart, .restoreStatus, .settingsRead, .settingsWrite, .backupScheduleRead, .backupScheduleWrite,
            ]
        case .cryptoOfficer:
            BuiltInRole.rolesReadWrite + [.deletedKeysRead, .deletedKeysRecover, .deletedKeysDelete, .keysExport]
        case .cryptoUser:
            BuiltInRole.rolesRead + [
                .keysRead, .keysWrite, .keysRotate, .keysCreate, .keysDelete, .keysImport, .keysRelease,
                .keysBackup, .keysRestore, .keysEncrypt, .keysDecrypt, .keysSign, .keysVerify, .keysWrap,
                .keysUnwrap, .keysDerive, .rng,
            ]
        case .policyAdministrator:
            BuiltInRole.rolesReadWrite
        case .cryptoAuditor:
            BuiltInRole.rolesRead + [.keysRead, .deletedKeysRead]
        case .cryptoServiceEncryptionUser:
            [.keysRead, .keysWrap, .keysUnwrap]
        case .cryptoServiceReleaseUser:
            [.keysRelease]
        case .backup:
            [.keysBackup, .backupStart, .backupStatus]
        case .restore:
            [.keysRestore, .restoreStart, .restoreStatus]
        }
    }

    /// The role as listings show it.
    public var definition: RoleDefinition {
        RoleDefinition(
            id: id, name: name, kind: .builtIn, dataActions: dataActions.map(\.name), assignableScopes: [.root])
    }

    private static let rolesRead: [DataAction] = [.roleAssignmentsRead, .roleDefinitionsRead]

    private static let rolesReadWrite: [DataAction] =
        rolesRead + [
            .roleAssignmentsWrite, .roleAssignmentsDelete, .roleDefinitionsWrite, .roleDefinitionsDelete,
        ]
}
