import AccessControl
import CryptographicModule
import PoolState
import Testing

@Suite struct CommandCodingTests {
    private func envelope(_ command: PoolCommand, principal: GUID? = Fixture.administrator) -> ProposalEnvelope {
        ProposalEnvelope(
            proposalID: [UInt8](repeating: 6, count: 16), proposer: 3, principal: principal,
            authentication: .clientCertificate, stampedAt: -5, command: command)
    }

    private var everyCommand: [PoolCommand] {
        var full = Fixture.key("a")
        full.tags = ["z": "1", "a": "2", "ä": "\u{0}"]
        full.notBefore = 0
        full.expires = -1
        full.enabled = false
        full.releasePolicy = ReleasePolicy(contentType: "", data: [1])
        let resealed = ResealedKey(
            header: full.header, record: [1], releasePolicy: ReleasePolicy(contentType: "x", data: []))
        let settings = PoolSettings(recoverableDays: 7, purgeProtection: true, strictAudit: false)
        var genesis = Fixture.genesis(settings: settings)
        genesis.pinnedOfficers = [[1], []]
        genesis.releaseAuthorities = Fixture.authorities
        genesis.principals.append(
            NewPrincipal(
                objectID: GUID(high: 0, low: 0), clientID: GUID(high: 1, low: 0), kind: .servicePrincipal,
                displayName: "", enabled: false, secretHash: [], groups: [GUID(high: 2, low: 0)]))
        let id = GUID(high: 3, low: 4)
        return [
            .initializePool(genesis), .createKeyVersion(full), .createKeyVersion(Fixture.symmetricKey("a")),
            .createKeyVersion(Fixture.ed25519Key("a")),
            .createKeyVersion(Fixture.rsaKey("a", modulus: 1, exponent: [1, 0, 1])),
            .setKeyAttributes(KeyAttributeChange(name: "", version: [])),
            .setKeyAttributes(
                KeyAttributeChange(
                    name: "a", version: [1], enabled: false, notBefore: .clear, expires: .set(0), tags: [:],
                    resealed: resealed)),
            .restoreKey(RestoredKey(name: "", versions: [], rotationRules: nil)),
            .restoreKey(
                RestoredKey(
                    name: "a", versions: [.init(version: full, updated: -7), .init(version: full, updated: 0)],
                    rotationRules: RotationRules(expiry: CalendarDuration("P1Y"), trigger: nil))),
            .createKeyVersion(Fixture.rotated(Fixture.key("a", version: 2), after: 1, onlyIfDue: true)),
            .setRotationRules(name: "a", rules: nil),
            .setRotationRules(name: "a", rules: RotationRules(expiry: nil, trigger: nil)),
            .setRotationRules(name: "a", rules: Fixture.rules("P90D", beforeExpiry: "PT48H")),
            .setRotationRules(name: "a", rules: Fixture.rules(nil, afterCreation: "P1Y2M3DT4H5M6S")),
            .deleteKey(name: "a"), .recoverKey(name: ""), .purgeKey(name: "a", onlyIfDue: true),
            .purgeKey(name: "a", onlyIfDue: false), .createPrincipal(genesis.principals[2]),
            .setPrincipalEnabled(objectID: id, enabled: true), .setPrincipalEnabled(objectID: id, enabled: false),
            .setPrincipalSecret(objectID: id, hash: [1], generation: 9),
            .setPrincipalSecret(objectID: id, hash: nil, generation: 0),
            .setPrincipalGroups(objectID: id, groups: [id, id]), .deletePrincipal(objectID: id),
            .putRoleAssignment(Fixture.assignment(1, id, .backup, at: .key("a"))),
            .deleteRoleAssignment(name: id, scope: .root), .deleteRoleAssignment(name: id, scope: .keys),
            .putRoleDefinition(
                RoleDefinition(
                    id: id, name: "n", description: "d", dataActions: ["a"], notDataActions: ["b"], actions: ["c"],
                    notActions: ["d"], assignableScopes: [.root, .key("a")])),
            .deleteRoleDefinition(id: id), .securityDomainPrepared(Fixture.securityDomain()),
            .securityDomainPrepared(Fixture.securityDomain(generation: 1, keyring: [4])),
            .securityDomainActivated(generation: 0), .securityDomainActivated(generation: .max),
            .unsealGranted(UnsealGrant(node: 1, bootNonce: [1], grantedBy: .max, ticketDigest: [2])),
            .auditHead(AuditHead(node: 1, count: .max, hash: [3], time: .min)),
            .securityDomainAdopted(AdoptedSecurityDomain(generation: 1, keyring: [1], bridge: [2])),
            .beginRootChange(RootChangeTests.order()), .beginRootChange(RootChangeTests.order(expires: 0)),
            .beginRootChange(
                RootChangeOrder(id: [1], required: 1, officers: [], expires: 1, unsealKeys: RootChangeTests.tokens(3))),
            .approveRootChange(id: [1], RootChangeTests.vote(255)), .approveRootChange(id: [], RootChangeTests.vote(0)),
            .prepareRoot(id: [1], RootChangeTests.prepared(PoolState())),
            .confirmRoot(id: [1], RootChangeTests.vote(1)),
            .commitRoot(id: [1]), .abortRootChange(id: [1]), .holdRoot(id: [1], node: 3),
            .rotateKeyEncryption(KeyEncryptionRotation(base: [1], keyring: [2], former: [3], current: [4])),
            .rotateKeyEncryption(
                KeyEncryptionRotation(
                    base: [1], keyring: [2], former: [3], current: [4], schedule: [5], scheduleToken: [6])),
            .rewrapRecords([RewrappedRecord(name: "a", version: [1], former: [2], record: [3])]), .rewrapRecords([]),
            .sweepRewrapped(batch: 0), .sweepRewrapped(batch: .max),
            .retireKeyEncryption(KeyEncryptionRetirement(base: [1], keyring: [2], late: 3)),
            .stagePolicy(job: [1], NewPoolFixture.everything), .takeOverJob(id: [1], node: 3),
            .raisePoolVersion(PoolVersion(rawValue: 2), knownBy: [3, 1, 300]),
            .raisePoolVersion(PoolVersion(rawValue: .max), knownBy: []), .admitNode(Fixture.admission(knows: 1)),
            .admitNode(Fixture.admission(knows: 7)),
            .completeJob(id: [1], items: 1, bytes: 2, keys: 3, report: "r"),
            .beginJob(
                JobOrder(
                    id: [1], kind: .restore, node: 1, place: "a/b", folder: "b", sealedToken: [7],
                    keepsCredentials: true)),
            .beginJob(Fixture.identityJob), .setBackupSchedule(nil), .setBackupSchedule(Fixture.schedule()),
            .setBackupSchedule(Fixture.schedule(daily: 3, token: [])),
            .beginScheduledBackup(Fixture.identityJob, schedule: [1], due: 0),
            .beginScheduledBackup(Fixture.job(1, .backup), schedule: [], due: nil),
            .retireBackup([1]), .forgetBackup([]),
        ] + PeerUnsealTests.everyCommand + RestoreOrderTests.everyCommand
    }

