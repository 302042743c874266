import AccessControl
import CryptographicModule
import PoolState
import SecurityDomain
import Testing

@testable import Backup

/// What a quorum of officers finds out about a backup, beyond what its file shows to everybody.
@Suite struct ProofTests {
    /// A pool's state with a key of each kind, as rows and sealed records.
    private struct Content {
        private(set) var state = PoolState()
        private var rows: [[UInt8]: RowChange] = [:]
        private(set) var records: [[UInt8]] = []
        private let keyring: Keyring
        private let module = CryptographicModule(keyCacheBytes: 1 << 16)
        private var count: UInt64 = 0

        init(_ keyring: Keyring) throws {
            self.keyring = keyring
            module.unlock(kek: keyring.kek)
            let administrator = GUID(high: 1, low: 1)
            apply(
                .initializePool(
                    Genesis(
                        poolID: keyring.identity.poolID, name: "pool-1", tenantID: GUID(high: 2, low: 1),
                        audiences: ["https://pool-1.example"],
                        members: [
                            MemberRecord(
                                node: 1, name: "node-1", identityDigest: [UInt8](repeating: 1, count: 32),
                                apiURL: "https://node-1.example:8443", peerAddress: "node-1.example:7443")
                        ],
                        keyring: keyring.sealed.encode(),
                        principals: [NewPrincipal(objectID: administrator, kind: .user, displayName: "administrator")],
                        roleAssignments: [
                            RoleAssignment(
                                name: GUID(high: 3, low: 1), scope: .root, principal: administrator,
                                roleDefinition: BuiltInRole.administrator.id)
                        ])))
            apply(
                .securityDomainPrepared(
                    PreparedSecurityDomain(
                        generation: 0, keyring: nil, required: 1, officers: [[1]],
                        commitments: [[UInt8](repeating: 1, count: 32)], encryptedData: [1],
                        capabilityDigest: [UInt8](repeating: 1, count: 32))))
            apply(.securityDomainActivated(generation: 0))
        }

        mutating func apply(_ command: PoolCommand) {
            count += 1
            let result = state.apply(
                index: count, term: 1,
                ProposalEnvelope(
                    proposalID: GUID(high: 9, low: count).bytes, proposer: 1, principal: nil, authentication: .node,
                    stampedAt: 1_700_000_000_000, command: command))
            #expect(!"\(result.outcome)".hasPrefix("refused"), "\(result.outcome)")
            for row in result.rows { rows[[row.table] + row.key] = row }
            records += result.blobs.compactMap(\.bytes)
        }

        func generate(_ name: String, _ material: KeyTemplate.Material) throws -> GeneratedKey {
            // What a pair may be used for doesn't matter: this one may not sign.
            try module.generateKey(
                KeyTemplate(
                    poolID: keyring.identity.poolID, name: name, version: Random.bytes(16), material: material,
                    operations: [.verify, .encrypt], createdAt: 1_700_000_000))
        }

        /// - Parameter record: instead of the key's own.
        mutating func add(_ key: GeneratedKey, record: SealedRecord? = nil) {
            apply(
                .createKeyVersion(
                    NewKeyVersion(
                        header: key.header, publicKey: key.publicKey, record: (record ?? key.record).bytes,
                        origin: .generated)))
        }

        /// In the order in which a backup has them.
        var items: [BackupItem] {
            rows.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { entry in
                entry.value.value.map { .row(table: entry.value.table, key: entry.value.key, value: $0) }
            } + records.map { .blob($0) }
        }
    }

    private let sample: Sample

    init() throws { sample = try Sample.one.get() }

    private func prove(_ items: [BackupItem], root: [UInt8]) throws -> BackupProof.Findings {
        let header = BackupHeader(
            backupID: [UInt8](repeating: 7, count: 32), poolName: "pool-1", index: 42, term: 3, stateRoot: root,
            createdAt: 1_767_605_412_000, chunkSize: 64 << 10, keyring: sample.keyring.sealed)
        let bytes = try sample.write(items, header: header)
        var proof = try BackupProof(header: header, keyring: sample.keyring)
        for start in stride(from: 0, to: bytes.count, by: 1000) {
            try proof.feed(Array(bytes[start..<min(start + 1000, bytes.count)]))
        }
        return try proof.finish()
    }

    private func content() throws -> Content {
        var content = try Content(sample.keyring)
        for curve in EllipticCurve.allCases {
            content.add(try content.generate("ec-\(curve.bits)-\(curve)", .ec(curve)))
        }
        content.add(try content.generate("ed", .ed25519))
        content.add(try content.generate("rsa", .rsa(bits: 2048, publicExponent: [1, 0, 1])))
        content.add(try content.generate("oct", .oct(bits: 256)))
        return content
    }

    @Test func everyKeyShowsThatItIsThere() throws {
        let content = try content()
        let found = try prove(content.items + [.blob([1, 2, 3])], root: content.state.root)
        #expect(found.keys == 7 && found.signed == 6 && found.opened == 1 && found.deletedKeys == 0)
        #expect(found.unnamed == 1 && found.principals == 1 && found.roleAssignments == 1)
    }

    @Test func anotherStateIsRefused() throws {
        let content = try content()
        #expect(throws: BackupFault.stateMismatch) {
            try prove(content.items, root: [UInt8](repeating: 1, count: 32))
        }
        #expect(throws: BackupFault.stateMismatch) {
            try prove(Array(content.items.dropFirst()), root: content.state.root)
        }
        #expect(throws: BackupFault.malformed("a row after the sealed records")) {
            try prove(content.items + content.items.prefix(1), root: content.state.root)
        }
    }

    @Test func aRecordThatIsMissingOrAnotherKeysIsNamed() throws {
        var content = try content()
        #expect(throws: BackupFault.keyUnproven(key: "oct, created 1700000000", reason: "its record isn't there")) {
            try prove(Array(content.items.dropLast()), root: content.state.root)
        }
        let (one, other) = (try content.generate("one", .ec(.p256)), try content.generate("other", .ec(.p256)))
        content.add(one, record: other.record)
        #expect(
            throws: BackupFault.keyUnproven(
                key: "one, created 1700000000", reason: "\(CryptoError.authenticationFailed)")
        ) { try prove(content.items, root: content.state.root) }
    }

    @Test func halvesThatDontBelongTogetherAreFound() throws {
        let content = try Content(sample.keyring)
        let (one, other) = (try content.generate("one", .ec(.p256)), try content.generate("other", .ec(.p256)))
        func prove(_ publicKey: PublicKey?) throws(CryptoError) -> KeyProof {
            try CryptographicModule.prove(
                one.record, sealedUnder: sample.keyring.kek, header: one.header, publicKey: publicKey)
        }
        #expect(try prove(one.publicKey) == .signed)
        #expect(throws: CryptoError.keyRejected("its halves don't belong together")) { try prove(other.publicKey) }
        #expect(throws: CryptoError.keyRejected("it has no public half")) { try prove(nil) }
    }
}
