import CryptographicModule
import StrictJSON
import Testing

@testable import SecurityDomain

@Suite("The security domain file")
struct SecurityDomainFileTests {
    /// What any quorum does with the file.
    private func open(_ file: SecurityDomainFile, with numbers: [Int]) throws -> [SecurityDomainItem] {
        let shares = try numbers.map { number in
            let key = try TestWorld.officerKey(number)
            return try file.openShare(of: try TestWorld.officer(number)) { try key.decrypt($0) }
        }
        return try file.encryptedItems.open(master: try ShamirSharing.combine(shares))
    }

    @Test("Every quorum opens the root", arguments: [[1, 2], [1, 3], [3, 2]])
    func everyQuorum(numbers: [Int]) throws {
        let domain = try TestWorld.domain()
        let parsed = try SecurityDomainFile(parsing: domain.file.json())
        #expect(parsed == domain.file)
        let root = try DomainContents.root(from: try open(parsed, with: numbers), matching: domain.keyring.identity)
        #expect(try root.exposed() == domain.keyring.root.exposed())
    }

    @Test("The text has the members, order and headers that the clients read")
    func text() throws {
        let domain = try TestWorld.domain([1, 2, 3, 4, 5], required: 3)
        let text = String(decoding: domain.file.json(), as: UTF8.self)
        #expect(text.hasPrefix(#"{"EncData":{"data":[{"compact_jwe":""#))
        #expect(text.hasSuffix(#""}],"key_algorithm":"shamir_share","required":3},"version":2}"#))
        #expect(text.contains(#"],"kdf":"sp108_kdf"},"SharedKeys":{"enc_shares":[{"enc_key":""#))
        let header = try #require(domain.file.shares.first?.envelope.split(separator: ".").first)
        #expect(
            Base64URL.decode(String(header))
                == Array(#"{"alg":"RSA-OAEP-256","enc":"A256CBC-HS512","kid":"not used"}"#.utf8))
        #expect(
            domain.file.encryptedItems.items.map(\.tag) == [
                "hsm_backup", "base_enclave_backup", "partition_enclave_backup",
            ])
        let names = try (1...5).map {
            Base64URL.encode(Digest.sha256(try TestWorld.certificateDER("officer\($0).cer")))
        }
        #expect(domain.file.shares.map(\.certificateName) == names)
    }

