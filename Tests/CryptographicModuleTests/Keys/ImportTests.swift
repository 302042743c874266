import Foundation
import Testing

@testable import CryptographicModule

/// RSA members by their names, as a client sends them.
private struct Members {
    static let names = ["n", "e", "d", "p", "q", "dp", "dq", "qi"]
    var texts: [String]

    var key: KeyToImport {
        .rsa(
            KeyToImport.RSAMembers(
                n: texts[0], e: texts[1], d: texts[2], p: texts[3], q: texts[4], dp: texts[5], dq: texts[6],
                qi: texts[7]))
    }
}

@Suite("Import")
struct ImportTests {
    private func take(
        _ bench: Bench, _ key: KeyToImport, operations: KeyOperations = [.sign, .decrypt, .encrypt]
    ) throws(CryptoError) -> GeneratedKey {
        try bench.module.importKey(
            ImportTemplate(
                poolID: Bench.poolID, name: "imported", version: Random.bytes(16), key: key, operations: operations,
                createdAt: 5))
    }

    /// The member that is refused, or "ok".
    private func verdict(_ bench: Bench, _ key: KeyToImport) -> String {
        do throws(CryptoError) {
            _ = try take(bench, key)
            return "ok"
        } catch {
            guard case .invalidParameter(let name, let reason) = error, !reason.isEmpty else { return "\(error)" }
            return name
        }
    }

    @Test func rsa() throws {
        let bench = try Bench()
        var verdicts: [String: Int] = [:]
        for fields in try Vectors.load("import-rsa.txt") {
            let members = Members(texts: Array(fields[3...]))
            let got = verdict(bench, members.key)
            #expect(got == fields[0], "\(fields[1])")
            verdicts[got, default: 0] += 1
            guard !fields[2].isEmpty else { continue }
            let key = try take(bench, members.key)
            #expect(key.publicKey == .rsa(n: try #require(Base64URL.decode(members.texts[0])), e: [1, 0, 1]))
            #expect(key.header.keyType == .rsaHSM && key.header.publicDigest.count == 32 && key.header.createdAt == 5)
            let signature = try bench.sign(key, .RS256, Digest.sha256(Array("abc".utf8)))
            #expect(hexadecimal(signature) == fields[2], "what another implementation signs with it")
        }
        #expect(Set(verdicts.keys) == ["ok", "key.n", "key.e", "key.d", "key.p", "key.q", "key.dp", "key.dq", "key.qi"])
    }

    /// The longest modulus fills the room that there is for a number: zeros before it must not.
    @Test func longestNumbersWithZerosBeforeThem() throws {
        let bench = try Bench()
        let longest = try #require(try Vectors.load("import-rsa.txt").first { $0[1] == "4096 bits" })
        let good = Members(texts: Array(longest[3...]))
        let texts = try good.texts.map { text in
            let number = try #require(Base64URL.decode(text))
            return Base64URL.encode([0] + number)
        }
        let padded = Members(texts: texts)
        #expect(verdict(bench, padded.key) == "ok")
        for (index, name) in Members.names.enumerated() {
            var long = good
            long.texts[index] = Base64URL.encode([UInt8](repeating: 1, count: 513))
            #expect(verdict(bench, long.key) == "key.\(name)")
        }
    }

