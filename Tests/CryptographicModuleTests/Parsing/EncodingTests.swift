import Foundation
import Testing

@testable import CryptographicModule

@Suite("Encodings")
struct EncodingTests {
    @Test func base64URLOfTheRFC() {
        // RFC 4648 section 10, without padding.
        for (plain, text) in [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            #expect(Base64URL.encode(Array(plain.utf8)) == text)
            #expect(Base64URL.decode(text) == Array(plain.utf8))
        }
        #expect(Base64URL.encode([0xFB, 0xFF, 0xBF]) == "-_-_")
    }

    @Test func base64URLIsStrict() {
        for text in [
            "Zg==", "Zg=", "Z", "Zm9vY", "Zh", "Zm9", " Zg", "Zg ", "Zg\n", "Z+g", "Z/g", "Zü", "Zg\0", "====",
            "Zm9vYmFyA",
        ] {
            #expect(Base64URL.decode(text) == nil, "\(text)")
        }
    }

    /// Whatever decodes is exactly what encoding would have written: no two texts stand for the same bytes.
    @Test func base64URLFuzz() {
        var random = SeededGenerator(21)
        var decoded = 0
        for round in 0..<50_000 {
            let bytes = (0..<round % 40).map { _ in UInt8.random(in: 0...255, using: &random) }
            let text = Base64URL.encode(bytes)
            #expect(Base64URL.decode(text) == bytes)
            #expect(Data(base64Encoded: Self.ordinary(text)) == Data(bytes), "another implementation agrees")
            let mutated = Array(text.utf8).mutated(&random)
            guard let other = Base64URL.decode(mutated) else { continue }
            decoded += 1
            #expect(Array(Base64URL.encode(other).utf8) == mutated)
        }
        #expect(decoded > 1000)
    }

    private static func ordinary(_ text: String) -> String {
        let digits = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        return digits + String(repeating: "=", count: (4 - digits.count % 4) % 4)
    }

    @Test func derReaderFuzz() {
        var random = SeededGenerator(22)
        let base = DER.sequence(
            DER.integer([1, 2, 3]), DER.bitString([UInt8](repeating: 9, count: 200)),
            DER.sequence(DER.integer([UInt8](repeating: 0x80, count: 300))))
        var read = 0
        for _ in 0..<50_000 {
            var reader = DER.Reader(base.mutated(&random))
            while let content = reader.read([0x30, 0x02, 0x03][Int.random(in: 0..<3, using: &random)]) {
                read += 1
                #expect(content.count <= 4096)
                var inner = DER.Reader(content)
                while inner.read(0x02) != nil {}
            }
        }
        #expect(read > 1000)
    }

