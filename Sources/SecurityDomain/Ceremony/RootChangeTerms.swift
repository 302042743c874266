public import CryptographicModule

/// What officers decide on when the pool's root is changed: which pool and root, and who shall hold the next one. What
/// an officer signs is bound to all of it, so that it counts for this change and for nothing else.
public struct RootChangeTerms: Hashable, Sendable {
    /// 16 bytes.
    public let poolID: [UInt8]
    /// 16 bytes.
    public let securityDomainID: [UInt8]
    /// Of the root in force.
    public let generation: UInt32
    /// Of the pool.
    public let epoch: UInt64
    /// 16 random bytes.
    public let changeID: [UInt8]
    /// Seconds since 1970, until which approvals are taken.
    public let expiresAt: Int64
    /// How many of the next officers will be a quorum.
    public let required: Int
    /// The next officers' certificates, DER, in the order of their shares.
    public let officers: [[UInt8]]
    /// All keys that open the next root beside them.
    public let unsealKeys: [AutoUnsealKey]

    public init(
        poolID: [UInt8], securityDomainID: [UInt8], generation: UInt32, epoch: UInt64, changeID: [UInt8],
        expiresAt: Int64, required: Int, officers: [[UInt8]], unsealKeys: [AutoUnsealKey] = []
    ) {
        self.unsealKeys = unsealKeys
        self.poolID = poolID
        self.securityDomainID = securityDomainID
        self.generation = generation
        self.epoch = epoch
        self.changeID = changeID
        self.expiresAt = expiresAt
        self.required = required
        self.officers = officers
    }

    /// SHA-256 of who shall hold the next root.
    private var payloadDigest: [UInt8] {
        var writer = FieldWriter(label: "quorate/1/root-officers", reserving: 16 << 10)
        writer.field(UInt32(required))
        writer.field(UInt32(officers.count))
        for certificate in officers { writer.field(certificate) }
        for key in unsealKeys { key.write(to: &writer) }
        return Digest.sha256(writer.bytes)
    }

    private func message(_ purpose: String, officer: Int) -> FieldWriter {
        var writer = FieldWriter(label: "quorate/1/\(purpose)", reserving: 512)
        writer.field(poolID)
        writer.field(securityDomainID)
        writer.field(generation)
        writer.field(epoch)
        writer.field(changeID)
        writer.field(expiresAt)
        writer.field(payloadDigest)
        writer.field(UInt32(officer))
        return writer
    }

    /// What an officer in office signs to approve.
    ///
    /// - Parameter officer: the place among the officers in office, from 1.
    func approval(officer: Int) -> [UInt8] { message("root-approval", officer: officer).bytes }

    /// What one of the next officers signs when his share has opened.
    ///
    /// - Parameter officer: the place among the next officers, from 1.
    func confirmation(officer: Int, commitment: ShareCommitment) -> [UInt8] {
        var writer = message("root-confirmation", officer: officer)
        writer.field(commitment.digest)
        return writer.bytes
    }

    // MARK: On the node

    /// Whether an officer in office has approved this.
    ///
    /// - Parameter publicKey: SubjectPublicKeyInfo of the officer's certificate, DER.
    public func isApproved(by officer: Int, publicKey: [UInt8], signature: [UInt8]) -> Bool {
        RSAEnvelope.verifyPSS(publicKey: publicKey, message: approval(officer: officer), signature: signature)
    }

    /// Whether one of the next officers says that he has opened the share with this commitment.
    public func isConfirmed(
        by officer: Int, publicKey: [UInt8], commitment: ShareCommitment, signature: [UInt8]
    ) -> Bool {
        RSAEnvelope.verifyPSS(
            publicKey: publicKey, message: confirmation(officer: officer, commitment: commitment), signature: signature)
    }
}

extension OfficerTool {
    /// What an officer in office gives for a change of the root.
    public static func approve(
        _ terms: RootChangeTerms, as officer: Int, privateKey: RSAPrivateKey
    ) throws -> [UInt8] {
        try privateKey.signPSS(terms.approval(officer: officer))
    }

    /// Opens the share of one of the next officers, and says so.
    ///
    /// - Parameters:
    ///   - file: the next officers' file.
    ///   - certificate: the officer's, DER or PEM.
    ///   - commitments: of the prepared root, as the pool has them, in order of x.
    /// - Throws: `SecurityDomainError.notAnOfficer`, `.authenticationFailed`; `.commitmentMismatch` where the file is
    ///   not the one that was prepared last.
    public static func confirm(
        _ terms: RootChangeTerms, file: [UInt8], certificate: [UInt8], privateKey: RSAPrivateKey,
        commitments: [[UInt8]]
    ) throws -> (officer: Int, signature: [UInt8]) {
        let officer = try OfficerCertificate(der: try derBytes(certificate))
        let share = try SecurityDomainFile(parsing: file).openShare(of: officer) { try privateKey.decrypt($0) }
        let commitment = try ShareCommitment(
            to: share, poolID: terms.poolID, securityDomainID: terms.securityDomainID,
            generation: terms.generation + 1)
        let place = Int(share.x)
        guard commitments.indices.contains(place - 1),
            commitment.matches(try ShareCommitment(digest: commitments[place - 1]))
        else { throw SecurityDomainError.commitmentMismatch(officer: place) }
        return (place, try privateKey.signPSS(terms.confirmation(officer: place, commitment: commitment)))
    }
}
