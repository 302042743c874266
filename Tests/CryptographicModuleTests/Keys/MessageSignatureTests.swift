import COpenSSL
import Testing

@testable import CryptographicModule

@Suite("Signatures over values as they are")
struct MessageSignatureTests {
    private let bench: Bench

    init() throws { bench = try Bench() }

    private func sign(
        _ key: GeneratedKey, _ algorithm: MessageSignatureAlgorithm, _ message: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        try bench.module.sign(
            header: key.header, recordDigest: Digest.sha256(key.record.bytes),
            fetch: { () throws(CryptoError) in key.record }, algorithm: algorithm, message: message)
    }

    private func isGood(
        _ key: GeneratedKey, _ algorithm: MessageSignatureAlgorithm, _ message: [UInt8], _ signature: [UInt8]
    ) throws(CryptoError) -> Bool {
        try bench.module.verify(
            publicKey: key.publicHalf, algorithm: algorithm, message: message, signature: signature)
    }

    /// DER of a DigestInfo (RFC 8017 section 9.2 note 1).
    private static let sha256Prefix: [UInt8] = [
        0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
        0x20,
    ]

    @Test func rsnullPadsAsRS256Does() throws {
        for bits in [2048, 3072] {
            let key = try bench.make(.rsa(bits))
            let digest = Digest.sha256([1, 2, 3])
            let info = Self.sha256Prefix + digest
            let bare = try sign(key, .RSNULL, info)
            #expect(try bare == bench.sign(key, .RS256, digest))
            #expect(try isGood(key, .RSNULL, info, bare))
            #expect(try !isGood(key, .RSNULL, digest, bare))
            #expect(try !isGood(key, .RSNULL, info, bare.flipping(bit: 9)))
            #expect(try !isGood(key, .RSNULL, info, Array(bare.dropLast())))
            #expect(try !isGood(key, .RSNULL, info, [0] + bare))
        }
    }

    /// Block type 1 and at least eight bytes of padding whatever is asked for: never the bare private operation, which
    /// could decrypt.
    @Test func rsnullIsNeverTheBareOperation() throws {
        let key = try bench.make(.rsa(2048), operations: [.sign, .verify, .encrypt])
        let pair = try LoadedKey.load(publicKey: key.publicHalf.spkiDER())
        for length in [1, 20, 36, 51, 244, 245] {
            let value = [UInt8](repeating: 0, count: length)
            let signature = try sign(key, .RSNULL, value)
            #expect(try isGood(key, .RSNULL, value, signature), "\(length)")
        }
        let secret = try #require(try [UInt8](1...32).withUnsafeBytes { try pair.encrypt(QK_OAEP_SHA256, $0) })
        for value in [[], [UInt8](repeating: 1, count: 246), [UInt8](repeating: 1, count: 255), secret, secret + [0]] {
            #expect(throws: CryptoError.self) { try sign(key, .RSNULL, value) }
            do throws(CryptoError) {
                _ = try sign(key, .RSNULL, value)
            } catch {
                guard case .invalidParameter("value", _) = error else {
                    Issue.record("\(error)")
                    continue
                }
            }
            #expect(try !isGood(key, .RSNULL, value, secret))
        }
    }

    @Test func ed25519() throws {
        var counts: [String: Int] = [:]
        for fields in try Vectors.load("ed25519.txt") {
            let key = try bench.module.importKey(
                ImportTemplate(
                    poolID: Bench.poolID, name: "vector", version: Random.bytes(16),
                    key: .ed25519(
                        d: Base64URL.encode(bytes(fields[0])), x: Base64URL.encode(bytes(fields[1]))),
                    operations: [.sign, .verify], createdAt: 1))
            #expect(key.publicKey == .ed25519(x: bytes(fields[1])) && key.header.keyType == .okpHSM)
            let (message, signature) = (bytes(fields[2]), bytes(fields[3]))
            counts[fields[4], default: 0] += 1
            #expect(try isGood(key, .EdDSA, message, signature) == (fields[4] == "P"), "\(fields[3])")
            if fields[4] == "P" { #expect(try sign(key, .EdDSA, message) == signature) }
        }
        #expect(counts["P", default: 0] > 12 && counts["F", default: 0] > 40)
    }

    @Test func ed25519KeysAreMadeHere() throws {
        let key = try bench.make(.ed25519)
        #expect(key.header.keyType == .okpHSM && key.header.curve == nil && key.header.bits == 255)
        let publicKey = try #require(key.publicKey)
        #expect(try PublicKey(spkiDER: publicKey.spkiDER()) == publicKey)
        #expect(key.header.publicDigest == Digest.sha256(publicKey.spkiDER()))
        let message = Random.bytes(1000)
        let signature = try sign(key, .EdDSA, message)
        #expect(signature.count == 64)
        #expect(try isGood(key, .EdDSA, message, signature))
        for wrong in [[], Array(signature.dropLast()), signature + [0], [UInt8](repeating: 0, count: 64)] {
            #expect(try !isGood(key, .EdDSA, message, wrong))
        }
        // Without the private half in memory, and again.
        bench.module.evict(recordDigest: Digest.sha256(key.record.bytes))
        #expect(try sign(key, .EdDSA, message) == signature)
        let other = try bench.make(.ed25519)
        #expect(other.publicKey != key.publicKey)
        #expect(try !isGood(other, .EdDSA, message, signature))
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let (rsa, ec, okp) = (try bench.make(.rsa(2048)), try bench.make(.ec(.p256)), try bench.make(.ed25519))
        for (key, algorithm) in [
            (rsa, MessageSignatureAlgorithm.EdDSA), (ec, .EdDSA), (ec, .RSNULL), (okp, .RSNULL),
        ] {
            #expect(throws: CryptoError.operationNotPermitted("sign")) { try sign(key, algorithm, [1]) }
            #expect(throws: CryptoError.operationNotPermitted("verify")) { try isGood(key, algorithm, [1], [1]) }
        }
        for algorithm in SignatureAlgorithm.allCases {
            let digest = [UInt8](repeating: 1, count: algorithm.digestLength)
            #expect(throws: CryptoError.operationNotPermitted("sign")) { try bench.sign(okp, algorithm, digest) }
        }
        let noSigner = try bench.make(.ed25519, operations: [.verify])
        #expect(throws: CryptoError.operationNotPermitted("sign")) { try sign(noSigner, .EdDSA, [1]) }
    }

    @Test func ed25519ImportsAreChecked() throws {
        func take(_ d: [UInt8], _ x: [UInt8]?) throws -> GeneratedKey {
            try bench.module.importKey(
                ImportTemplate(
                    poolID: Bench.poolID, name: "k", version: Random.bytes(16),
                    key: .ed25519(d: Base64URL.encode(d), x: x.map { Base64URL.encode($0) }), operations: [.sign],
                    createdAt: 1))
        }
        func isRefused(_ d: [UInt8], _ x: [UInt8]?, _ name: String) {
            do {
                _ = try take(d, x)
                Issue.record("taken")
            } catch CryptoError.invalidParameter(let refused, _) {
                #expect(refused == name)
            } catch {
                Issue.record("\(error)")
            }
        }
        let seed = Random.bytes(32)
        guard case .ed25519(let x)? = try take(seed, nil).publicKey else {
            Issue.record("not an Ed25519 key")
            return
        }
        #expect(try take(seed, x).publicKey == .ed25519(x: x))
        isRefused(seed, x.flipping(bit: 3), "key.x")
        isRefused(seed, Array(x.dropLast()), "key.x")
        isRefused(Array(seed.dropLast()), nil, "key.d")
        isRefused(seed + [0], nil, "key.d")
    }
}