    @Test func derLengthsAreMinimal() {
        for bytes: [UInt8] in [
            [0x02], [0x02, 0x01], [0x02, 0x80], [0x02, 0x81], [0x02, 0x81, 0x01, 0x00], [0x02, 0x82, 0x00, 0x80],
            [0x02, 0x82, 0x01], [0x02, 0x83, 0, 0, 1, 0], [0x02, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], [0x02, 0xFF],
            [0x02, 0x88, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        ] {
            var reader = DER.Reader(bytes)
            #expect(reader.read(0x02) == nil, "\(bytes)")
        }
        #expect(DER.integer([]) == [2, 1, 0] && DER.integer([0, 0]) == [2, 1, 0])
        #expect(DER.integer([0x80]) == [2, 2, 0, 0x80])
    }

    /// What the parser takes, OpenSSL takes as well or refuses cleanly; and it writes back the same bytes.
    @Test func publicKeyFuzz() throws {
        let module = CryptographicModule(keyCacheBytes: 0)
        var random = SeededGenerator(23)
        var (parsed, usable) = (0, 0)
        for spki in try Self.publicKeys() {
            #expect(try PublicKey(spkiDER: spki).spkiDER() == spki)
            _ = try module.verificationKey(for: try PublicKey(spkiDER: spki))
            for round in 0..<4000 {
                let mutated = spki.mutated(&random)
                if round % 8 == 0 { _ = try? LoadedKey.load(publicKey: mutated) }
                guard let key = try? PublicKey(spkiDER: mutated) else { continue }
                parsed += 1
                #expect(key.spkiDER() == mutated)
                guard mutated != spki, let ready = try? module.verificationKey(for: key) else { continue }
                usable += 1
                let algorithm = SignatureAlgorithm.allCases.first { $0.fits(key) } ?? .RS256
                let isGood = try ready.verify(
                    algorithm: algorithm, digest: [UInt8](repeating: 1, count: algorithm.digestLength),
                    signature: [UInt8](repeating: 1, count: 256))
                #expect(!isGood)
            }
        }
        #expect(parsed > 100 && usable > 10)
    }

    private static func publicKeys() throws -> [[UInt8]] {
        let rsa = try Vectors.load("rsa-pkcs1.txt")
        let keys = Set(rsa.map { PublicKey.rsa(n: bytes($0[1]), e: Array(bytes($0[2]).drop { $0 == 0 })).spkiDER() })
        let curves = try Vectors.load("planted-keys.txt").compactMap { fields in
            EllipticCurve(jsonName: fields[1]).map { curve in
                let point = bytes(fields[2])
                let half = curve.coordinateLength
                return PublicKey.ec(curve, x: Array(point.prefix(half)), y: Array(point.suffix(half))).spkiDER()
            }
        }
        return keys.sorted { hexadecimal($0) < hexadecimal($1) }.prefix(3) + curves
    }

    @Test func publicKeysAgreeWithTheOpenSSLCommand() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        for spki in try Self.publicKeys() {
            let input = try folder.write(spki, "in.der")
            let output = folder.url.appendingPathComponent("out.der").path
            let result = try OpenSSLCommand.run(
                ["pkey", "-pubin", "-inform", "DER", "-in", input, "-outform", "DER", "-out", output])
            #expect(result.status == 0, "\(result.output)")
            #expect(try Data(contentsOf: URL(fileURLWithPath: output)) == Data(spki))
        }
    }

    /// Signatures are bytes from outside as well.
    @Test func signatureFuzz() throws {
        let bench = try Bench()
        var random = SeededGenerator(24)
        for material: KeyTemplate.Material in [.rsa(2048), .ec(.p256), .ec(.p521)] {
            let key = try bench.make(material)
            let algorithm = key.header.curve?.algorithm ?? .PS256
            let digest = algorithm.digest(of: [1])
            let signature = try bench.sign(key, algorithm, digest)
            let ready = try bench.module.verificationKey(for: key.publicHalf)
            for _ in 0..<2000 {
                let mutated = signature.mutated(&random)
                guard mutated != signature else { continue }
                #expect(try !ready.verify(algorithm: algorithm, digest: digest, signature: mutated))
            }
            #expect(try ready.verify(algorithm: algorithm, digest: digest, signature: signature))
        }
    }

    /// DER signatures of the nodes' own protocol.
    @Test func derSignatureFuzz() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let key = try NodeKey.make(in: folder)
        let signature = try key.sign([1, 2, 3])
        var random = SeededGenerator(25)
        #expect(FileSigningKey.verify(spkiDER: key.spkiDER, message: [1, 2, 3], signature: signature))
        for _ in 0..<3000 {
            let mutated = signature.mutated(&random)
            guard mutated != signature else { continue }
            #expect(!FileSigningKey.verify(spkiDER: key.spkiDER, message: [1, 2, 3], signature: mutated))
        }
        for _ in 0..<500 {
            let spki = key.spkiDER.mutated(&random)
            guard spki != key.spkiDER else { continue }
            #expect(!FileSigningKey.verify(spkiDER: spki, message: [1, 2, 3], signature: signature))
            #expect(!RSAEnvelope.verifyPSS(publicKey: spki, message: [1], signature: signature))
        }
    }
}
