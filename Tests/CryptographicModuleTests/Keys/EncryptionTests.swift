import Foundation
import Testing

@testable import CryptographicModule

private let allOperations: KeyOperations = [.sign, .verify, .encrypt, .decrypt, .wrapKey, .unwrapKey]

/// A module with a key of each size for encryption.
struct EncryptionBench {
    let bench: Bench
    let keys: [GeneratedKey]

    init(operations: KeyOperations = allOperations) throws {
        let bench = try Bench()
        let materials: [KeyTemplate.Material] = [.oct(bits: 128), .oct(bits: 192), .oct(bits: 256), .rsa(2048)]
        keys = try materials.map { try bench.make($0, operations: operations) }
        self.bench = bench
    }

    var module: CryptographicModule { bench.module }

    func encrypt(
        _ key: GeneratedKey, _ algorithm: EncryptionAlgorithm, _ plaintext: [UInt8], iv: [UInt8]? = nil,
        aad: [UInt8] = []
    ) throws -> EncryptedValue {
        try module.encrypt(
            header: key.header, recordDigest: Digest.sha256(key.record.bytes),
            fetch: { () throws(CryptoError) in key.record }, algorithm: algorithm,
            plaintext: SensitiveBytes(copying: plaintext), iv: iv, associatedData: aad)
    }

    func decrypt(
        _ key: GeneratedKey, _ algorithm: EncryptionAlgorithm, _ value: EncryptedValue, aad: [UInt8] = []
    ) throws -> [UInt8] {
        try module.decrypt(
            header: key.header, recordDigest: Digest.sha256(key.record.bytes),
            fetch: { () throws(CryptoError) in key.record }, algorithm: algorithm,
            ciphertext: value.ciphertext, iv: value.iv, tag: value.tag, associatedData: aad
        ).copied
    }

    func wrap(_ key: GeneratedKey, _ algorithm: KeyWrapAlgorithm, _ plaintext: [UInt8]) throws -> [UInt8] {
        try module.wrap(
            header: key.header, recordDigest: Digest.sha256(key.record.bytes),
            fetch: { () throws(CryptoError) in key.record }, algorithm: algorithm,
            key: SensitiveBytes(copying: plaintext))
    }

    func unwrap(_ key: GeneratedKey, _ algorithm: KeyWrapAlgorithm, _ wrapped: [UInt8]) throws -> [UInt8] {
        try module.unwrap(
            header: key.header, recordDigest: Digest.sha256(key.record.bytes),
            fetch: { () throws(CryptoError) in key.record }, algorithm: algorithm, wrapped: wrapped
        ).copied
    }

    func authenticate(_ key: GeneratedKey, _ algorithm: MACAlgorithm, _ message: [UInt8]) throws -> [UInt8] {
        try module.authenticate(
            header: key.header, recordDigest: Digest.sha256(key.record.bytes),
            fetch: { () throws(CryptoError) in key.record }, algorithm: algorithm, message: message)
    }

    func isAuthentic(
        _ key: GeneratedKey, _ algorithm: MACAlgorithm, _ message: [UInt8], _ code: [UInt8]
    ) throws -> Bool {
        try module.isAuthentic(
            header: key.header, recordDigest: Digest.sha256(key.record.bytes),
            fetch: { () throws(CryptoError) in key.record }, algorithm: algorithm, message: message, code: code)
    }
}

@Suite("Encryption with stored keys")
struct EncryptionTests {
    private func message(_ count: Int) -> [UInt8] { Random.bytes(count) }

