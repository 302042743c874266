import COpenSSL
import Testing

@testable import CryptographicModule

/// Keys that cross the module's boundary wrapped: in, for a key of the pool; out, for somebody else's.
@Suite("Transfer and release")
struct TransferTests {
    private let bench: Bench
    /// The pair that wrapped keys come for, as a stored key that is for importing only.
    private let wrapper: GeneratedKey
    private let vectors: [[String]]
    /// The same pair outside.
    private let outside: LoadedKey

    init() throws {
        bench = try Bench(cacheBytes: 1 << 20)
        let all = try Vectors.load("rsa-aes-wrap.txt")
        let pkcs8 = bytes(try #require(all.first)[1])
        outside = try LoadedKey.load(privateKey: try Secret(copying: pkcs8))
        let place = KeyPlace(
            poolID: Bench.poolID, name: "wrapper", version: Random.bytes(16), operations: .import, createdAt: 1,
            export: nil)
        wrapper = try bench.module.seal(outside, .rsaHSM, bits: 2048, place, bench.kek)
        vectors = Array(all.dropFirst())
    }

    private func take(
        _ wrapped: [UInt8], _ type: KeyType, curve: EllipticCurve? = nil, with wrapper: GeneratedKey? = nil
    ) throws(CryptoError) -> GeneratedKey {
        let wrapper = wrapper ?? self.wrapper
        return try bench.module.importTransferred(
            TransferTemplate(
                poolID: Bench.poolID, name: "target", version: Random.bytes(16), keyType: type, curve: curve,
                wrapped: wrapped, operations: [.sign, .verify], createdAt: 7),
            header: wrapper.header, recordDigest: Digest.sha256(wrapper.record.bytes)
        ) { () throws(CryptoError) in wrapper.record }
    }

    /// The reason of a refusal.
    private func refusal(_ wrapped: [UInt8], _ type: KeyType, curve: EllipticCurve? = nil) -> String {
        do throws(CryptoError) {
            _ = try take(wrapped, type, curve: curve)
            return "taken"
        } catch {
            guard case .invalidParameter(_, let reason) = error else { return "\(error)" }
            return reason
        }
    }

    private func wrap(_ key: [UInt8], length: Int = 32) throws -> [UInt8] {
        let octets = Random.bytes(length)
        let encrypted = try #require(try octets.withUnsafeBytes { try outside.encrypt(QK_OAEP_SHA1, $0) })
        guard [16, 24, 32].contains(length) else { return encrypted + Random.bytes(48) }
        let transport = try LoadedKey.load(octets: try Secret(copying: octets))
        return try encrypted + #require(try key.withUnsafeBytes { try transport.wrap(QK_KWP, $0) })
    }

    @Test func keysThatAnotherImplementationWrapped() throws {
        var types: Set<String> = []
        for fields in vectors {
            let type = try #require(KeyType.allCases.first { $0.jsonName == fields[0] })
            let curve = EllipticCurve(jsonName: fields[1])
            let key = try take(bytes(fields[2]), type, curve: curve)
            types.insert(fields[0] + fields[1])
            #expect(key.header.keyType == type && key.header.curve == curve && key.header.createdAt == 7)
            guard type == .octHSM else {
                #expect(try key.publicHalf.spkiDER() == bytes(fields[3]))
                continue
            }
            let own = try LoadedKey.load(octets: try Secret(copying: bytes(fields[3])))
            let code = try bench.module.authenticate(
                header: key.header, recordDigest: Digest.sha256(key.record.bytes),
                fetch: { () throws(CryptoError) in key.record }, algorithm: .HS256, message: [1])
            #expect(try code == own.authenticate(.HS256, [1]))
        }
        #expect(types.count == 7)
    }

    @Test func whateverIsWrongWithTheWrappingLooksTheSame() throws {
        let good = bytes(try #require(vectors.first { $0[0] == "oct-HSM" })[2])
        let opaque = refusal(good.flipping(bit: 7), .octHSM)
        #expect(opaque.contains("can't be unwrapped"))
        var random = SeededGenerator(11)
        for bit in [0, 800, 2047, 2048, 2100, good.count * 8 - 1] {
            #expect(refusal(good.flipping(bit: bit), .octHSM) == opaque, "\(bit)")
        }
        for wrong in [
            [], [1], Array(good.dropLast()), Array(good.dropLast(8)), good + [0], Array(good.prefix(256)),
            Array(good.prefix(272)), [UInt8](repeating: 0, count: good.count), good + Random.bytes(9000),
            try wrap(Random.bytes(16), length: 17), try wrap(Random.bytes(16), length: 64),
        ] {
            #expect(refusal(wrong, .octHSM) == opaque, "\(wrong.count)")
        }
        for _ in 0..<100 {
            let mutant = good.mutated(&random)
            guard mutant != good else { continue }
            #expect(refusal(mutant, .octHSM) == opaque)
        }
    }

    @Test func theKeyMustBeWhatItIsSaidToBe() throws {
        let pairs = vectors.filter { $0[0] != "oct-HSM" }
        for fields in pairs {
            let wrapped = bytes(fields[2])
            for type in [KeyType.rsaHSM, .ecHSM, .okpHSM] where type.jsonName != fields[0] {
                #expect(refusal(wrapped, type).contains("another type"))
            }
            #expect(refusal(wrapped, .octHSM).contains("16, 24 or 32 bytes"))
            guard let curve = EllipticCurve(jsonName: fields[1]) else { continue }
            for other in EllipticCurve.allCases where other != curve {
                #expect(refusal(wrapped, .ecHSM, curve: other).contains("another type"))
            }
            _ = try take(wrapped, .ecHSM)
        }
        #expect(refusal(try wrap(Random.bytes(32)), .rsaHSM).contains("PKCS #8"))
        #expect(refusal(try wrap([UInt8](repeating: 5, count: 32)), .octHSM).contains("equal"))
        for count in [1, 15, 17, 33, 64] { #expect(refusal(try wrap(Random.bytes(count)), .octHSM).contains("16, 24")) }
    }

    /// Weak and damaged keys are refused here as they are when they come in the clear.
    @Test func weakKeysAreRefused() throws {
        let seed = DER.element(0x04, [UInt8](repeating: 9, count: 32))
        let ed25519: [UInt8] = [0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70]
        let good = DER.sequence([2, 1, 0], ed25519, DER.element(0x04, seed))
        #expect(refusal(try wrap(good), .okpHSM) == "taken")
        let ec = DER.sequence([6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1], EllipticCurve.p256.objectIdentifier)
        func elliptic(_ scalar: [UInt8], _ rest: [UInt8] = []) -> [UInt8] {
            DER.sequence([2, 1, 0], ec, DER.element(0x04, DER.sequence([2, 1, 1], DER.element(0x04, scalar), rest)))
        }
        let (zero, high) = ([UInt8](repeating: 0, count: 32), [UInt8](repeating: 0xFF, count: 32))
        #expect(refusal(try wrap(elliptic(zero)), .ecHSM).contains("above 0"))
        #expect(refusal(try wrap(elliptic(high)), .ecHSM).contains("above 0"))
        let point = DER.element(0xA1, DER.bitString([4] + [UInt8](repeating: 3, count: 64)))
        #expect(refusal(try wrap(elliptic(zero.dropLast() + [1], point)), .ecHSM).contains("the point"))
        let members = try #require(try Vectors.load("import-rsa.txt").first { $0[0] == "key.p" })
        let numbers = try members[3...].map { DER.integer(try #require(Base64URL.decode($0))) }
        let rsa: [UInt8] = [0x30, 0x0D, 6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 5, 0]
        let weak = DER.sequence(
            [2, 1, 0], rsa, DER.element(0x04, DER.element(0x30, [2, 1, 0] + numbers.flatMap { $0 })))
        #expect(!["taken", ""].contains(refusal(try wrap(weak), .rsaHSM)) && members[0] == "key.p")
        let large = [DER.integer([UInt8](repeating: 0x7F, count: 1024))] + numbers.dropFirst()
        let tooLarge = DER.sequence(
            [2, 1, 0], rsa, DER.element(0x04, DER.element(0x30, [2, 1, 0] + large.flatMap { $0 })))
        #expect(refusal(try wrap(tooLarge), .rsaHSM).contains("2048, 3072 or 4096 bits"))
        var random = SeededGenerator(12)
        for _ in 0..<200 {
            let mutant = good.mutated(&random)
            // Nothing can't be wrapped at all.
            guard !mutant.isEmpty else { continue }
            // Only the private bytes themselves may change without harm.
            let reason = refusal(try wrap(mutant), .okpHSM)
            #expect(reason == "taken" ? mutant.count == good.count : !reason.isEmpty)
        }
    }

    @Test func onlyAKeyForImportingUnwraps() throws {
        let wrapped = bytes(try #require(vectors.last)[2])
        for operations: KeyOperations in [[.decrypt, .unwrapKey], [.sign], []] {
            let place = KeyPlace(
                poolID: Bench.poolID, name: "other", version: Random.bytes(16), operations: operations, createdAt: 1,
                export: nil)
            let other = try bench.module.seal(outside, .rsaHSM, bits: 2048, place, bench.kek)
            #expect(throws: CryptoError.operationNotPermitted("import")) {
                try take(wrapped, .octHSM, with: other)
            }
        }
        // And does nothing else.
        #expect(throws: CryptoError.operationNotPermitted("unwrapKey")) {
            _ = try bench.module.unwrap(
                header: wrapper.header, recordDigest: Digest.sha256(wrapper.record.bytes),
                fetch: { () throws(CryptoError) in wrapper.record }, algorithm: .rsaOAEP, wrapped: wrapped)
        }
    }

    // MARK: Release

    private let policy = Array(#"{"version":"1.0.0"}"#.utf8)

    private func exportable(_ material: KeyTemplate.Material, _ isExportable: Bool = true) throws -> GeneratedKey {
        var template = Bench.template(material)
        template.export = ExportTerms(
            isExportable: isExportable, policyDigest: Digest.sha256(policy), isPolicyImmutable: false)
        return try bench.module.generateKey(template)
    }

    private func release(
        _ key: GeneratedKey, policy: [UInt8]? = nil, to target: PublicKey? = nil, _ wrapping: ReleaseWrapping = .sha1
    ) throws(CryptoError) -> [UInt8] {
        let target = target ?? wrapper.publicHalf
        return try bench.module.release(
            header: key.header, recordDigest: Digest.sha256(key.record.bytes),
            fetch: { () throws(CryptoError) in key.record }, policy: policy ?? self.policy, to: target,
            wrapping: wrapping)
    }

    @Test func whatIsReleasedIsTheKey() throws {
        for material in [KeyTemplate.Material.rsa(2048), .ec(.p521), .ed25519, .oct(bits: 192)] {
            let key = try exportable(material)
            #expect(key.header.exportable)
            for wrapping in ReleaseWrapping.allCases {
                let released = try release(key, wrapping)
                let transport = try outside.decrypted(wrapping.padding, Array(released.prefix(256)))
                #expect(transport.count == 32)
                let plain = try LoadedKey.load(octets: try Secret(copying: transport))
                    .unwrap(QK_KWP, Array(released.dropFirst(256)))
                let record = try Sealing.open(
                    key.record, under: bench.kek, associatedData: key.header.associatedData())
                #expect(plain?.copied == record.withUnsafeBytes { Array($0) })
            }
            // What goes out comes in again.
            #expect(try take(release(key), key.header.keyType).publicKey == key.publicKey)
        }
    }

    @Test func nothingElseIsReleased() throws {
        let key = try exportable(.ec(.p256))
        #expect(throws: CryptoError.operationNotPermitted("release")) { try release(key, policy: policy + [0x20]) }
        let fixed = try exportable(.ec(.p256), false)
        #expect(throws: CryptoError.operationNotPermitted("release")) { try release(fixed) }
        // A header that claims more than the record was sealed with opens nothing.
        let plain = try bench.make(.ec(.p256))
        var header = plain.header
        (header.exportable, header.releasePolicyDigest) = (true, Digest.sha256(policy))
        let doctored = GeneratedKey(header: header, publicKey: plain.publicKey, record: plain.record)
        #expect(throws: CryptoError.authenticationFailed) { try release(doctored) }
        guard case .rsa(let n, _) = wrapper.publicHalf else { return }
        for target in [
            PublicKey.rsa(n: Array(n.prefix(128)), e: [1, 0, 1]), .rsa(n: n, e: [1]), .rsa(n: n, e: [2]),
            key.publicHalf,
        ] {
            #expect(throws: CryptoError.self) { try release(key, to: target) }
        }
    }

    @Test func oaepWithSHA384() throws {
        for fields in try Vectors.load("rsa-oaep-384.txt") {
            let key = try LoadedKey.load(privateKey: try Secret(copying: bytes(fields[0])))
            #expect(try key.decrypted(QK_OAEP_SHA384, bytes(fields[2])) == bytes(fields[1]))
            #expect(throws: CryptoError.authenticationFailed) { try key.decrypted(QK_OAEP_SHA256, bytes(fields[2])) }
        }
    }
}
