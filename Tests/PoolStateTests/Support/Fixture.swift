import AccessControl
import CryptographicModule
import PoolState

/// Makes commands that apply, for tests to change.
enum Fixture {
    static let poolID = [UInt8](repeating: 0xa0, count: 16)
    static let administrator = GUID(high: 0xad, low: 1)
    static let start: Int64 = 1_700_000_000_000

    static func genesis(settings: PoolSettings = PoolSettings()) -> Genesis {
        Genesis(
            poolID: poolID, name: "pool-1", tenantID: GUID(high: 0x7e, low: 1),
            audiences: ["https://pool-1.example"], members: (1...3).map(member), keyring: [1, 2, 3],
            settings: settings,
            principals: [
                NewPrincipal(
                    objectID: administrator, clientID: GUID(high: 0xc1, low: 0xad), kind: .servicePrincipal,
                    displayName: "administrator", secretHash: [UInt8](repeating: 0xad, count: 32)),
                NewPrincipal(objectID: GUID(high: 0xad, low: 2), kind: .group, displayName: "group"),
            ],
            roleAssignments: [
                assignment(1, administrator, BuiltInRole.administrator, at: .root)
            ])
    }

    static func member(_ node: UInt64) -> MemberRecord {
        MemberRecord(
            node: node, name: "node-\(node)", identityDigest: [UInt8](repeating: UInt8(node), count: 32),
            apiURL: "https://node-\(node).example:8443", peerAddress: "node-\(node).example:7443")
    }

    /// Of the node that has a ticket of 32 nines.
    static func admission(knows version: UInt32) -> NodeAdmission {
        NodeAdmission(
            ticketDigest: [UInt8](repeating: 9, count: 32), publicKey: [UInt8](repeating: 4, count: 91),
            apiURL: "https://node-4.example:8443", peerAddress: "node-4.example:7443",
            audience: "https://other.example", knownVersion: PoolVersion(rawValue: version))
    }

    static func assignment(
        _ number: UInt64, _ principal: GUID, _ role: BuiltInRole, at scope: Scope
    ) -> RoleAssignment {
        RoleAssignment(
            name: GUID(high: 0x4a, low: number), scope: scope, principal: principal, roleDefinition: role.id)
    }

    static func version(_ number: Int) -> [UInt8] {
        GUID(high: 0x5e, low: UInt64(number)).bytes
    }

    /// A P-256 key; equal `material` gives an equal public key, equal `record` an equal sealed record.
    static func key(
        _ name: String, version number: Int = 1, material: Int? = nil, record: Int? = nil,
        origin: KeyOrigin = .generated
    ) -> NewKeyVersion {
        let seed = material ?? number
        let coordinate = Digest.sha256(Array("\(material == nil ? name : "")/\(seed)".utf8))
        let publicKey = PublicKey.ec(.p256, x: coordinate, y: coordinate)
        let header = KeyHeader(
            poolID: poolID, kind: KeyHeader.customerKind, name: name, version: version(number), keyType: .ecHSM,
            curve: .p256, bits: 256, operations: [.sign, .verify], exportable: false, releasePolicyDigest: [],
            releasePolicyImmutable: false, createdAt: start / 1000, revision: 0,
            publicDigest: Digest.sha256(publicKey.spkiDER()))
        return NewKeyVersion(
            header: header, publicKey: publicKey,
            record: Array("record/\(record == nil ? name : "")/\(record ?? number)".utf8), origin: origin)
    }

    static func symmetricKey(_ name: String, version number: Int = 1) -> NewKeyVersion {
        var key = key(name, version: number)
        key.publicKey = nil
        key.header.keyType = .octHSM
        key.header.curve = nil
        key.header.publicDigest = [1, 2, 3]
        return key
    }

    static func rsaKey(_ name: String, version number: Int = 1, modulus: UInt8, exponent: [UInt8]) -> NewKeyVersion {
        var key = key(name, version: number)
        let publicKey = PublicKey.rsa(n: [UInt8](repeating: modulus, count: 256), e: exponent)
        key.publicKey = publicKey
        key.header.keyType = .rsaHSM
        key.header.curve = nil
        key.header.bits = 2048
        key.header.publicDigest = Digest.sha256(publicKey.spkiDER())
        return key
    }

    static func ed25519Key(_ name: String, version number: Int = 1) -> NewKeyVersion {
        var key = key(name, version: number)
        let publicKey = PublicKey.ed25519(x: Digest.sha256(Array(name.utf8)))
        key.publicKey = publicKey
        key.header.keyType = .okpHSM
        key.header.curve = nil
        key.header.bits = 255
        key.header.publicDigest = Digest.sha256(publicKey.spkiDER())
        return key
    }

    static func jobID(_ number: Int) -> [UInt8] { GUID(high: 0x10b, low: UInt64(number)).bytes }

    static func job(_ number: Int, _ kind: JobKind, key: String? = nil) -> JobOrder {
        JobOrder(
            id: jobID(number), kind: kind, node: 1, place: "https://store.example/hsm/mhsm-1", key: key,
            folder: "mhsm-1", sealedToken: [1, 2])
    }

    /// A job at a place that the identity of the node's machine opens.
    static var identityJob: JobOrder {
        var order = job(7, .backup)
        (order.sealedToken, order.usesManagedIdentity) = ([], true)
        return order
    }

