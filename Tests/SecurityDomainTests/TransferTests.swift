import CryptographicModule
import StrictJSON
import Testing

@testable import SecurityDomain

@Suite("Transfer key and restore blob")
struct TransferTests {
    /// Does what an officers' client does after it has decrypted the file: encrypts the same items under a new master
    /// key.
    private func blob(
        _ items: [SecurityDomainItem], to key: ExchangeKey, masterLength: Int = 32
    ) throws -> [UInt8] {
        let master = try TestWorld.randomSecret(masterLength)
        let sealed = try EncryptedItems.seal(items, master: master)
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("EncData") { sealed.write(to: &$0) }
            writer.member("WrappedKey") { writer in
                writer.object { writer in
                    writer.member("enc_key", (try? CompactJWE.envelope(to: key.publicKey, plaintext: master)) ?? "")
                    writer.member("x5t_256", Base64URL.encode(Digest.sha256(key.certificate)))
                }
            }
        }
        return writer.bytes
    }

    private func items(_ keyring: Keyring, root: RootKey? = nil) throws -> [SecurityDomainItem] {
        try DomainContents.items(
            root: root ?? keyring.root, formerRoots: [], identity: keyring.identity, commitments: [], required: 2)
    }

    @Test("The transfer document carries the key as text, with all members that clients list")
    func document() throws {
        let key = try ExchangeKey(nodeKey: try TestWorld.nodeKey(1), now: TestWorld.now)
        let document = try JSONDocument(
            parsing: try key.transferDocument(keyID: "https://pool.example/transfer_key"), name: "document",
            limit: 65536)
        #expect(try document.string("key_format") == "jwk")
        let web = try JSONDocument(parsing: Array(try document.string("transfer_key").utf8), name: "key", limit: 65536)
        #expect(try web.string("kid") == "https://pool.example/transfer_key")
        #expect(try web.string("kty") == "RSA")
        #expect(try web.string("alg") == "RSA-OAEP-256")
        let der = try #require(Base64.decode(try web.strings("x5c")[0]))
        let certificate = try X509Certificate(der: der)
        #expect(certificate.spkiDER == key.publicKey)
        #expect(certificate.subject.contains("CN=transfer-key"))
        #expect(try certificate.isSigned(bySPKI: try TestWorld.nodeKey(1).spkiDER))
        #expect(try !certificate.isSigned(bySPKI: try TestWorld.nodeKey(2).spkiDER))
        #expect(bitLength(try #require(Base64URL.decode(try web.string("n")))) == ExchangeKey.bits)
        #expect(try web.string("x5t#S256") == Base64URL.encode(Digest.sha256(der)))
        #expect(try web.string("x5t") == Base64URL.encode(Digest.sha1(der)))
    }

    @Test("A genuine blob opens the root; expired, foreign and destroyed keys open nothing")
    func genuine() throws {
        let keyring = try TestWorld.keyring.get()
        let key = try ExchangeKey(nodeKey: try TestWorld.nodeKey(1), now: TestWorld.now)
        let other = try ExchangeKey(nodeKey: try TestWorld.nodeKey(1), now: TestWorld.now)
        let text = try blob(try items(keyring), to: key)
        var upload = JSONWriter()
        upload.object { $0.member("value", String(decoding: text, as: UTF8.self)) }
        let parsed = try RestoreBlob(parsingUpload: upload.bytes)
        #expect(try parsed == RestoreBlob(parsing: text))

        let root = try parsed.root(keys: [other, key], matching: keyring.identity, now: TestWorld.now)
        #expect(try root.exposed() == keyring.root.exposed())
        #expect(throws: SecurityDomainError.unknownTransferKey) {
            try parsed.root(keys: [other], matching: keyring.identity, now: TestWorld.now)
        }
        #expect(throws: SecurityDomainError.unknownTransferKey) {
            try parsed.root(keys: [key], matching: keyring.identity, now: key.expiresAt)
        }
        key.destroy()
        #expect(throws: SecurityDomainError.authenticationFailed("wrapped key")) {
            try parsed.root(keys: [key], matching: keyring.identity, now: TestWorld.now)
        }
    }

    @Test("A forged blob with a root of its own is refused")
    func forgedRoot() throws {
        let keyring = try TestWorld.keyring.get()
        let key = try ExchangeKey(nodeKey: try TestWorld.nodeKey(1), now: TestWorld.now)
        let forged = try items(keyring, root: try RootKey.generate(generation: 0))
        let parsed = try RestoreBlob(parsing: try blob(forged, to: key))
        #expect(throws: SecurityDomainError.rootMismatch) {
            try parsed.root(keys: [key], matching: keyring.identity, now: TestWorld.now)
        }
    }

    @Test("Missing, additional and renamed items, a short master key, are refused")
    func items() throws {
        let keyring = try TestWorld.keyring.get()
        let key = try ExchangeKey(nodeKey: try TestWorld.nodeKey(1), now: TestWorld.now)
        let good = try items(keyring)
        let extra = SecurityDomainItem(tag: "more", plaintext: try secret([1]))
        for bad in [Array(good.dropLast()), good + [extra], Array(good.dropLast()) + [extra]] {
            let parsed = try RestoreBlob(parsing: try blob(bad, to: key))
            #expect(throws: SecurityDomainError.self) {
                try parsed.root(keys: [key], matching: keyring.identity, now: TestWorld.now)
            }
        }
        let short = try RestoreBlob(parsing: try blob(good, to: key, masterLength: 31))
        #expect(throws: SecurityDomainError.malformed(document: "wrapped key", reason: "31 bytes")) {
            try short.root(keys: [key], matching: keyring.identity, now: TestWorld.now)
        }
    }
}