    @Test func ellipticCurves() throws {
        let bench = try Bench()
        for fields in try Vectors.load("import-ec.txt") {
            let curve = try #require(EllipticCurve(jsonName: fields[2]))
            let point = fields[4...5].map { $0.isEmpty ? nil : $0 }
            let key = KeyToImport.ec(curve, d: fields[3], x: point[0], y: point[1])
            #expect(verdict(bench, key) == fields[0], "\(fields[2]): \(fields[1])")
            guard fields[0] == "ok" else { continue }
            let imported = try take(bench, key)
            #expect(imported.header.curve == curve && imported.header.bits == curve.bits)
            let digest = Random.bytes(curve.algorithm.digestLength)
            let signature = try bench.sign(imported, curve.algorithm, digest)
            let isGood = try bench.module.verify(
                publicKey: imported.publicHalf, algorithm: curve.algorithm, digest: digest, signature: signature)
            #expect(isGood)
            guard let x = point[0], let y = point[1] else { continue }
            let given = PublicKey.ec(
                curve, x: try #require(Base64URL.decode(x)), y: try #require(Base64URL.decode(y)))
            #expect(imported.publicKey == given)
        }
    }

    /// Clients write the numbers as integers: with a zero before a set top bit, without those at the top. Of the first
    /// point of each curve x begins with a zero, of the second one y.
    @Test(arguments: [
        (EllipticCurve.p256, 379), (.p256, 43), (.p256K, 153), (.p256K, 122), (.p384, 197), (.p384, 176), (.p521, 2),
    ])
    func ellipticNumbersWithMoreOrFewerZeros(_ curve: EllipticCurve, _ scalar: Int) throws {
        let bench = try Bench()
        let fill = [UInt8](repeating: 0, count: curve.coordinateLength)
        let d = Array(fill.dropLast(2)) + [UInt8(scalar >> 8), UInt8(scalar & 255)]
        let made = try take(bench, .ec(curve, d: Base64URL.encode(d), x: nil, y: nil))
        guard case .ec(_, let x, let y)? = made.publicKey else { throw CryptoError.internalFailure("no point") }
        #expect(x[0] == 0 || y[0] == 0)
        func key(_ d: [UInt8], _ x: [UInt8], _ y: [UInt8]) -> KeyToImport {
            .ec(curve, d: Base64URL.encode(d), x: Base64URL.encode(x), y: Base64URL.encode(y))
        }
        let forms: [([UInt8]) -> [UInt8]] = [
            { Array($0.drop { $0 == 0 }) }, { [0] + $0 }, { fill + $0 },
        ]
        for form in forms {
            let imported = try take(bench, key(form(d), form(x), form(y)))
            #expect(imported.publicKey == made.publicKey)
        }
        // What is longer as a number, or another one, stays refused.
        #expect(verdict(bench, key(d, [1] + x, y)) == "key.x")
        #expect(verdict(bench, key(d, x, [1] + fill + y)) == "key.y")
        #expect(verdict(bench, key([1] + d, x, y)) == "key.d")
        #expect(verdict(bench, key(fill + [0], x, y)) == "key.d")
        #expect(verdict(bench, key(d, Array(x.dropLast()), y)) == "key.x")
        #expect(verdict(bench, key(d, [0], y)) == "key.x")
    }

    @Test func symmetric() throws {
        let bench = try EncryptionBench()
        for count in [16, 24, 32] {
            let octets = Random.bytes(count)
            let key = try take(bench.bench, .oct(k: Base64URL.encode(octets)))
            #expect(key.header.keyType == .octHSM && key.header.bits == count * 8 && key.publicKey == nil)
            let own = try LoadedKey.load(octets: try Secret(copying: octets))
            #expect(try bench.authenticate(key, .HS384, [1, 2, 3]) == own.authenticate(.HS384, [1, 2, 3]))
        }
        for count in [0, 1, 8, 15, 17, 23, 25, 31, 33, 64, 600] {
            #expect(verdict(bench.bench, .oct(k: Base64URL.encode(Random.bytes(count)))) == "key.k")
        }
        for byte: UInt8 in [0, 1, 0xFF] {
            let weak = Base64URL.encode([UInt8](repeating: byte, count: 32))
            #expect(verdict(bench.bench, .oct(k: weak)) == "key.k")
        }
    }

    /// Texts that aren't base64url, too long ones, and any change of any number.
    @Test func mutants() throws {
        let bench = try Bench()
        var random = SeededGenerator(4)
        let good = Members(texts: Array(try #require(try Vectors.load("import-rsa.txt").first)[3...]))
        for (index, name) in Members.names.enumerated() {
            let digit = good.texts[index].last.map(String.init) ?? ""
            let wrongs = [
                "", "=", "!", good.texts[index] + "=", good.texts[index] + "+", String(repeating: "A", count: 1000),
                String(good.texts[index].dropLast()) + (digit == "_" ? " " : "é"),
            ]
            for wrong in wrongs {
                var members = good
                members.texts[index] = wrong
                #expect(verdict(bench, members.key) == "key.\(name)", "\(wrong.prefix(20))")
            }
            for _ in 0..<(index == 0 || index == 3 || index == 4 ? 40 : 4) {
                var members = good
                let number = try #require(Base64URL.decode(good.texts[index])).mutated(&random)
                members.texts[index] = Base64URL.encode(number)
                guard Array(number.drop { $0 == 0 }) != Base64URL.decode(good.texts[index]) else { continue }
                #expect(verdict(bench, members.key).hasPrefix("key."), "\(name)")
            }
            // Leading zeros change no number.
            var padded = good
            padded.texts[index] = Base64URL.encode([0] + (Base64URL.decode(good.texts[index]) ?? []))
            #expect(verdict(bench, padded.key) == "ok", "\(name)")
        }
        for _ in 0..<300 {
            let curve = EllipticCurve.allCases.randomElement(using: &random) ?? .p256
            let fields = Random.bytes(curve.coordinateLength).mutated(&random)
            let result = verdict(bench, .ec(curve, d: Base64URL.encode(fields), x: nil, y: nil))
            #expect(result == "ok" || result == "key.d")
        }
    }

    @Test func needsAnUnlockedModule() throws {
        let bench = try Bench()
        bench.module.lock()
        #expect(throws: CryptoError.operationNotPermitted("the module is locked")) {
            try take(bench, .oct(k: Base64URL.encode(Random.bytes(16))))
        }
    }
}