    static func schedule(
        _ number: Int = 1, hourly: Int = 0, daily: Int = 0, weekly: Int = 2,
        place: String = "https://store.example/hsm", token: [UInt8] = [3], alarmAfter: Int64 = 86_400
    ) -> BackupSchedule {
        BackupSchedule(
            id: GUID(high: 0x5c, low: UInt64(number)).bytes, container: place, sealedToken: token,
            usesManagedIdentity: token.isEmpty,
            retention: BackupRetention(hourly: hourly, daily: daily, weekly: weekly), alarmAfter: alarmAfter)
    }

    static func staged(_ name: String, versions: [Int] = [1], deletion: KeyDeletion? = nil) -> StagedKey {
        StagedKey(
            key: RestoredKey(
                name: name,
                versions: versions.map {
                    RestoredKey.Version(
                        version: key(name, version: $0, record: 5000 + $0, origin: .restored), updated: 7)
                }, rotationRules: nil),
            deletion: deletion)
    }

    static let authorities = [
        ReleaseAuthority(
            issuer: "https://a", keys: [ReleaseAuthority.Key(id: "1", publicKey: .ed25519(x: Digest.sha256([1])))]),
        ReleaseAuthority(
            issuer: "https://b",
            keys: [
                ReleaseAuthority.Key(id: "1", publicKey: .rsa(n: [5], e: [3])),
                ReleaseAuthority.Key(id: "2", publicKey: .ec(.p384, x: [1], y: [2])),
            ]),
    ]

    /// The same version as a rotation of the one with this number.
    static func rotated(_ key: NewKeyVersion, after number: Int, onlyIfDue: Bool = false) -> NewKeyVersion {
        var key = key
        key.rotation = RotationCondition(follows: version(number), onlyIfDue: onlyIfDue)
        return key
    }

    static func rules(
        _ expiry: String?, afterCreation: String? = nil, beforeExpiry: String? = nil
    ) -> RotationRules {
        let trigger: RotationRules.Trigger? =
            afterCreation.flatMap { CalendarDuration($0) }.map { .afterCreation($0) }
            ?? beforeExpiry.flatMap { CalendarDuration($0) }.map { .beforeExpiry($0) }
        return RotationRules(expiry: expiry.flatMap { CalendarDuration($0) }, trigger: trigger)
    }

    static func securityDomain(generation: UInt32 = 0, keyring: [UInt8]? = nil) -> PreparedSecurityDomain {
        PreparedSecurityDomain(
            generation: generation, keyring: keyring, required: 2, officers: [[1], [2], [3]],
            commitments: (1...3).map { [UInt8](repeating: $0, count: 32) }, encryptedData: Array("{}".utf8),
            capabilityDigest: [UInt8](repeating: 9, count: 32))
    }
}

/// A replica: applies commands under fresh proposal ids and keeps rows and blobs as a disk would.
struct Replica {
    var state = PoolState()
    var index: UInt64 = 0
    var time = Fixture.start
    var rows: [[UInt8]: RowChange] = [:]
    var blobs: [[UInt8]: [UInt8]] = [:]

    init() {}

    /// A replica of an activated pool.
    static func activated(settings: PoolSettings = PoolSettings()) -> Replica {
        var replica = Replica()
        replica.apply(.initializePool(Fixture.genesis(settings: settings)))
        replica.apply(.securityDomainPrepared(Fixture.securityDomain()))
        replica.apply(.securityDomainActivated(generation: 0))
        return replica
    }

    /// Applies under a new proposal id.
    @discardableResult
    mutating func apply(_ command: PoolCommand, by proposer: UInt64 = 1) -> CommandOutcome {
        apply(id: GUID(high: 0x1d, low: index + 1).bytes, command, by: proposer).outcome
    }

    /// Moves the time that later commands are stamped with.
    mutating func advance(seconds: Int64) { time += seconds * 1000 }

    /// Applies a configuration of the log.
    mutating func configure(voters: Set<UInt64>, outgoing: Set<UInt64> = [], learners: Set<UInt64> = []) {
        index += 1
        let changed = state.apply(
            MembershipRecord(index: index, voters: voters, outgoingVoters: outgoing, learners: learners))
        for row in changed { rows[[row.table] + row.key] = row.value == nil ? nil : row }
    }

    @discardableResult
    mutating func apply(id: [UInt8], _ command: PoolCommand, by proposer: UInt64 = 1) -> ApplyResult {
        apply(
            ProposalEnvelope(
                proposalID: id, proposer: proposer, principal: Fixture.administrator, authentication: .token,
                stampedAt: time, command: command))
    }

    @discardableResult
    mutating func apply(_ proposal: ProposalEnvelope) -> ApplyResult {
        index += 1
        let result = state.apply(index: index, term: 1, proposal)
        for row in result.rows {
            rows[[row.table] + row.key] = row.value == nil ? nil : row
        }
        for blob in result.blobs {
            blobs[blob.digest] = blob.bytes
        }
        return result
    }

    /// The state as a restart finds it.
    func reloaded() throws -> PoolState {
        try PoolState(rows: rows.values)
    }
}

/// A small generator with a seed, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