    @Test func everyCommandRoundTrips() throws {
        for command in everyCommand {
            #expect(try PoolCommand(decoding: command.encode()) == command)
            for principal in [nil, Fixture.administrator] {
                let envelope = envelope(command, principal: principal)
                #expect(try ProposalEnvelope(decoding: envelope.encode()) == envelope)
            }
        }
    }

    @Test func limitsByKindOfCommand() throws {
        var key = Fixture.key("a")
        key.record = [UInt8](repeating: 1, count: 63 << 10)
        #expect(throws: Never.self) { try ProposalEnvelope(decoding: envelope(.createKeyVersion(key)).encode()) }
        key.record = [UInt8](repeating: 1, count: 64 << 10)
        #expect(throws: MalformedCommand.tooLong(limit: 64 << 10)) {
            try ProposalEnvelope(decoding: envelope(.createKeyVersion(key)).encode())
        }
        var domain = Fixture.securityDomain()
        domain.encryptedData = [UInt8](repeating: 1, count: 200 << 10)
        #expect(throws: Never.self) {
            try ProposalEnvelope(decoding: envelope(.securityDomainPrepared(domain)).encode())
        }
        domain.encryptedData = [UInt8](repeating: 1, count: 256 << 10)
        #expect(throws: MalformedCommand.tooLong(limit: 256 << 10)) {
            try ProposalEnvelope(decoding: envelope(.securityDomainPrepared(domain)).encode())
        }
        #expect(throws: Never.self) {
            try ProposalEnvelope(decoding: envelope(NewPoolFixture.stagingKeyring(of: 512 << 10)).encode())
        }
        #expect(throws: MalformedCommand.tooLong(limit: 1 << 20)) {
            try ProposalEnvelope(decoding: envelope(NewPoolFixture.stagingKeyring(of: 1 << 20)).encode())
        }
        var genesis = Fixture.genesis()
        genesis.keyring = [UInt8](repeating: 1, count: 1000 << 10)
        #expect(throws: Never.self) { try ProposalEnvelope(decoding: envelope(.initializePool(genesis)).encode()) }
        genesis.keyring = [UInt8](repeating: 1, count: 1 << 20)
        #expect(throws: MalformedCommand.tooLong(limit: 1 << 20)) {
            try ProposalEnvelope(decoding: envelope(.initializePool(genesis)).encode())
        }
    }

    @Test func onlyTheCanonicalEncodingIsDecoded() throws {
        let bytes = envelope(.deleteKey(name: "a")).encode()
        // Field 1, 16 bytes; field 2; field 3, 16 bytes; ...
        #expect(bytes[0] == 0x0a && bytes[18] == 0x10)
        let variants: [(String, [UInt8])] = [
            ("an unknown field", bytes + [0x78, 0x01]),
            ("a field twice", bytes + [0x10, 0x03]),
            ("a default written out", bytes + [0x28, 0x00]),
            ("a longer varint", Array(bytes[..<19]) + [0x83, 0x00] + Array(bytes[20...])),
            ("another order", Array(bytes[18..<20]) + Array(bytes[..<18]) + Array(bytes[20...])),
            ("nothing", []),
            ("no command", Array(bytes.dropLast(5))),
        ]
        for (what, variant) in variants {
            #expect(throws: MalformedCommand.malformed, "\(what)") { try ProposalEnvelope(decoding: variant) }
        }
    }

    @Test func identifiersHaveSixteenBytes() {
        var short = envelope(.deleteKey(name: "a"))
        short.proposalID.removeLast()
        #expect(throws: MalformedCommand.malformed) { try ProposalEnvelope(decoding: short.encode()) }
    }

    /// Damaged bytes decode to nothing or to what encodes to exactly them; applying it never traps.
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func damagedBytesAreHarmless(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        let originals = everyCommand.map { envelope($0).encode() }
        var replica = Replica.activated()
        replica.apply(.createKeyVersion(Fixture.key("a")))
        var decoded = 0
        for _ in 0..<3000 {
            var bytes = originals.randomElement(using: &random)!
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                damage(&bytes, &random)
            }
            guard let envelope = try? ProposalEnvelope(decoding: bytes) else { continue }
            decoded += 1
            #expect(envelope.encode() == bytes)
            replica.apply(envelope)
        }
        #expect(decoded > 50)
        #expect((try? replica.reloaded().root) == replica.state.root)
    }

    @Test func randomBytesAreHarmless() {
        var random = SplitMix(seed: 99)
        for _ in 0..<20_000 {
            let length = Int.random(in: 0..<60, using: &random)
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            if let envelope = try? ProposalEnvelope(decoding: bytes) {
                #expect(envelope.encode() == bytes)
            }
        }
    }

    @Test func deepNestingIsRefused() {
        var bytes: [UInt8] = []
        for _ in 0..<10_000 {
            bytes = [0x32, UInt8(min(bytes.count, 127))] + bytes.prefix(127)
        }
        #expect(throws: MalformedCommand.malformed) { try ProposalEnvelope(decoding: bytes) }
    }

    private func damage(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        guard !bytes.isEmpty else { return }
        let position = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[position] = UInt8.random(in: 0...255, using: &random)
        case 2: bytes.removeSubrange(position...)
        case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
        default: bytes.removeSubrange(position..<min(bytes.count, position + 4))
        }
    }
}
