import COpenSSL
import Testing

@testable import CryptographicModule

@Suite("Published answers of encryption")
struct EncryptionVectorTests {
    init() throws { try ModuleSelfSetup.startSecureHeap() }

    private func symmetric(_ octets: String) throws -> LoadedKey {
        try LoadedKey.load(octets: try Secret(copying: bytes(octets)))
    }

    @Test func cbc() throws {
        let cases = try Vectors.load("aes-cbc.txt")
        #expect(cases.count > 80 && Set(cases.map(\.[0].count)) == [32, 48, 64])
        for fields in cases {
            let key = try symmetric(fields[0])
            let (iv, plaintext, ciphertext) = (bytes(fields[1]), bytes(fields[2]), bytes(fields[3]))
            #expect(try plaintext.withUnsafeBytes { try key.encryptCBC(iv: iv, $0) } == ciphertext)
            #expect(try key.decryptCBC(iv: iv, ciphertext)?.copied == plaintext)
            let padded = try #require(try plaintext.withUnsafeBytes { try key.encryptCBCPadded(iv: iv, $0) })
            #expect(padded.count == ciphertext.count + 16 && padded.starts(with: ciphertext))
            #expect(try key.decryptCBCPadded(iv: iv, padded)?.copied == plaintext)
            #expect(try key.decryptCBC(iv: iv, padded)?.copied == plaintext + [UInt8](repeating: 16, count: 16))
        }
    }

    @Test func gcm() throws {
        let cases = try Vectors.load("aes-gcm-short-keys.txt") + Vectors.load("aes-gcm.txt")
        var (good, bad) = (0, 0)
        for fields in cases {
            let key = try symmetric(fields[0])
            let (nonce, data) = (bytes(fields[1]), bytes(fields[2]))
            let (ciphertext, tag) = (bytes(fields[3]), bytes(fields[4]))
            guard fields[5] == "P" else {
                bad += 1
                #expect(throws: CryptoError.authenticationFailed) {
                    try key.openGCM(nonce: nonce, tag: tag, ciphertext, data)
                }
                continue
            }
            good += 1
            let plaintext = bytes(fields[6])
            #expect(try key.openGCM(nonce: nonce, tag: tag, ciphertext, data)?.copied == plaintext)
            let sealed = try plaintext.withUnsafeBytes { try key.sealGCM(nonce: nonce, $0, data) }
            #expect(sealed?.ciphertext == ciphertext && sealed?.tag == tag)
        }
        #expect(good > 200 && bad > 200)
    }

    @Test func keyWrap() throws {
        var counts: [String: Int] = [:]
        for fields in try Vectors.load("aes-kw.txt") {
            let key = try symmetric(fields[1])
            let mode = fields[0] == "KW" ? QK_KW : QK_KWP
            let (plaintext, wrapped) = (bytes(fields[2]), bytes(fields[3]))
            counts[fields[0] + fields[4], default: 0] += 1
            guard fields[4] == "P" else {
                #expect(throws: CryptoError.authenticationFailed) { try key.unwrap(mode, wrapped) }
                continue
            }
            #expect(try plaintext.withUnsafeBytes { try key.wrap(mode, $0) } == wrapped)
            #expect(try key.unwrap(mode, wrapped)?.copied == plaintext)
            #expect(throws: CryptoError.authenticationFailed) { try key.unwrap(mode, wrapped.flipping(bit: 77)) }
        }
        #expect(counts.count == 4 && counts.values.allSatisfy { $0 > 15 }, "\(counts)")
    }

    @Test func hmac() throws {
        for fields in try Vectors.load("hmac-keys.txt") {
            let algorithm = try #require(MACAlgorithm(rawValue: fields[0]))
            #expect(try symmetric(fields[1]).authenticate(algorithm, bytes(fields[2])) == bytes(fields[3]))
        }
    }

    @Test func oaep() throws {
        var (key, seen): (LoadedKey?, Set<String>) = (nil, [])
        for fields in try Vectors.load("rsa-oaep-both.txt") {
            guard fields[0] != "key" else {
                key = try LoadedKey.load(privateKey: try Secret(copying: bytes(fields[1])))
                continue
            }
            let (message, ciphertext) = (bytes(fields[1]), bytes(fields[2]))
            let padding = try #require(EncryptionAlgorithm(rawValue: fields[0])?.padding)
            seen.insert(fields[0])
            #expect(try key?.decrypted(padding, ciphertext) == message)
            let other = padding == QK_OAEP_SHA1 ? QK_OAEP_SHA256 : QK_OAEP_SHA1
            #expect(throws: CryptoError.authenticationFailed) { try key?.decrypted(other, ciphertext) }
            #expect(throws: CryptoError.authenticationFailed) { try key?.decrypted(padding, [0] + ciphertext) }
            #expect(throws: CryptoError.authenticationFailed) {
                try key?.decrypted(padding, Array(ciphertext.dropLast()))
            }
        }
        #expect(seen.count == 2)
    }

    /// What the padding hides and what takes its place where it is wrong, as another implementation computes them.
    @Test func implicitRejection() throws {
        var (key, counts): (LoadedKey?, [String: Int]) = (nil, [:])
        for fields in try Vectors.load("rsaes-pkcs1.txt") {
            guard fields[0] != "key" else {
                key = try LoadedKey.load(privateKey: try Secret(copying: bytes(fields[1])))
                continue
            }
            counts[fields[0], default: 0] += 1
            for _ in 0..<2 {
                #expect(try hexadecimal(key?.decrypted(QK_RSAES_PKCS1, bytes(fields[2])) ?? []) == fields[1])
            }
        }
        #expect(counts["P", default: 0] > 30 && counts["F", default: 0] > 100)
    }
}

extension SensitiveBytes {
    var copied: [UInt8] { withUnsafeBytes { Array($0) } }
}

extension LoadedKey {
    func decrypted(_ padding: qk_rsa_padding, _ ciphertext: [UInt8]) throws -> [UInt8] {
        var length = 0
        var buffer = [UInt8](repeating: 0xEE, count: Int(QK_MODULUS_MAX))
        try buffer.withUnsafeMutableBytes { length = try #require(try decrypt(padding, ciphertext, into: $0)) }
        #expect(buffer[length...].allSatisfy { $0 == 0 }, "nothing but the message")
        return Array(buffer[..<length])
    }
}
