/// What the pool's state knows of its security domain once the officers have it: who they are, what their shares commit
/// to, and the encrypted items. Never the shares.
public struct SecurityDomainRecord: Hashable, Sendable {
    /// Of the pool whose state this is, with the root generation that the items hold.
    public let identity: PoolIdentity
    public let officers: Officers
    /// In order of x.
    public let commitments: [ShareCommitment]
    /// They open with the master key that a quorum's shares restore.
    public let encryptedItems: EncryptedItems

    /// - Throws: `SecurityDomainError.malformed` unless there is one commitment for each officer.
    public init(
        identity: PoolIdentity, officers: Officers, commitments: [ShareCommitment], encryptedItems: EncryptedItems
    ) throws {
        guard commitments.count == officers.certificates.count else {
            throw SecurityDomainError.malformed(
                document: "security domain record",
                reason: "\(commitments.count) commitments for \(officers.certificates.count) officers")
        }
        self.identity = identity
        self.officers = officers
        self.commitments = commitments
        self.encryptedItems = encryptedItems
    }
}
