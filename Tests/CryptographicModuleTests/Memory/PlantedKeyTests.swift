import COpenSSL
import Foundation
import Testing

@testable import CryptographicModule

/// A key whose private numbers the test knows, masked until they are planted.
private struct PlantedKey {
    let kind: String
    let detail: String
    let publicPart: [UInt8]
    let pkcs8: Marker
    /// The private numbers, and the middle of each.
    let wholes: [Marker]
    let secrets: [Marker]

    static func load() throws -> [PlantedKey] {
        try Vectors.load("planted-keys.txt").map { fields in
            let names = fields[0] == "RSA" ? ["p", "q", "d", "dp", "dq", "qinv"] : ["d"]
            let wholes = zip(names, fields.dropFirst(4)).map { Marker(masked: $1, "\($0) of \(fields[1])") }
            return PlantedKey(
                kind: fields[0], detail: fields[1], publicPart: bytes(fields[2]),
                pkcs8: Marker(masked: fields[3], "PKCS#8"), wholes: wholes, secrets: wholes.map(\.core))
        }
    }

    var curve: EllipticCurve? { EllipticCurve(jsonName: detail) }
    var algorithms: [SignatureAlgorithm] { curve.map { [$0.algorithm] } ?? SignatureAlgorithm.rsa }
    var markers: [Marker] { secrets + secrets.map(\.reversed) }

    /// In the file p, q, d, dp, dq, qinv; of an EC key d.
    var members: KeyToImport {
        guard let curve else {
            return .rsa(
                KeyToImport.RSAMembers(
                    n: Base64URL.encode(publicPart), e: "AQAB", d: wholes[2].base64URL, p: wholes[0].base64URL,
                    q: wholes[1].base64URL, dp: wholes[3].base64URL, dq: wholes[4].base64URL,
                    qi: wholes[5].base64URL))
        }
        return .ec(curve, d: wholes[0].base64URL, x: nil, y: nil)
    }

    /// The PKCS#8 goes straight into secure memory.
    func seal(in bench: Bench) throws -> (header: KeyHeader, record: SealedRecord) {
        let header = KeyHeader(
            poolID: Bench.poolID, kind: KeyHeader.customerKind, name: "planted", version: Random.bytes(16),
            keyType: kind == "RSA" ? .rsaHSM : .ecHSM, curve: curve, bits: curve?.bits ?? Int(detail) ?? 0,
            operations: [.sign], exportable: false, releasePolicyDigest: [], releasePolicyImmutable: false,
            createdAt: 0, revision: 0, publicDigest: [])
        let secret = try Secret(count: pkcs8.count) { target in pkcs8.unmask(into: target) }
        return (header, try Sealing.seal(secret, under: bench.kek, associatedData: header.associatedData()))
    }

    var publicKey: PublicKey {
        guard let curve else { return .rsa(n: publicPart, e: [1, 0, 1]) }
        let half = curve.coordinateLength
        return .ec(curve, x: Array(publicPart.prefix(half)), y: Array(publicPart.suffix(half)))
    }
}

@Suite("Planted keys", .serialized)
struct PlantedKeyTests {
    /// Text and bytes that leave the module while a planted key is used in every way: right, wrong, damaged.
    private func everythingThatLeaves(_ key: PlantedKey, _ bench: Bench) throws -> [[UInt8]] {
        var (out, texts): ([[UInt8]], [String]) = ([], [])
        let (header, record) = try key.seal(in: bench)
        out += [record.bytes, header.associatedData()]
        texts += ["\(header)", "\(record.bytes.count)", String(reflecting: bench.module), "\(bench.kek)"]
        var dumped = ""
        for value in [bench.module, bench.kek, header, record] as [Any] { dump(value, to: &dumped) }
        texts.append(dumped)
        func attempt(_ body: () throws -> [UInt8]) {
            do { out.append(try body()) } catch { texts += ["\(error)", String(reflecting: error)] }
        }
        for algorithm in SignatureAlgorithm.allCases {
            attempt { try bench.sign(header, record, algorithm, algorithm.digest(of: [1])) }
            attempt { try bench.sign(header, record, algorithm, [1, 2, 3]) }
        }
        bench.module.evict(recordDigest: Digest.sha256(record.bytes))
        for bit in stride(from: 0, to: record.bytes.count * 8, by: 97) {
            attempt {
                let changed = try SealedRecord(parsing: record.bytes.flipping(bit: bit))
                return try bench.sign(header, changed, key.algorithms[0], key.algorithms[0].digest(of: [1]))
            }
        }
        // A PKCS#8 that is sealed properly but damaged inside: OpenSSL's own complaints must not come through.
        for cut in stride(from: 1, to: key.pkcs8.count, by: 41) {
            let secret = try Secret(count: key.pkcs8.count) { target in
                key.pkcs8.unmask(into: target)
                target[cut] ^= 0x80
            }
            let damaged = try Sealing.seal(secret, under: bench.kek, associatedData: header.associatedData())
            attempt { try bench.sign(header, damaged, key.algorithms[0], key.algorithms[0].digest(of: [1])) }
        }
        return out + texts.map { Array($0.utf8) }
    }

