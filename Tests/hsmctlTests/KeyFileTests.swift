import ArgumentParser
import CryptographicModule
import Foundation
import StrictJSON
import Testing

@testable import hsmctl

/// The files that `hsmctl key` reads and writes.
@Suite struct KeyFileTests {
    @Test func encryptedFilesAreReadAsTheyWereWritten() throws {
        let answer = JSONObject.make { writer in
            writer.member("kid", "https://a/keys/k/0123")
            writer.member("value", Base64URL.encode([1, 2, 3]))
            writer.member("iv", Base64URL.encode([UInt8](repeating: 4, count: 12)))
            writer.member("tag", Base64URL.encode([UInt8](repeating: 5, count: 16)))
        }
        let file = try EncryptedFile(answer: answer, algorithm: "A256GCM")
        let read = try EncryptedFile(parsing: file.bytes(.json), form: nil, algorithm: nil, file: "f")
        #expect(read == file)
        let raw = file.bytes(.raw)
        #expect(raw.count == 12 + 3 + 16)
        var fromRaw = try EncryptedFile(parsing: raw, form: .raw, algorithm: "A256GCM", file: "f")
        #expect(fromRaw.keyIdentifier == nil)
        fromRaw.keyIdentifier = file.keyIdentifier
        #expect(fromRaw == file)
        // RSA has nothing around the block, CBC an iv only.
        #expect(try EncryptedFile(parsing: raw, form: .raw, algorithm: "RSA-OAEP", file: "f").value == raw)
        let chained = try EncryptedFile(parsing: raw, form: .raw, algorithm: "A128CBC", file: "f")
        #expect(chained.iv == Array(raw.prefix(16)) && chained.tag.isEmpty)
        for (bytes, algorithm) in [(Array(raw.prefix(27)), "A256GCM"), (Array(raw.prefix(15)), "A256CBC")] {
            #expect(throws: ClientError.self) {
                try EncryptedFile(parsing: bytes, form: .raw, algorithm: algorithm, file: "f")
            }
        }
        for bytes in [raw, Array("{}".utf8), Array("{".utf8), []] {
            #expect(throws: ClientError.self) {
                try EncryptedFile(parsing: bytes, form: nil, algorithm: nil, file: "f")
            }
        }
    }

    @Test func aFileNamesTheVersionThatIsUsed() throws {
        let latest = try KeyArgument.parse(["k"])
        #expect(latest.path(usedBy: "https://a/keys/k/0123") == "/keys/k/0123")
        #expect(latest.path(usedBy: "https://a/keys/other/0123") == "/keys/k")
        #expect(latest.path(usedBy: "https://a/keys/k2/0123") == "/keys/k")
        #expect(latest.path(usedBy: nil) == "/keys/k")
        #expect(try KeyArgument.parse(["k/4567"]).path(usedBy: "https://a/keys/k/0123") == "/keys/k/4567")
    }

    @Test func anOfficersKeyIsOpenedOnce() throws {
        try SecretHandling.begin()
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let pem = try Data(contentsOf: tests.appending(path: "SecurityDomainTests/Vectors/officer1.key"))
        var asked: [String] = []
        let keys = OfficerKeys { path in
            asked.append(path)
            // What doesn't open is asked for again.
            if asked.count == 1 { throw ClientError.usage("no pass phrase") }
            return try RSAPrivateKey(pem: try Secret(copying: Array(pem))) { throw ClientError.usage("encrypted") }
        }
        #expect(throws: ClientError.self) { try keys.key("a") }
        for path in ["a", "a", "b", "a"] { _ = try keys.key(path) }
        #expect(asked == ["a", "a", "b"])
    }

    private func told(_ bytes: [UInt8]) throws -> PrivateKeyForm? {
        try SecretHandling.begin()
        return PrivateKeyForm.told(by: try Secret(copying: bytes))
    }

    private func members(_ form: PrivateKeyForm, _ bytes: [UInt8]) throws -> [(name: String, value: String)] {
        try SecretHandling.begin()
        return try form.members(try Secret(copying: bytes), file: "f")
    }

    @Test func privateKeysAreToldByTheirFirstBytes() throws {
        #expect(try told(Array("-----BEGIN PRIVATE KEY-----".utf8)) == .pem)
        #expect(try told(Array("Bag Attributes\n-----BEGIN PRIVATE KEY-----".utf8)) == .pem)
        #expect(try told(Array(" \n{\"kty\":\"oct\"}".utf8)) == .jwk)
        #expect(try told([0x30, 0x82]) == .der)
        #expect(try told([UInt8](repeating: 7, count: 32)) == nil && told([]) == nil)
        let raw = try members(.raw, [UInt8](repeating: 0, count: 16))
        #expect(raw.map(\.name) == ["kty", "k"] && raw[1].value == "AAAAAAAAAAAAAAAAAAAAAA")
        let web = try members(.jwk, Array(#"{"kty":"oct","k":"AA","alg":"x","use":"y"}"#.utf8))
        #expect(web.map(\.name) == ["kty", "k"], "members that the service doesn't know are left out")
        for (form, bytes) in [
            (PrivateKeyForm.raw, [UInt8](repeating: 0, count: 17)), (.jwk, Array("{}".utf8)), (.jwk, [1]),
            (.pem, Array("-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----\n".utf8)), (.der, [0x30, 0]),
        ] {
            #expect(throws: ClientError.self, "\(form)") { try members(form, bytes) }
        }
    }

    @Test func publicHalvesHaveThreeForms() throws {
        let bundle = JSONObject.make { writer in
            writer.member("key") { writer in
                writer.object { writer in
                    writer.member("kid", "https://a/keys/k/0123")
                    writer.member("kty", "EC-HSM")
                    writer.member("crv", "P-256")
                    writer.member("x", Base64URL.encode([UInt8](repeating: 1, count: 32)))
                    writer.member("y", Base64URL.encode([UInt8](repeating: 2, count: 32)))
                }
            }
        }
        let der = try PublicKeyForm.der.bytes(bundle)
        #expect(der.count == 91 && der.first == 0x30)
        let pem = String(decoding: try PublicKeyForm.pem.bytes(bundle), as: UTF8.self)
        #expect(pem.hasPrefix("-----BEGIN PUBLIC KEY-----\n") && pem.hasSuffix("\n-----END PUBLIC KEY-----\n"))
        let body = pem.split(separator: "\n").dropFirst().dropLast().joined()
        #expect(Data(base64Encoded: body) == Data(der))
        #expect(try JSONReader.parse(PublicKeyForm.jwk.bytes(bundle)) == .object(try #require(bundle.object("key"))))
        let symmetric = JSONObject.make { $0.member("key") { $0.object { $0.member("kty", "oct-HSM") } } }
        for form in PublicKeyForm.allCases { #expect(throws: ClientError.self) { try form.bytes(symmetric) } }
    }
}
