import Testing

@testable import CryptographicModule

@Suite("Known answers")
struct KnownAnswerTests {
    init() throws { try ModuleSelfSetup.startSecureHeap() }

    @Test func sha2() throws {
        let cases = try Vectors.load("sha2.txt")
        #expect(cases.count > 150)
        for fields in cases {
            let message = bytes(fields[1])
            let digest =
                switch fields[0] {
                case "256": Digest.sha256(message)
                case "384": Digest.sha384(message)
                default: Digest.sha512(message)
                }
            #expect(hexadecimal(digest) == fields[2])
        }
        // FIPS 180-4 example.
        #expect(hexadecimal(Digest.sha1(Array("abc".utf8))) == "a9993e364706816aba3e25717850c26c9cd0d89d")
    }

    @Test func hmac() throws {
        let cases = try Vectors.load("hmac.txt")
        #expect(cases.count >= 12)
        for fields in cases {
            let key = SecretKey(consuming: try Secret(copying: bytes(fields[1])), id: [])
            let tag =
                fields[0] == "256"
                ? try MAC.hmacSHA256(key: key, bytes(fields[2])) : try MAC.hmacSHA512(key: key, bytes(fields[2]))
            #expect(hexadecimal(tag.prefix(fields[3].count / 2)) == fields[3])
        }
    }

    @Test func keyDerivation() throws {
        for fields in try Vectors.load("kdf.txt") {
            let derived = try KeyDerivation.deriveRawContext(
                try Secret(copying: bytes(fields[0])), label: fields[1], contextBytes: bytes(fields[2]),
                bits: try #require(Int(fields[3])))
            #expect(derived.withUnsafeBytes { hexadecimal($0) } == fields[4])
        }
    }

    /// Fields that differ only in where one ends must not give the same key.
    @Test func contextFieldsDoNotRunTogether() throws {
        func derive(_ context: [[UInt8]]) throws -> [UInt8] {
            try KeyDerivation.derive(try Secret(copying: [1, 2, 3]), label: "l", context: context, bits: 256)
                .withUnsafeBytes { Array($0) }
        }
        let keys = try [[[1, 2], [3]], [[1], [2, 3]], [[1, 2, 3]], [[1, 2, 3], []], [[], [1, 2, 3]]].map(derive)
        #expect(Set(keys).count == keys.count)
    }

    @Test func aesGCM() throws {
        let cases = try Vectors.load("aes-gcm.txt")
        var (good, bad) = (0, 0)
        for fields in cases {
            let (key, iv, data) = (bytes(fields[0]), bytes(fields[1]), bytes(fields[2]))
            let (ciphertext, tag) = (bytes(fields[3]), bytes(fields[4]))
            func open(_ ciphertext: [UInt8], _ tag: [UInt8], _ data: [UInt8]) throws -> [UInt8] {
                let secret = try AESGCM.open(
                    ciphertext, tag: tag, key: try Secret(copying: key), nonce: iv, associatedData: data)
                return secret.withUnsafeBytes { Array($0) }
            }
            guard fields[5] == "P" else {
                bad += 1
                #expect(throws: CryptoError.authenticationFailed) { try open(ciphertext, tag, data) }
                continue
            }
            good += 1
            #expect(try hexadecimal(open(ciphertext, tag, data)) == fields[6])
            let sealed = try AESGCM.seal(
                try Secret(copying: bytes(fields[6])), key: try Secret(copying: key), nonce: iv, associatedData: data)
            #expect(sealed.ciphertext == ciphertext && sealed.tag == tag)
            #expect(throws: CryptoError.authenticationFailed) { try open(ciphertext, Array(tag.dropLast()), data) }
            #expect(throws: CryptoError.authenticationFailed) { try open(ciphertext, [], data) }
            #expect(throws: CryptoError.authenticationFailed) { try open(ciphertext, tag, data + [0]) }
        }
        #expect(good > 30 && bad > 30)
    }

    @Test func rsaOAEP() throws {
        for fields in try Vectors.load("rsa-oaep.txt") {
            let key = try LoadedKey.load(privateKey: try Secret(copying: bytes(fields[0])))
            let ciphertext = bytes(fields[2])
            #expect(try key.decryptOAEP(ciphertext).withUnsafeBytes { hexadecimal($0) } == fields[1])
            // One and the same error, whatever is wrong with the padding or the length.
            for wrong in [
                ciphertext.flipping(bit: 5), ciphertext.flipping(bit: 1000), Array(ciphertext.dropLast()),
                ciphertext + [0], [], [UInt8](repeating: 0, count: ciphertext.count),
                [UInt8](repeating: 0xFF, count: ciphertext.count),
            ] {
                #expect(throws: CryptoError.authenticationFailed) { _ = try key.decryptOAEP(wrong) }
            }
            let sealed = try RSAEnvelope.encrypt(try Secret(copying: [1, 2, 3]), to: key.spkiDER())
            #expect(try key.decryptOAEP(sealed).withUnsafeBytes { Array($0) } == [1, 2, 3])
        }
    }

    /// Published signatures, good and bad, over the three ways to check one.
    @Test(arguments: ["ecdsa.txt", "rsa-pkcs1.txt", "rsa-pss.txt", "rsa-pss-salt10.txt"])
    func signatures(file: String) throws {
        let module = CryptographicModule(keyCacheBytes: 0)
        var counts: [String: Int] = [:]
        for fields in try Vectors.load(file) {
            let algorithm = try #require(SignatureAlgorithm(rawValue: fields[0]))
            let (key, digest, signature): (PublicKey, [UInt8], [UInt8])
            if let curve = algorithm.curve {
                key = .ec(curve, x: bytes(fields[2]), y: bytes(fields[3]))
                (digest, signature) = (bytes(fields[1]), bytes(fields[4]))
            } else {
                key = .rsa(n: Self.trimmed(bytes(fields[1])), e: Self.trimmed(bytes(fields[2])))
                (digest, signature) = (bytes(fields[3]), bytes(fields[4]))
            }
            counts[fields[5], default: 0] += 1
            let isGood = try Self.check(module, key, algorithm, digest, signature)
            #expect(isGood == (fields[5] == "P"), "\(file): \(fields[0]) \(fields[4].prefix(16))")
        }
        #expect(file == "rsa-pss-salt10.txt" || (counts["P", default: 0] > 8 && counts["F", default: 0] > 8))
    }

    private static func trimmed(_ number: [UInt8]) -> [UInt8] { Array(number.drop { $0 == 0 }) }

    /// CAVS moves a point off its curve in some cases: then the key is refused, which counts as a bad signature.
    private static func check(
        _ module: CryptographicModule, _ key: PublicKey, _ algorithm: SignatureAlgorithm, _ digest: [UInt8],
        _ signature: [UInt8]
    ) throws -> Bool {
        let once: Bool
        do {
            once = try module.verify(publicKey: key, algorithm: algorithm, digest: digest, signature: signature)
        } catch CryptoError.malformed {
            return false
        }
        let prepared = try module.verificationKey(for: key)
        for _ in 0..<3 {
            #expect(try prepared.verify(algorithm: algorithm, digest: digest, signature: signature) == once)
        }
        return once
    }
}
