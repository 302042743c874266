import CryptographicModule

/// What a middle key is for. One key, one purpose.
public enum MiddleKeyRole: UInt8, CaseIterable, Sendable {
    /// KEK: seals the records of stored keys and of the system's private keys.
    case keyEncryption = 1
    /// STK: tags log entries, state and snapshots.
    case stateTag = 2
    /// BKP: derives the keys of full backups.
    case backup = 3
    /// SKB: seals single-key backups.
    case singleKeyBackup = 4
    /// PEP: pepper of password hashes.
    case passwordPepper = 5
    /// ABK: blinds low-entropy values in the audit log.
    case auditBlinding = 6

    /// The name used in the key hierarchy and in errors.
    public var name: String {
        switch self {
        case .keyEncryption: "KEK"
        case .stateTag: "STK"
        case .backup: "BKP"
        case .singleKeyBackup: "SKB"
        case .passwordPepper: "PEP"
        case .auditBlinding: "ABK"
        }
    }
}

/// What an asymmetric key of the pool itself is for.
public enum SystemKeyRole: UInt8, CaseIterable, Sendable {
    /// PIK, EC P-384: the pool's identity; certifies its other keys and signs receipts.
    case poolIdentity = 1
    /// NCA, EC P-384: issues the nodes' certificates.
    case nodeAuthority = 2
    /// TOK, RSA 2048: signs access tokens.
    case tokenSigning = 3
    /// ATT, EC P-256: signs attestations.
    case attestation = 4
    /// RLS, RSA 2048: signs what goes out with a released key, whose form demands RSA.
    case keyRelease = 5

    /// The name used in the key hierarchy, in headers and in errors.
    public var name: String {
        switch self {
        case .poolIdentity: "PIK"
        case .nodeAuthority: "NCA"
        case .tokenSigning: "TOK"
        case .attestation: "ATT"
        case .keyRelease: "RLS"
        }
    }
}

extension SystemKeyRole {
    /// The kind of key that serves this role.
    var specification: SystemKeySpecification {
        switch self {
        case .poolIdentity, .nodeAuthority: .ec(.p384)
        case .attestation: .ec(.p256)
        case .tokenSigning, .keyRelease: .rsa(bits: 2048)
        }
    }

    var keyType: KeyType {
        switch specification {
        case .ec: .ecHSM
        case .rsa: .rsaHSM
        }
    }

    var curve: EllipticCurve? {
        switch specification {
        case .ec(let curve): curve
        case .rsa: nil
        }
    }

    var bits: Int {
        switch specification {
        case .ec(let curve): curve.bits
        case .rsa(let bits): bits
        }
    }
}
