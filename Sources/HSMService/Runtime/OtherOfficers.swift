import CryptographicModule
import PoolState
import SecurityDomain

/// While the root is being changed, officers of two generations open the pool: those in office, and these: the next
/// ones before the change is committed, the former ones after.
struct OtherOfficers: Sendable {
    let domain: SecurityDomain.SecurityDomainRecord
    /// The keyring under their root.
    let material: SealedKeyring
    /// Where it leads from their root to the one in force.
    private let way: Way

    private enum Way {
        case back(SealedRecord)
        case on(SealedRecord)
    }

    init(domain: SecurityDomain.SecurityDomainRecord, material: SealedKeyring, back record: SealedRecord) {
        (self.domain, self.material, way) = (domain, material, .back(record))
    }

    init(domain: SecurityDomain.SecurityDomainRecord, material: SealedKeyring, on record: SealedRecord) {
        (self.domain, self.material, way) = (domain, material, .on(record))
    }

    /// The keyring that is in force, by a root that officers have brought.
    static func keyring(by root: RootKey, ruling: SealedKeyring, other: OtherOfficers?) throws -> Keyring {
        guard let other, root.generation == other.material.identity.generation else {
            return try Keyring.unseal(root: root, material: ruling)
        }
        let own = try Keyring.unseal(root: root, material: other.material)
        return switch other.way {
        case .back(let record): try own.returning(to: ruling, by: record)
        case .on(let record): try own.following(ruling, bridge: record)
        }
    }
}

extension PoolState {
    /// nil where no change of the root is prepared.
    func otherOfficers() throws -> OtherOfficers? {
        guard let change = rootChange, let prepared = change.prepared else { return nil }
        if let former = change.former {
            let material = try SealedKeyring.decode(change.formerKeyring)
            let domain = try SecurityDomain.SecurityDomainRecord(
                stored: material.identity, officers: former.officers, required: former.required,
                commitments: former.commitments, encryptedData: former.encryptedData)
            return OtherOfficers(
                domain: domain, material: material, on: try SealedRecord(parsing: prepared.bridge))
        }
        let material = try SealedKeyring.decode(prepared.keyring)
        let domain = try SecurityDomain.SecurityDomainRecord(
            stored: material.identity, officers: change.order.officers, required: change.order.required,
            commitments: prepared.commitments, encryptedData: prepared.encryptedData)
        return OtherOfficers(
            domain: domain, material: material, back: try SealedRecord(parsing: prepared.wayBack))
    }
}

extension SecurityDomain.SecurityDomainRecord {
    /// From what the pool's state stores.
    init(
        stored identity: PoolIdentity, officers: [[UInt8]], required: Int, commitments: [[UInt8]],
        encryptedData: [UInt8]
    ) throws {
        let certificates = try officers.enumerated().map { try OfficerCertificate(der: $1, position: $0) }
        try self.init(
            identity: identity, officers: try Officers(certificates: certificates, required: required),
            commitments: try commitments.map { try ShareCommitment(digest: $0) },
            encryptedItems: try EncryptedItems(parsing: encryptedData))
    }
}