    @Test func privateNumbersNeverLeave() throws {
        let bench = try Bench()
        for key in try PlantedKey.load() {
            let all = try everythingThatLeaves(key, bench)
            #expect(all.count > 30)
            for marker in key.markers + key.secrets.map(\.asText) {
                #expect(all.allSatisfy { marker.occurs(in: $0) == 0 }, "\(marker.name)")
            }
            // The signatures among them are this key's, so it was really used.
            let (header, record) = try key.seal(in: bench)
            for algorithm in key.algorithms {
                let digest = algorithm.digest(of: [9])
                let signature = try bench.sign(header, record, algorithm, digest)
                let isGood = try bench.module.verify(
                    publicKey: key.publicKey, algorithm: algorithm, digest: digest, signature: signature)
                #expect(isGood)
            }
            // The search finds what is there.
            let planted = [1, 2, 3] + key.secrets[0].unmasked + [4]
            #expect(key.secrets[0].occurs(in: planted) == 1)
            #expect(key.secrets[0].reversed.occurs(in: planted.reversed()) == 1)
        }
    }

    /// In a process of its own: while a key is open its numbers are in memory; after `evict` and after `lock` they are
    /// nowhere in it.
    @Test func nothingIsLeftAfterEvictAndLock() async {
        await #expect(processExitsWith: .success) {
            let bench = try Bench()
            for key in try PlantedKey.load() {
                let markers = key.markers + [key.pkcs8.core]
                let (header, record) = try key.seal(in: bench)
                #expect(MemoryScan.count(markers).isEmpty, "sealed")
                for isLocking in [false, true] {
                    for algorithm in key.algorithms {
                        for round in 0..<3 {
                            _ = try bench.sign(header, record, algorithm, algorithm.digest(of: [UInt8(round)]))
                        }
                    }
                    #expect(!MemoryScan.count(markers).isEmpty, "an open key is in memory, or the search is blind")
                    if isLocking {
                        bench.module.lock()
                    } else {
                        bench.module.evict(recordDigest: Digest.sha256(record.bytes))
                    }
                    let left = MemoryScan.count(markers)
                    #expect(left.isEmpty, "\(isLocking ? "locked" : "evicted"): \(left)")
                    bench.module.unlock(kek: bench.kek)
                }
            }
        }
    }

    /// What the module generates can't be known beforehand: it is opened once more, and then looked for.
    @Test func nothingIsLeftOfAGeneratedKey() async {
        await #expect(processExitsWith: .success) {
            let bench = try Bench()
            for material: KeyTemplate.Material in [.rsa(2048), .ec(.p256), .ec(.p384), .ec(.p521), .ec(.p256K)] {
                let key = try bench.make(material)
                let opened = try Sealing.open(
                    key.record, under: bench.kek, associatedData: key.header.associatedData())
                let marker = opened.withUnsafeBytes { Marker(masking: Self.privateNumber($0, key.header), "d") }
                _ = consume opened
                let markers = [marker, marker.reversed]
                #expect(MemoryScan.count(markers).isEmpty, "generated: \(MemoryScan.count(markers))")
                let algorithm = key.header.curve?.algorithm ?? .PS256
                _ = try bench.sign(key, algorithm, algorithm.digest(of: [1]))
                #expect(!MemoryScan.count(markers).isEmpty)
                bench.module.lock()
                #expect(MemoryScan.count(markers).isEmpty, "locked: \(MemoryScan.count(markers))")
                bench.module.unlock(kek: bench.kek)
            }
        }
    }

    /// Keys that come from outside: nothing stays of what was decoded, checked and encoded; nor after decryption in all
    /// ways and eviction.
    @Test func nothingIsLeftOfAnImportedKey() async {
        await #expect(processExitsWith: .success) {
            let bench = try Bench()
            for key in try PlantedKey.load() {
                let made = try bench.module.importKey(
                    ImportTemplate(
                        poolID: Bench.poolID, name: "imported", version: Random.bytes(16), key: key.members,
                        operations: [.sign, .decrypt], createdAt: 0))
                #expect(MemoryScan.count(key.markers).isEmpty, "imported: \(MemoryScan.count(key.markers))")
                _ = try bench.sign(made, key.algorithms[0], key.algorithms[0].digest(of: [1]))
                for algorithm: EncryptionAlgorithm in [.rsa15, .rsaOAEP, .rsaOAEP256] where key.curve == nil {
                    _ = try? bench.module.decrypt(
                        header: made.header, recordDigest: Digest.sha256(made.record.bytes),
                        fetch: { () throws(CryptoError) in made.record }, algorithm: algorithm,
                        ciphertext: [1] + Random.bytes(made.header.bits / 8 - 1))
                }
                #expect(!MemoryScan.count(key.markers).isEmpty, "an open key is in memory, or the search is blind")
                bench.module.evict(recordDigest: Digest.sha256(made.record.bytes))
                #expect(MemoryScan.count(key.markers).isEmpty, "evicted: \(MemoryScan.count(key.markers))")
            }
        }
    }

    @Test func nothingIsLeftOfASymmetricKey() async {
        await #expect(processExitsWith: .success) {
            let bench = try EncryptionBench()
            for (key, bits) in zip(bench.keys, [128, 192, 256]) {
                let opened = try Sealing.open(
                    key.record, under: bench.bench.kek, associatedData: key.header.associatedData())
                let marker = opened.withUnsafeBytes { Marker(masking: $0, "k of \(bits)") }
                _ = consume opened
                #expect(MemoryScan.count([marker]).isEmpty, "generated: \(MemoryScan.count([marker]))")
                for algorithm in EncryptionAlgorithm.allCases where algorithm.fits(key.header) {
                    let value = try bench.encrypt(key, algorithm, [1, 2, 3])
                    _ = try bench.decrypt(key, algorithm, value)
                }
                _ = try bench.unwrap(key, .aesKeyWrapPad, bench.wrap(key, .aesKeyWrapPad, [1]))
                _ = try bench.authenticate(key, .HS512, [1])
                #expect(MemoryScan.count([marker]) == [marker.name: 1], "in the secure heap, and nowhere else")
                bench.module.lock()
                #expect(MemoryScan.count([marker]).isEmpty, "locked: \(MemoryScan.count([marker]))")
                bench.module.unlock(kek: bench.bench.kek)
            }
        }
    }

    /// 24 bytes from the middle of d: of an RSA key d begins behind n and e, of an EC key behind the header.
    private static func privateNumber(_ pkcs8: UnsafeRawBufferPointer, _ header: KeyHeader) -> UnsafeRawBufferPointer {
        let start = header.keyType == .rsaHSM ? 330 : 40
        return UnsafeRawBufferPointer(rebasing: pkcs8[start..<start + 24])
    }
}

extension Marker {
    /// From the files: already masked.
    fileprivate init(masked: some StringProtocol, _ name: String) {
        self.init(name: name, masked: bytes(masked))
    }

    fileprivate init(masking plain: UnsafeRawBufferPointer, _ name: String) {
        self.init(name: name, masked: plain.map { $0 ^ Self.mask })
    }

    fileprivate func unmask(into target: UnsafeMutableRawBufferPointer) {
        for index in 0..<count { target[index] = byte(index) }
    }

    /// In base64url, made digit by digit so that the bytes themselves are nowhere.
    fileprivate var base64URL: String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        return String(
            (0..<(count * 8 + 5) / 6).map { place in
                var value = 0
                for bit in place * 6..<place * 6 + 6 {
                    value = value << 1 | (bit < count * 8 ? Int(byte(bit / 8) >> (7 - bit % 8)) & 1 : 0)
                }
                return digits[value]
            })
    }

    /// As hexadecimal digits, which is how a careless message would show it.
    fileprivate var asText: Marker {
        let text = hexadecimal(unmasked)
        return Marker(name: name + ", as text", masked: text.utf8.map { $0 ^ Self.mask })
    }
}