    @Test("Former roots travel along")
    func formerRoots() throws {
        let first = try TestWorld.keyring.get()
        let second = try first.underNewRoot()
        let made = try SecurityDomainFile.make(
            root: second.root, formerRoots: [first.root], identity: second.identity, officers: try TestWorld.officers())
        let items = try open(made.file, with: [1, 2])
        let former = try DomainContents.formerRoots(from: items, poolID: second.identity.poolID)
        #expect(former.map(\.generation) == [0])
        #expect(try former.map { try $0.exposed() } == [try first.root.exposed()])
        #expect(throws: SecurityDomainError.wrongPool) {
            try DomainContents.formerRoots(from: items, poolID: TestWorld.identifier(7))
        }
    }

    @Test("A root that is not the pool's is not given to officers")
    func foreignRoot() throws {
        let keyring = try TestWorld.keyring.get()
        #expect(throws: SecurityDomainError.rootMismatch) {
            try SecurityDomainFile.make(
                root: try RootKey.generate(generation: 0), formerRoots: [], identity: keyring.identity,
                officers: try TestWorld.officers())
        }
        #expect(throws: SecurityDomainError.wrongGeneration(expected: 0, got: 1)) {
            try SecurityDomainFile.make(
                root: try RootKey.generate(generation: 1), formerRoots: [], identity: keyring.identity,
                officers: try TestWorld.officers())
        }
    }

    @Test("What does not belong to the pool is named")
    func identityChecks() throws {
        let domain = try TestWorld.domain()
        let items = try open(domain.file, with: [1, 2])
        let real = domain.keyring.identity
        func identity(
            pool: UInt8 = 1, domain: UInt8 = 2, generation: UInt32 = 0, check: [UInt8]? = nil
        ) -> PoolIdentity {
            PoolIdentity(
                poolID: TestWorld.identifier(pool), securityDomainID: TestWorld.identifier(domain),
                generation: generation, keyCheckValue: check ?? real.keyCheckValue, identityKey: real.identityKey,
                createdAt: real.createdAt)
        }
        func refusal(_ identity: PoolIdentity) -> SecurityDomainError? {
            #expect(throws: SecurityDomainError.self) { try DomainContents.root(from: items, matching: identity) }
        }
        #expect(refusal(identity(pool: 9)) == .wrongPool)
        #expect(refusal(identity(domain: 9)) == .wrongSecurityDomain)
        #expect(refusal(identity(generation: 1)) == .wrongGeneration(expected: 1, got: 0))
        #expect(refusal(identity(check: TestWorld.identifier(0))) == .rootMismatch)
        #expect(throws: SecurityDomainError.self) {
            try DomainContents.root(from: Array(items.dropLast()), matching: real)
        }
    }

    @Test("A file changed in any member is refused, and the member is named")
    func tampering() throws {
        let domain = try TestWorld.domain()
        let text = String(decoding: domain.file.json(), as: UTF8.self)
        func parse(_ old: String, _ new: String) throws {
            #expect(text.contains(old))
            _ = try SecurityDomainFile(parsing: Array(text.replacing(old, with: new, maxReplacements: 1).utf8))
        }
        let name = "security domain file"
        #expect(throws: SecurityDomainError.malformed(document: name, reason: "version is not 2")) {
            try parse(#""version":2"#, #""version":1"#)
        }
        #expect(throws: SecurityDomainError.malformed(document: "\(name): EncData", reason: "kdf is not sp108_kdf")) {
            try parse("sp108_kdf", "none")
        }
        #expect(throws: SecurityDomainError.malformed(document: name, reason: "key_algorithm is not shamir_share")) {
            try parse("shamir_share", "xor_split")
        }
        #expect(throws: SecurityDomainError.requiredCount(1, officers: 3)) {
            try parse(#""required":2"#, #""required":1"#)
        }
        #expect(throws: SecurityDomainError.requiredCount(4, officers: 3)) {
            try parse(#""required":2"#, #""required":4"#)
        }
        #expect(throws: SecurityDomainError.malformed(document: "\(name): EncData", reason: "a tag twice")) {
            try parse(#""tag":"hsm_backup""#, #""tag":"base_enclave_backup""#)
        }
        #expect(throws: SecurityDomainError.malformed(document: name, reason: "SharedKeys is missing")) {
            try parse("SharedKeys", "sharedKeys")
        }
    }

    @Test("Items and shares that were swapped or changed do not open")
    func swapped() throws {
        let domain = try TestWorld.domain()
        let items = domain.file.encryptedItems.items
        let swappedItems = EncryptedItems(items: [
            .init(tag: items[0].tag, compactText: items[1].compactText),
            .init(tag: items[1].tag, compactText: items[0].compactText), items[2],
        ])
        let shares = domain.file.shares
        let file = SecurityDomainFile(encryptedItems: swappedItems, shares: shares, required: 2)
        #expect(throws: SecurityDomainError.self) { try open(file, with: [1, 2]) }

        let swappedShares = SecurityDomainFile(
            encryptedItems: domain.file.encryptedItems,
            shares: [
                .init(certificateName: shares[0].certificateName, envelope: shares[1].envelope),
                .init(certificateName: shares[1].certificateName, envelope: shares[0].envelope), shares[2],
            ], required: 2)
        #expect(throws: SecurityDomainError.authenticationFailed("share 1")) { try open(swappedShares, with: [1, 3]) }

        let moved = SecurityDomainFile(
            encryptedItems: domain.file.encryptedItems, shares: [shares[1], shares[0], shares[2]], required: 2)
        #expect(throws: SecurityDomainError.sharesRejected("the share of officer 2 has coordinate 1")) {
            try open(moved, with: [1, 3])
        }
        #expect(throws: SecurityDomainError.notAnOfficer) { try open(domain.file, with: [4, 1]) }
    }

    @Test("The encrypted items alone, as the pool's state keeps them, hold no share")
    func encryptedItemsAlone() throws {
        let domain = try TestWorld.domain()
        let text = domain.record.encryptedItems.json()
        #expect(try EncryptedItems(parsing: text) == domain.file.encryptedItems)
        #expect(!String(decoding: text, as: UTF8.self).contains("enc_key"))
    }
}
