import Testing

@testable import CryptographicModule

@Suite("Sealed records")
struct SealedRecordTests {
    private let kek: SecretKey
    private let data = Array("associated data".utf8)

    init() throws {
        try ModuleSelfSetup.startSecureHeap()
        kek = SecretKey(consuming: try Random.secret(32), id: Random.bytes(16))
    }

    private func open(_ record: SealedRecord, _ data: [UInt8]) throws -> [UInt8] {
        let secret = try Sealing.open(record, under: kek, associatedData: data)
        return secret.withUnsafeBytes { Array($0) }
    }

    @Test(arguments: [1, 15, 16, 17, 1000, SealedRecord.maximumPlaintext])
    func whatIsSealedOpens(length: Int) throws {
        let plain = Random.bytes(length)
        let record = try Sealing.seal(try Secret(copying: plain), under: kek, associatedData: data)
        #expect(record.bytes.count == 66 + length && record.bytes[0] == 1 && record.bytes[1] == 1)
        #expect(record.kekID == kek.id)
        #expect(try open(try SealedRecord(parsing: record.bytes), data) == plain)
    }

    @Test func everyBitCounts() throws {
        let record = try Sealing.seal(try Secret(copying: Array(0..<48)), under: kek, associatedData: data)
        for bit in 0..<record.bytes.count * 8 {
            let changed = record.bytes.flipping(bit: bit)
            #expect(throws: CryptoError.self, "bit \(bit)") { try open(try SealedRecord(parsing: changed), data) }
        }
        for bit in 0..<data.count * 8 {
            #expect(throws: CryptoError.authenticationFailed) { try open(record, data.flipping(bit: bit)) }
        }
        for wrong in [[], Array(data.dropLast()), data + [0], [0] + data] {
            #expect(throws: CryptoError.authenticationFailed) { try open(record, wrong) }
        }
        for cut in [1, 16, 17, 47] {
            let shorter = try SealedRecord(parsing: Array(record.bytes.dropLast(cut)))
            #expect(throws: CryptoError.authenticationFailed) { try open(shorter, data) }
        }
        let other = SecretKey(consuming: try Random.secret(32), id: kek.id)
        #expect(throws: CryptoError.authenticationFailed, "another key of the same id") {
            _ = try Sealing.open(record, under: other, associatedData: data)
        }
    }

    @Test func formIsCheckedBeforeAnythingElse() throws {
        let genuine = try Sealing.seal(try Secret(copying: [1]), under: kek, associatedData: data).bytes
        for length in 0...66 {
            #expect(throws: CryptoError.malformed("sealed record")) {
                try SealedRecord(parsing: Array(genuine.prefix(length)))
            }
        }
        let long = genuine + [UInt8](repeating: 0, count: SealedRecord.maximumPlaintext)
        #expect(throws: CryptoError.malformed("sealed record")) { try SealedRecord(parsing: long) }
        var changed = genuine
        changed[0] = 2
        #expect(throws: CryptoError.malformed("sealed record")) { try SealedRecord(parsing: changed) }
        (changed[0], changed[1]) = (1, 2)
        #expect(throws: CryptoError.unsupported("sealed record algorithm 2")) { try SealedRecord(parsing: changed) }
        #expect(throws: CryptoError.self) {
            _ = try Sealing.seal(try Secret(copying: []), under: kek, associatedData: data)
        }
        #expect(throws: CryptoError.self) {
            let long = try Secret(count: SealedRecord.maximumPlaintext + 1) { _ in }
            _ = try Sealing.seal(long, under: kek, associatedData: data)
        }
    }

    /// Key and nonce come from the salt: a salt that repeats would encrypt twice under both.
    @Test func saltsAndTextsNeverRepeat() throws {
        var (salts, texts): (Set<[UInt8]>, Set<[UInt8]>) = ([], [])
        for _ in 0..<20_000 {
            let record = try Sealing.seal(try Secret(copying: Array(0..<32)), under: kek, associatedData: data)
            salts.insert(record.salt)
            texts.insert(record.ciphertext)
        }
        #expect(salts.count == 20_000 && texts.count == 20_000)
    }

    // MARK: Bound to its key

    /// Each change makes another key of it, another right, or an older state of the same key.
    private static let changes: [(String, @Sendable (inout KeyHeader) -> Void)] = [
        ("pool", { $0.poolID[0] ^= 1 }), ("kind", { $0.kind = KeyHeader.systemKind }), ("name", { $0.name = "other" }),
        ("name's end", { $0.name += "2" }), ("version", { $0.version[15] ^= 1 }), ("type", { $0.keyType = .rsaHSM }),
        ("curve", { $0.curve = .p256K }), ("no curve", { $0.curve = nil }), ("bits", { $0.bits = 384 }),
        ("operations", { $0.operations.insert(.decrypt) }), ("exportable", { $0.exportable = true }),
        ("policy", { $0.releasePolicyDigest = [UInt8](repeating: 1, count: 32) }),
        ("immutable", { $0.releasePolicyImmutable = true }), ("created", { $0.createdAt += 1 }),
        ("revision", { $0.revision += 1 }), ("public key", { $0.publicDigest[0] ^= 1 }),
    ]

    @Test func aRecordOpensUnderItsOwnHeaderOnly() throws {
        let bench = try Bench()
        let key = try bench.make(.ec(.p256))
        for (what, change) in Self.changes {
            var header = key.header
            change(&header)
            #expect(header != key.header && header.associatedData() != key.header.associatedData(), "\(what)")
            #expect(throws: CryptoError.authenticationFailed, "\(what)") {
                try bench.sign(header, key.record, .ES256, Digest.sha256([1]))
            }
        }
        // The order does not matter: once the genuine key is cached, the others still are refused.
        _ = try bench.sign(key, .ES256, Digest.sha256([1]))
        for (what, change) in Self.changes {
            var header = key.header
            change(&header)
            #expect(throws: CryptoError.authenticationFailed, "\(what), cached") {
                try bench.sign(header, key.record, .ES256, Digest.sha256([1]))
            }
        }
    }

    @Test func aRecordOfAnotherKeyOrVersionIsRefused() throws {
        let bench = try Bench()
        let (first, second) = (try bench.make(.ec(.p256), name: "a"), try bench.make(.ec(.p256), name: "b"))
        let next = try bench.make(.ec(.p256), name: "a")
        for (header, record) in [
            (first.header, second.record), (second.header, first.record), (first.header, next.record),
            (next.header, first.record),
        ] {
            #expect(throws: CryptoError.authenticationFailed) {
                try bench.sign(header, record, .ES256, Digest.sha256([1]))
            }
        }
    }

    /// No two headers share an encoding: neighbours' bytes can't be moved from one field to the next.
    @Test func headersDoNotRunTogether() throws {
        let base = try Bench().make(.ec(.p256)).header
        var (left, right) = (base, base)
        (left.name, left.version) = ("ab", Array("c".utf8))
        (right.name, right.version) = ("a", Array("bc".utf8))
        #expect(left.associatedData() != right.associatedData())
        (left.poolID, right.poolID) = ([], [0, 0, 0, 1])
        #expect(left.associatedData() != right.associatedData())
    }

    @Test func mutatedRecordsNeverOpen() throws {
        var random = SeededGenerator(11)
        let record = try Sealing.seal(try Secret(copying: Array(0..<200)), under: kek, associatedData: data)
        for _ in 0..<20_000 {
            let mutated = record.bytes.mutated(&random)
            guard mutated != record.bytes, let parsed = try? SealedRecord(parsing: mutated) else { continue }
            #expect(throws: CryptoError.authenticationFailed) { try open(parsed, data) }
        }
    }
}
