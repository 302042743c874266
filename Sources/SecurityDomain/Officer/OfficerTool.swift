public import CryptographicModule

/// What an officer's tool does on the officer's own machine: it takes his share out of the security domain file and
/// seals it to the exchange key of the node that invites. The share is in the clear only in this process, in secure
/// memory.
public enum OfficerTool {
    /// Makes the officer's envelope.
    ///
    /// - Parameters:
    ///   - file: text of the security domain file.
    ///   - certificate: the officer's certificate, DER or PEM.
    ///   - privateKey: the private key of that certificate.
    ///   - invitation: what the node handed out.
    ///   - nodeKeyDigest: SHA-256 of the identity key of the node that the officer means; nil only where he has
    ///     compared it himself.
    ///   - now: seconds since 1970.
    /// - Throws: `CeremonyRefusal.expired`; `SecurityDomainError.authenticationFailed` when the invitation or the file
    ///   is not genuine, `.notAnOfficer` when the file has no share for the certificate, `.commitmentMismatch` when the
    ///   file is of another generation or damaged.
    public static func seal(
        file: [UInt8], certificate: [UInt8], privateKey: RSAPrivateKey, invitation: UnsealInvitation,
        nodeKeyDigest: [UInt8]?, now: Int64
    ) throws -> ShareEnvelope {
        let exchangeKey = try invitation.verify(nodeKeyDigest: nodeKeyDigest)
        guard now < invitation.terms.expiresAt else { throw CeremonyRefusal.expired }
        let officer = try OfficerCertificate(der: try derBytes(certificate))
        let domain = try SecurityDomainFile(parsing: file)
        let share = try domain.openShare(of: officer) { try privateKey.decrypt($0) }
        let commitment = try ShareCommitment(
            to: share, poolID: invitation.domainPoolID, securityDomainID: invitation.securityDomainID,
            generation: invitation.terms.generation)
        if invitation.terms.purpose == .restore {
            guard domain.outline.ceremonyName == invitation.securityDomainID else {
                throw SecurityDomainError.wrongSecurityDomain
            }
        } else {
            guard invitation.commitments.indices.contains(Int(share.x) - 1),
                commitment.matches(invitation.commitments[Int(share.x) - 1])
            else { throw SecurityDomainError.commitmentMismatch(officer: Int(share.x)) }
        }
        return try ShareEnvelope.seal(share, commitment: commitment, terms: invitation.terms, exchangeKey: exchangeKey)
        {
            try privateKey.signPSS($0)
        }
    }

    /// Opens the whole security domain on this machine, for work without any node. Who does so holds the root.
    ///
    /// - Parameter officers: each one's certificate, DER or PEM, and its private key.
    /// - Throws: `SecurityDomainError.sharesRejected` for less than a quorum, or an officer twice; `.notAnOfficer`;
    ///   `.authenticationFailed`, `.commitmentMismatch`, `.malformed` where the file isn't whole.
    public static func open(
        file: [UInt8], officers: [(certificate: [UInt8], privateKey: RSAPrivateKey)]
    ) throws -> OfficersDomain {
        let domain = try SecurityDomainFile(parsing: file)
        var shares: [Share] = []
        for officer in officers {
            let certificate = try OfficerCertificate(der: try derBytes(officer.certificate))
            let share = try domain.openShare(of: certificate) { try officer.privateKey.decrypt($0) }
            guard !shares.contains(where: { $0.x == share.x }) else {
                throw SecurityDomainError.sharesRejected("officer \(share.x) is named twice")
            }
            shares.append(share)
        }
        guard shares.count >= domain.required else {
            throw SecurityDomainError.sharesRejected("\(domain.required) officers are needed, and \(shares.count) came")
        }
        return try domain.outline.open(Array(shares.prefix(domain.required)))
    }

    static func derBytes(_ certificate: [UInt8]) throws -> [UInt8] {
        certificate.starts(with: "-----BEGIN".utf8) ? try X509Certificate(pem: certificate).der : certificate
    }
}
