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

    private static func derBytes(_ certificate: [UInt8]) throws -> [UInt8] {
        certificate.starts(with: "-----BEGIN".utf8) ? try X509Certificate(pem: certificate).der : certificate
    }
}
