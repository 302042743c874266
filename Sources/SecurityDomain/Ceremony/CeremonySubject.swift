import CryptographicModule

/// What officers come together to open, and what is known of them beforehand.
enum CeremonySubject: Sendable {
    /// The security domain in the pool's state.
    case record(SecurityDomainRecord)
    /// What somebody brought of the officers' file, into a pool that knows nothing of it.
    case outline(DomainOutline, poolID: [UInt8])

    /// The pool that the shares are for.
    var poolID: [UInt8] {
        switch self {
        case .record(let record): record.identity.poolID
        case .outline(_, let poolID): poolID
        }
    }

    /// The pool that the shares were made for; with an outline this isn't known before they are combined.
    var domainPoolID: [UInt8] {
        switch self {
        case .record(let record): record.identity.domainPoolID
        case .outline(_, let poolID): poolID
        }
    }

    var securityDomainID: [UInt8] {
        switch self {
        case .record(let record): record.identity.securityDomainID
        case .outline(let outline, _): outline.ceremonyName
        }
    }

    var generation: UInt32 {
        switch self {
        case .record(let record): record.identity.generation
        case .outline: 0
        }
    }

    var required: Int {
        switch self {
        case .record(let record): record.officers.required
        case .outline(let outline, _): outline.required
        }
    }

    var officerCount: Int {
        switch self {
        case .record(let record): record.officers.certificates.count
        case .outline(let outline, _): outline.certificateNames.count
        }
    }

    /// In order of x; none where they are in what the shares open.
    var commitments: [ShareCommitment] {
        switch self {
        case .record(let record): record.commitments
        case .outline: []
        }
    }

    /// The key by which the officer's signatures are known.
    ///
    /// - Parameter certificate: what came with the share, DER; counts only where the certificates aren't known.
    func publicKey(of officer: UInt8, certificate: [UInt8]?) throws(CeremonyRefusal) -> [UInt8] {
        guard (1...officerCount).contains(Int(officer)) else { throw .unknownOfficer(officer) }
        let position = Int(officer) - 1
        switch self {
        case .record(let record): return record.officers.certificates[position].publicKey
        case .outline(let outline, _):
            guard let certificate, let parsed = try? OfficerCertificate(der: certificate, position: position),
                parsed.fileName == outline.certificateNames[position]
            else { throw .wrongCertificate(officer: officer) }
            return parsed.publicKey
        }
    }

    /// What the quorum's shares open.
    func open(_ shares: [Share]) throws -> OpenedDomain {
        switch self {
        case .record(let record):
            let items = try record.encryptedItems.open(master: try ShamirSharing.combine(shares))
            return OpenedDomain(
                root: try DomainContents.root(from: items, matching: record.identity), identity: record.identity)
        case .outline(let outline, _): return try outline.open(shares).domain
        }
    }
}