    @Test func everyAlgorithmWithEveryKey() throws {
        let bench = try EncryptionBench()
        for key in bench.keys {
            for algorithm in EncryptionAlgorithm.allCases {
                guard algorithm.fits(key.header) else {
                    #expect(throws: CryptoError.operationNotPermitted("encrypt")) {
                        try bench.encrypt(key, algorithm, message(16))
                    }
                    #expect(throws: CryptoError.operationNotPermitted("decrypt")) {
                        try bench.decrypt(key, algorithm, EncryptedValue(ciphertext: message(256)))
                    }
                    continue
                }
                for count in [0, 1, 15, 16, 17, 32, 100, 190, 65536] {
                    if algorithm.mode == .rsa && count > 190 || algorithm.mode == .cbc && count == 0 { continue }
                    let plain = message(count)
                    let value = try bench.encrypt(key, algorithm, plain, aad: [1, 2, 3])
                    #expect(value.iv.count == algorithm.ivLength && value.tag.count == algorithm.tagLength)
                    let filled = algorithm.mode == .cbc ? (count + 15) / 16 * 16 - count : 0
                    let opened = try bench.decrypt(key, algorithm, value, aad: [1, 2, 3])
                    #expect(opened == plain + [UInt8](repeating: 0, count: filled), "\(algorithm), \(count)")
                    // A byte may well come out the same under another IV.
                    guard count >= 15 else { continue }
                    #expect(try bench.encrypt(key, algorithm, plain).ciphertext != value.ciphertext)
                }
            }
            for algorithm in KeyWrapAlgorithm.allCases {
                guard algorithm.fits(key.header) else {
                    #expect(throws: CryptoError.operationNotPermitted("wrapKey")) {
                        try bench.wrap(key, algorithm, message(16))
                    }
                    #expect(throws: CryptoError.operationNotPermitted("unwrapKey")) {
                        try bench.unwrap(key, algorithm, message(256))
                    }
                    continue
                }
                for count in [16, 24, 32, 64] + (algorithm == .aesKeyWrapPad ? [1, 7, 8, 9, 20, 65535] : []) {
                    let plain = message(count)
                    let wrapped = try bench.wrap(key, algorithm, plain)
                    #expect(try bench.unwrap(key, algorithm, wrapped) == plain)
                }
            }
        }
        #expect(throws: CryptoError.operationNotPermitted("sign")) {
            try bench.bench.sign(bench.keys[0], .ES256, message(32))
        }
    }

    /// A key that may do one thing does nothing else.
    @Test func eachOperationNeedsItsOwnPermission() throws {
        for allowed: KeyOperations in [.sign, .verify, .encrypt, .decrypt, .wrapKey, .unwrapKey, .import, .export] {
            let bench = try EncryptionBench(operations: allowed)
            let (oct, rsa) = (bench.keys[2], bench.keys[3])
            func check(_ operation: KeyOperations, _ body: () throws -> Void) {
                do {
                    try body()
                    #expect(allowed == operation)
                } catch CryptoError.operationNotPermitted(let name) {
                    #expect(allowed != operation && operation.jsonNames == [name])
                } catch {
                    // Permitted, but the bytes are no ciphertext.
                    #expect(allowed == operation && error as? CryptoError == .authenticationFailed)
                }
            }
            let empty = EncryptedValue(ciphertext: message(16), iv: message(12), tag: message(16))
            check(.encrypt) { _ = try bench.encrypt(oct, .A256GCM, [1]) }
            check(.encrypt) { _ = try bench.encrypt(rsa, .rsaOAEP, [1]) }
            check(.decrypt) { _ = try bench.decrypt(oct, .A256GCM, empty) }
            check(.decrypt) { _ = try bench.decrypt(rsa, .rsa15, EncryptedValue(ciphertext: [0] + message(255))) }
            check(.wrapKey) { _ = try bench.wrap(oct, .A256KW, message(16)) }
            check(.wrapKey) { _ = try bench.wrap(rsa, .rsa15, message(16)) }
            check(.unwrapKey) { _ = try bench.unwrap(oct, .aesKeyWrapPad, message(24)) }
            check(.unwrapKey) { _ = try bench.unwrap(rsa, .rsaOAEP256, message(256)) }
            check(.sign) { _ = try bench.authenticate(oct, .HS256, [1]) }
            check(.verify) { _ = try bench.isAuthentic(oct, .HS256, [1], message(32)) }
        }
    }

    @Test func codes() throws {
        let bench = try EncryptionBench()
        for key in bench.keys.prefix(3) {
            for algorithm in MACAlgorithm.allCases {
                let code = try bench.authenticate(key, algorithm, [1, 2])
                #expect(code.count == algorithm.length)
                #expect(try bench.isAuthentic(key, algorithm, [1, 2], code))
                #expect(try !bench.isAuthentic(key, algorithm, [1, 3], code))
                #expect(try !bench.isAuthentic(key, algorithm, [1, 2], code.flipping(bit: code.count * 8 - 1)))
                #expect(try !bench.isAuthentic(key, algorithm, [1, 2], Array(code.dropLast())))
                #expect(try !bench.isAuthentic(key, algorithm, [1, 2], []))
            }
        }
        #expect(throws: CryptoError.operationNotPermitted("sign")) {
            try bench.authenticate(bench.keys[3], .HS256, [1])
        }
    }

    /// Every refusal names the parameter, and comes before the key does anything.
    @Test func wrongLengths() throws {
        let bench = try EncryptionBench()
        let (oct, rsa) = (bench.keys[0], bench.keys[3])
        func refuses(_ name: String, _ body: () throws -> Void) {
            do {
                try body()
                Issue.record("\(name) was taken")
            } catch CryptoError.invalidParameter(let got, _) {
                #expect(got == name)
            } catch {
                Issue.record("\(error)")
            }
        }
        refuses("iv") { _ = try bench.encrypt(oct, .A128GCM, [1], iv: message(12)) }
        refuses("iv") { _ = try bench.encrypt(oct, .A128GCM, [1], iv: []) }
        for count in [0, 8, 12, 15, 17] {
            refuses("iv") { _ = try bench.encrypt(oct, .A128CBC, [1], iv: message(count)) }
            refuses("iv") { _ = try bench.encrypt(oct, .A128CBCPAD, [1], iv: message(count)) }
        }
        let sealed = try bench.encrypt(oct, .A128GCM, message(40))
        for count in [0, 4, 12, 15, 17] {
            let value = EncryptedValue(
                ciphertext: sealed.ciphertext, iv: sealed.iv, tag: Array((sealed.tag + [0]).prefix(count)))
            refuses("tag") { _ = try bench.decrypt(oct, .A128GCM, value) }
        }
        for count in [0, 8, 11, 13, 16] {
            let value = EncryptedValue(ciphertext: sealed.ciphertext, iv: message(count), tag: sealed.tag)
            refuses("iv") { _ = try bench.decrypt(oct, .A128GCM, value) }
        }
        refuses("value") { _ = try bench.encrypt(oct, .A128CBC, []) }
        for algorithm: EncryptionAlgorithm in [.A128GCM, .A128CBC, .A128CBCPAD] {
            refuses("value") { _ = try bench.encrypt(oct, algorithm, message(65537)) }
        }
        refuses("aad") { _ = try bench.encrypt(oct, .A128GCM, [1], aad: message(65537)) }
        for count in [0, 1, 15, 17] {
            let value = EncryptedValue(ciphertext: message(count), iv: message(16))
            refuses("value") { _ = try bench.decrypt(oct, .A128CBC, value) }
        }
        for count in [0, 8, 15, 17, 23, 65544] { refuses("value") { _ = try bench.wrap(oct, .A128KW, message(count)) } }
        for count in [0, 65537] { refuses("value") { _ = try bench.wrap(oct, .aesKeyWrapPad, message(count)) } }
        let limits: [(EncryptionAlgorithm, Int)] = [(.rsaOAEP, 214), (.rsaOAEP256, 190), (.rsa15, 245)]
        for (algorithm, limit) in limits {
            #expect(try bench.decrypt(rsa, algorithm, bench.encrypt(rsa, algorithm, message(limit))).count == limit)
            refuses("value") { _ = try bench.encrypt(rsa, algorithm, message(limit + 1)) }
        }
    }

    /// Whatever is wrong: one error, one text.
    @Test func ciphertextsThatAreNotGenuine() throws {
        let bench = try EncryptionBench()
        let oct = bench.keys[1]
        func fails(_ body: () throws -> Void) {
            #expect(throws: CryptoError.authenticationFailed, performing: body)
        }
        let sealed = try bench.encrypt(oct, .A192GCM, message(40), aad: [7])
        fails { _ = try bench.decrypt(oct, .A192GCM, sealed) }
        fails { _ = try bench.decrypt(oct, .A192GCM, sealed, aad: [8]) }
        for bit in 0..<128 {
            let (tag, text) = (sealed.tag.flipping(bit: bit), sealed.ciphertext.flipping(bit: bit))
            fails {
                let value = EncryptedValue(ciphertext: sealed.ciphertext, iv: sealed.iv, tag: tag)
                _ = try bench.decrypt(oct, .A192GCM, value, aad: [7])
            }
            fails {
                let value = EncryptedValue(ciphertext: text, iv: sealed.iv, tag: sealed.tag)
                _ = try bench.decrypt(oct, .A192GCM, value, aad: [7])
            }
        }
        for count in [0, 1, 8, 15, 17, 23, 33] {
            fails { _ = try bench.unwrap(oct, .A192KW, message(count)) }
            fails { _ = try bench.unwrap(oct, .aesKeyWrapPad, message(count)) }
            fails {
                _ = try bench.decrypt(oct, .A192CBCPAD, EncryptedValue(ciphertext: message(count), iv: message(16)))
            }
        }
        let wrapped = try bench.wrap(oct, .aesKeyWrap, message(32))
        for bit in 0..<wrapped.count * 8 { fails { _ = try bench.unwrap(oct, .A192KW, wrapped.flipping(bit: bit)) } }
    }

    /// The last block of a padded text with each value of its last byte, and each length of padding broken at each
    /// place.
    @Test func padding() throws {
        let bench = try EncryptionBench()
        let key = bench.keys[0]
        for last in 0..<256 {
            let block = [UInt8](repeating: 3, count: 15) + [UInt8(last)]
            let raw = try bench.encrypt(key, .A128CBC, block)
            let isPadding = last == 1 || last == 3
            if isPadding {
                #expect(try bench.decrypt(key, .A128CBCPAD, raw) == Array(block.dropLast(last)))
            } else {
                #expect(throws: CryptoError.authenticationFailed, "\(last)") {
                    try bench.decrypt(key, .A128CBCPAD, raw)
                }
            }
        }
        for length in 1...16 {
            let block = [UInt8](repeating: 0x77, count: 16 - length) + [UInt8](repeating: UInt8(length), count: length)
            let good = try bench.encrypt(key, .A128CBC, block)
            #expect(try bench.decrypt(key, .A128CBCPAD, good).count == 16 - length)
            for place in 16 - length..<16 {
                var broken = block
                broken[place] = 0x77
                let bad = try bench.encrypt(key, .A128CBC, broken)
                #expect(throws: CryptoError.authenticationFailed) { try bench.decrypt(key, .A128CBCPAD, bad) }
            }
        }
    }

    /// Ciphertexts in the form of RSA1_5 always give something, always the same, and nothing tells which of them were
    /// good.
    @Test func pkcs1NeverRefuses() throws {
        let bench = try EncryptionBench()
        let key = bench.keys[3]
        guard case .rsa(let modulus, _)? = key.publicKey else { return }
        var lengths: Set<Int> = []
        for _ in 0..<300 {
            let value = EncryptedValue(ciphertext: [modulus[0] - 1] + message(255))
            let first = try bench.decrypt(key, .rsa15, value)
            #expect(try bench.decrypt(key, .rsa15, value) == first)
            #expect(try bench.unwrap(key, .rsa15, value.ciphertext) == first)
            lengths.insert(first.count)
        }
        #expect(lengths.count > 100 && lengths.allSatisfy { $0 <= 245 })
        for wrong in [[], message(255), message(257), modulus, [UInt8](repeating: 0xFF, count: 256)] {
            #expect(throws: CryptoError.authenticationFailed) {
                try bench.decrypt(key, .rsa15, EncryptedValue(ciphertext: wrong))
            }
        }
    }

    /// Records hold keys of their header's length only, and are bound to their headers as those of pairs are.
    @Test func records() throws {
        let bench = try EncryptionBench()
        for (key, bits) in zip(bench.keys, [128, 192, 256]) {
            #expect(key.header.keyType == .octHSM && key.header.bits == bits && key.header.curve == nil)
            #expect(key.publicKey == nil && key.header.publicDigest.count == 32)
            let opened = try Sealing.open(
                key.record, under: bench.bench.kek, associatedData: key.header.associatedData())
            #expect(opened.count == bits / 8)
            var header = key.header
            header.operations = .sign
            let (record, module) = (key.record, bench.module)
            #expect(throws: CryptoError.authenticationFailed) {
                try module.authenticate(
                    header: header, recordDigest: Digest.sha256(record.bytes),
                    fetch: { () throws(CryptoError) in record }, algorithm: .HS256, message: [])
            }
        }
        let wrong = try bench.bench.plant(pkcs8: message(24), .octHSM, curve: nil, bits: 256)
        #expect(throws: CryptoError.malformed("symmetric key")) {
            try bench.module.authenticate(
                header: wrong.header, recordDigest: Digest.sha256(wrong.record.bytes),
                fetch: { () throws(CryptoError) in wrong.record }, algorithm: .HS256, message: [])
        }
        for bits in [0, 64, 127, 129, 512] {
            #expect(throws: CryptoError.unsupported("symmetric keys of \(bits) bits")) {
                try bench.bench.make(.oct(bits: bits))
            }
        }
        #expect(Set(try (0..<50).map { _ in try bench.bench.make(.oct(bits: 128)).header.publicDigest }).count == 50)
    }
}
