import Foundation
import Testing

@testable import CryptographicModule

/// One of each kind of key, made once: RSA takes time.
private enum Made {
    static let bench = Result { try Bench(cacheBytes: 1 << 20) }
    static let rsa = Result { try [2048, 3072, 4096].map { try bench.get().make(.rsa($0), name: "rsa-\($0)") } }
    static let ec = Result { try EllipticCurve.allCases.map { try bench.get().make(.ec($0), name: $0.jsonName) } }

    static func all() throws -> [GeneratedKey] { try rsa.get() + ec.get() }
}

@Suite("Signing")
struct SigningTests {
    private let bench: Bench
    private let message = Array("the message".utf8)

    init() throws { bench = try Made.bench.get() }

    private func algorithms(_ key: GeneratedKey) -> [SignatureAlgorithm] {
        key.header.curve.map { [$0.algorithm] } ?? SignatureAlgorithm.rsa
    }

    @Test func everyKeySignsWithEveryAlgorithmOfItsKind() throws {
        for key in try Made.all() {
            for algorithm in algorithms(key) {
                let digest = algorithm.digest(of: message)
                let signature = try bench.sign(key, algorithm, digest)
                #expect(
                    signature.count == key.header.curve.map { 2 * $0.coordinateLength } ?? key.header.bits / 8,
                    "r and s, or the modulus")
                func isGood(_ digest: [UInt8], _ signature: [UInt8]) throws -> Bool {
                    try bench.module.verify(
                        publicKey: key.publicHalf, algorithm: algorithm, digest: digest, signature: signature)
                }
                #expect(try isGood(digest, signature))
                #expect(try !isGood(digest.flipping(bit: 3), signature))
                for wrong in [
                    signature.flipping(bit: 0), signature.flipping(bit: signature.count * 8 - 1), [],
                    Array(signature.dropLast()), signature + [0], [0] + signature,
                    [UInt8](repeating: 0, count: signature.count), [UInt8](repeating: 0xFF, count: signature.count),
                ] {
                    #expect(try !isGood(digest, wrong), "\(algorithm) \(wrong.count)")
                }
                for other in algorithms(key) where other != algorithm && other.digestLength == algorithm.digestLength {
                    let confused = try bench.module.verify(
                        publicKey: key.publicHalf, algorithm: other, digest: digest, signature: signature)
                    #expect(!confused, "a signature of \(algorithm) passed as \(other)")
                }
            }
        }
    }

    /// The same check by another process that knows the public key and the bytes only.
    @Test func signaturesSatisfyTheOpenSSLCommand() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        for key in try Made.all() {
            let name = folder.url.appendingPathComponent("key.der").path
            try Data(key.publicHalf.spkiDER()).write(to: URL(fileURLWithPath: name))
            for algorithm in algorithms(key) {
                let digest = algorithm.digest(of: message)
                var signature = try bench.sign(key, algorithm, digest)
                if algorithm.curve != nil { signature = Self.der(signature) }
                var options = ["-pkeyopt", "digest:sha\(algorithm.digestLength * 8)"]
                if algorithm.rawValue.hasPrefix("PS") {
                    options += [
                        "-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest",
                        "-pkeyopt", "rsa_mgf1_md:sha\(algorithm.digestLength * 8)",
                    ]
                }
                func verdict(_ digest: [UInt8]) throws -> Bool {
                    let result = try OpenSSLCommand.run(
                        [
                            "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", name,
                            "-in", try folder.write(digest, "digest"),
                            "-sigfile", try folder.write(signature, "signature"),
                        ] + options)
                    return result.status == 0 && result.output.contains("Signature Verified Successfully")
                }
                #expect(try verdict(digest), "\(key.header.name) \(algorithm)")
                #expect(try !verdict(digest.flipping(bit: 1)))
            }
        }
    }

    /// ECDSA r ‖ s as SEQUENCE of two INTEGERs.
    private static func der(_ raw: [UInt8]) -> [UInt8] {
        DER.sequence(
            DER.integer(Array(raw.prefix(raw.count / 2))), DER.integer(Array(raw.suffix(raw.count / 2))))
    }

    @Test func ecdsaIsRandomizedAndPKCS1IsNot() throws {
        let digest = Digest.sha256(message)
        let ec = try #require(try Made.ec.get().first)
        let made = try (0..<200).map { _ in try bench.sign(ec, .ES256, digest) }
        #expect(Set(made.map { $0.prefix(32) }).count == 200, "a nonce that repeats gives away the key")
        let rsa = try #require(try Made.rsa.get().first)
        #expect(try bench.sign(rsa, .RS256, digest) == bench.sign(rsa, .RS256, digest))
        #expect(try bench.sign(rsa, .PS256, digest) != bench.sign(rsa, .PS256, digest))
    }

    @Test func rAndSKeepTheirWidth() throws {
        // A coordinate begins with a zero byte once in 256 signatures; for P-521 in half of them.
        let digests = (0..<600).map { Digest.sha512(withUnsafeBytes(of: $0) { Array($0) }) }
        let key = try #require(try Made.ec.get().first { $0.header.curve == .p521 })
        let small = try #require(try Made.ec.get().first)
        for digest in digests {
            let signature = try bench.sign(key, .ES512, digest)
            #expect(signature.count == 132 && signature[0] <= 1 && signature[66] <= 1)
            let short = try bench.sign(small, .ES256, Array(digest.prefix(32)))
            #expect(short.count == 64)
            let isGood = try bench.module.verify(
                publicKey: small.publicHalf, algorithm: .ES256, digest: Array(digest.prefix(32)), signature: short)
            #expect(isGood)
        }
    }

    // MARK: What is refused

    @Test func digestsOfAnotherLengthAreRefused() throws {
        for key in try Made.all() {
            for algorithm in algorithms(key) {
                let lengths = [0, 1, 20, 31, 32, 33, 47, 48, 49, 63, 64, 65, 1000]
                for length in lengths where length != algorithm.digestLength {
                    let digest = [UInt8](repeating: 1, count: length)
                    let expected = CryptoError.wrongDigestLength(expected: algorithm.digestLength, got: length)
                    #expect(throws: expected) { try bench.sign(key, algorithm, digest) }
                    #expect(throws: expected) {
                        try bench.module.verify(
                            publicKey: key.publicHalf, algorithm: algorithm, digest: digest, signature: [1])
                    }
                }
            }
        }
    }

    @Test func algorithmsOfAnotherKindOfKeyAreRefused() throws {
        for key in try Made.all() {
            let own = algorithms(key)
            for algorithm in SignatureAlgorithm.allCases where !own.contains(algorithm) {
                let digest = algorithm.digest(of: message)
                #expect(throws: CryptoError.operationNotPermitted("sign")) { try bench.sign(key, algorithm, digest) }
                #expect(throws: CryptoError.operationNotPermitted("verify")) {
                    try bench.module.verify(
                        publicKey: key.publicHalf, algorithm: algorithm, digest: digest, signature: [1])
                }
            }
        }
    }

    @Test func onlyKeysForSigningSign() throws {
        let all: [KeyOperations] = [.verify, .encrypt, .decrypt, .wrapKey, .unwrapKey, .import, .export]
        for operation in all + [[], KeyOperations(all)] {
            let key = try bench.make(.ec(.p256), operations: operation)
            #expect(throws: CryptoError.operationNotPermitted("sign")) {
                try bench.sign(key, .ES256, Digest.sha256(message))
            }
            // Neither does a header that claims more than the record was sealed with, first or cached.
            var header = key.header
            header.operations.insert(.sign)
            for _ in 0..<2 {
                #expect(throws: CryptoError.authenticationFailed) {
                    try bench.sign(header, key.record, .ES256, Digest.sha256(message))
                }
            }
            bench.module.evict(recordDigest: Digest.sha256(key.record.bytes))
            #expect(throws: CryptoError.authenticationFailed) {
                try bench.sign(header, key.record, .ES256, Digest.sha256(message))
            }
        }
    }

    @Test func templatesOutsideTheListAreRefused() throws {
        for bits in [0, 512, 1024, 2047, 2049, 8192, -1, Int.max] {
            #expect(throws: CryptoError.unsupported("RSA keys of \(bits) bits")) { try bench.make(.rsa(bits)) }
        }
        for exponent: [UInt8] in [
            [], [0], [1], [3], [17], [1, 0, 0], [1, 0, 2], [0, 1, 0, 0], [UInt8](repeating: 0xFF, count: 33),
        ] {
            #expect(throws: CryptoError.unsupported("RSA key generation"), "\(exponent)") {
                try bench.make(.rsa(bits: 2048, publicExponent: exponent))
            }
        }
        let odd = try bench.make(.rsa(bits: 2048, publicExponent: [1, 0, 3]))
        guard case .rsa(_, [1, 0, 3]) = odd.publicHalf else {
            Issue.record("the exponent isn't the one that was asked for")
            return
        }
    }

    @Test func weakPublicKeysAreRefused() throws {
        guard case .rsa(let n, _) = try #require(try Made.rsa.get().first).publicHalf else { return }
        for exponent: [UInt8] in [[1], [2], [1, 0, 0], [UInt8](repeating: 0xFF, count: 33)] {
            #expect(throws: CryptoError.keyRejected("public key"), "\(exponent)") {
                try bench.module.verificationKey(for: .rsa(n: n, e: exponent))
            }
        }
        for length in [64, 128, 255, 257, 511, 1024] {
            let modulus = [0x80] + [UInt8](repeating: 1, count: length - 1)
            #expect(throws: CryptoError.unsupported("public key"), "\(length)") {
                try bench.module.verificationKey(for: .rsa(n: modulus, e: [1, 0, 1]))
            }
        }
        for key in try Made.ec.get() {
            guard case .ec(let curve, let x, let y) = key.publicHalf else { continue }
            let zero = [UInt8](repeating: 0, count: x.count)
            for (x, y) in [(x, y.flipping(bit: 0)), (x.flipping(bit: 9), y), (zero, zero), (y, x)] {
                #expect(throws: CryptoError.malformed("public key"), "off the curve") {
                    try bench.module.verificationKey(for: .ec(curve, x: x, y: y))
                }
            }
        }
    }
}
