import CryptographicModule
import Testing

@testable import SecurityDomain

/// A root that a key outside of the pool opens.
@Suite struct AutoUnsealTests {
    private func key(_ holder: KeyAgreement, name: String = "quorate") throws -> AutoUnsealKey {
        try AutoUnsealKey(provider: .pkcs11, name: name, point: holder.publicPoint)
    }

    @Test func theHolderOpensIt() throws {
        let keyring = try TestWorld.keyring.get()
        let holder = try KeyAgreement.generate()
        let record = try AutoUnsealRecord(sealing: keyring.root, of: keyring.identity, for: try key(holder))
        #expect(record.generation == keyring.identity.generation)
        let read = try AutoUnsealRecord.decode(record.encode())
        #expect(read == record)
        // The name is for people.
        let root = try read.open(
            of: keyring.identity, for: try key(holder, name: "renamed"),
            agreed: try holder.agree(with: record.ephemeralKey))
        #expect(try root.checkValue(poolID: keyring.identity.poolID) == keyring.identity.keyCheckValue)
        #expect(try Keyring.unseal(root: root, material: keyring.sealed).sealed == keyring.sealed)
        // Each is another one: nothing shows that two hold the same root.
        #expect(try AutoUnsealRecord(sealing: keyring.root, of: keyring.identity, for: try key(holder)) != record)
    }

    @Test func nobodyElseOpensIt() throws {
        let keyring = try TestWorld.keyring.get()
        let (holder, other) = (try KeyAgreement.generate(), try KeyAgreement.generate())
        let record = try AutoUnsealRecord(sealing: keyring.root, of: keyring.identity, for: try key(holder))
        func open(_ key: AutoUnsealKey, by holder: KeyAgreement, of identity: PoolIdentity) throws -> RootKey {
            try record.open(of: identity, for: key, agreed: try holder.agree(with: record.ephemeralKey))
        }
        #expect(throws: SecurityDomainError.rootMismatch) {
            try open(try key(other), by: other, of: keyring.identity)
        }
        // The secret alone isn't enough: the record is bound to its key, pool and generation.
        #expect(throws: SecurityDomainError.rootMismatch) {
            try open(try key(other), by: holder, of: keyring.identity)
        }
        let foreign = try Keyring.create(
            poolID: TestWorld.identifier(9), securityDomainID: TestWorld.identifier(2), createdAt: 1).keyring
        #expect(throws: SecurityDomainError.rootMismatch) {
            try open(try key(holder), by: holder, of: foreign.identity)
        }
        let next = try keyring.underNewRoot()
        #expect(throws: SecurityDomainError.wrongGeneration(expected: 1, got: 0)) {
            try open(try key(holder), by: holder, of: next.identity)
        }
    }

    @Test func aChangedRecordOpensNothing() throws {
        let keyring = try TestWorld.keyring.get()
        let holder = try KeyAgreement.generate()
        let record = try AutoUnsealRecord(sealing: keyring.root, of: keyring.identity, for: try key(holder))
        let bytes = record.encode()
        for field in fieldRanges(bytes).indices {
            let changed = try #require(flippingField(field, of: bytes))
            #expect(throws: (any Error).self, "field \(field)") {
                let read = try AutoUnsealRecord.decode(changed)
                return try read.open(
                    of: keyring.identity, for: try key(holder), agreed: try holder.agree(with: read.ephemeralKey))
            }
        }
        for wrong in [[], Array(bytes.dropLast()), bytes + [0]] {
            #expect(throws: (any Error).self) { try AutoUnsealRecord.decode(wrong) }
        }
    }

    @Test func aKeyIsAPointWithAName() throws {
        let point = try KeyAgreement.generate().publicPoint
        var off = point
        off[64] ^= 1
        for (name, wrong) in [
            ("", point), (String(repeating: "x", count: 129), point), ("x", off), ("x", Array(point.dropLast())),
            ("x", [UInt8](repeating: 0, count: 65)),
        ] {
            #expect(throws: SecurityDomainError.self) {
                try AutoUnsealKey(provider: .pkcs11, name: name, point: wrong)
            }
        }
    }

    @Test func aRequestNamesOfficersKeysOrBoth() throws {
        let point = Base64URL.encode(try KeyAgreement.generate().publicPoint)
        func parse(_ text: String) throws -> RootChangeRequest {
            try RootChangeRequest(parsing: Array(text.utf8), quorum: 3)
        }
        let nothing = try parse("")
        #expect(nothing.officers == nil && nothing.unsealKeys == nil)
        let none = try parse(#"{"unsealKeys":[]}"#)
        #expect(none.officers == nil && none.unsealKeys == [])
        let one = "{\"provider\":\"pkcs11\",\"name\":\"a\",\"point\":\"\(point)\"}"
        #expect(try parse("{\"unsealKeys\":[\(one)]}").unsealKeys?.map(\.name) == ["a"])
        for wrong in [
            "{}", "[]", "{\"unsealKeys\":[\(one),\(one)]}", "{\"unsealKeys\":7}",
            "{\"unsealKeys\":[\(one.replacing("pkcs11", with: "tpm"))]}",
            "{\"unsealKeys\":[\(one.replacing(point, with: "AAAA"))]}", "{\"unsealKeys\":[{}]}",
            "{\"certificates\":[],\"unsealKeys\":[]}",
        ] {
            #expect(throws: SecurityDomainError.self, "\(wrong)") { try parse(wrong) }
        }
        // As JSON escapes them: an officer who reads the name must see the rest of the line as it is.
        for character in ["\\n", "\\r", "\\u001b", "\\u009b", "\\u202e", "\\u2028"] {
            let name = one.replacing("\"a\"", with: "\"a\(character)b\"")
            #expect(throws: SecurityDomainError.self, "\(name)") { try parse("{\"unsealKeys\":[\(name)]}") }
        }
    }
}
