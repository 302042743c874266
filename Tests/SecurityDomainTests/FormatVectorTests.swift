import CryptographicModule
import Testing

@testable import SecurityDomain

/// Vectors of the published file format, checked with the code of the Azure CLI.
@Suite("Published vectors of the file format")
struct FormatVectorTests {
    @Test("The derivation function, general form")
    func derivation() throws {
        let key = try secret(Array(repeating: 0x41, count: 32))
        let derived = try KeyDerivation.deriveRawContext(
            key, label: "label", contextBytes: Array("context".utf8), bits: 256)
        #expect(derived.exposed == hex("f0ca51f6308791404bf68b56024ee7c64d6c737716f81d47e1e68b5c4e399575"))
    }

    @Test("The key of an item")
    func itemKey() throws {
        let derived = try EncryptedItems.derive(try secret(Array(0...31)), tag: "hsm_backup")
        #expect(
            derived.exposed
                == hex(
                    """
                    2d34f55a1dd64e68d793ce19439e032e913bc2c83a99237a33c1bde888fb91da
                    91626f37c72aaff2d718d3e7a37f0a39417a66839669da3c76fe4336aec9747c
                    """))
    }

    private static let hello =
        "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiaHNtX2JhY2t1cCJ9..AAECAwQFBgcICQoLDA0ODw"
        + ".vDY9Cy1iWFfuM3V9uRlAdg.5V5CsnMhmE8mO9ubfvpJLL52WIpd0XEYDvIuW1umtr8"

    @Test("An item's compact text, made and opened")
    func compactText() throws {
        let key = try EncryptedItems.derive(try secret(Array(0...31)), tag: "hsm_backup")
        let made = try CompactJWE.direct(
            key: key, tag: "hsm_backup", plaintext: try secret(Array("hello".utf8)),
            initializationVector: Array(0...15))
        #expect(made == Self.hello)
        let opened = try CompactJWE(parsing: Self.hello, document: "vector").openDirect(key: key, tag: "hsm_backup")
        #expect(opened.exposed == Array("hello".utf8))
    }

    @Test("Any changed character of a compact text is refused")
    func changedCharacters() throws {
        let key = try EncryptedItems.derive(try secret(Array(0...31)), tag: "hsm_backup")
        for index in Self.hello.indices {
            var text = Self.hello
            let replacement: Character = text[index] == "A" ? "B" : "A"
            text.replaceSubrange(index...index, with: [replacement])
            #expect(throws: SecurityDomainError.self) {
                _ = try CompactJWE(parsing: text, document: "vector").openDirect(key: key, tag: "hsm_backup")
            }
        }
    }

    @Test("A tag that is cut short is refused before anything is opened")
    func shortTag() throws {
        let cut = String(Self.hello.dropLast(3))
        #expect(throws: SecurityDomainError.malformed(document: "vector", reason: "the tag must have 32 bytes")) {
            try CompactJWE(parsing: cut, document: "vector")
        }
    }

    @Test("An item under another tag is refused")
    func otherTag() throws {
        let key = try EncryptedItems.derive(try secret(Array(0...31)), tag: "hsm_backup")
        let text = try CompactJWE(parsing: Self.hello, document: "vector")
        #expect(throws: SecurityDomainError.self) { _ = try text.openDirect(key: key, tag: "base_enclave_backup") }
    }

    @Test("Standard base64 is read strictly and written with padding")
    func base64() {
        for (bytes, text) in [([], ""), ([0xFF], "/w=="), ([0xFF, 0xFE], "//4="), ([0xFB, 0xEF, 0xBE], "++++")]
            as [([UInt8], String)]
        {
            #expect(Base64.encode(bytes) == text)
            #expect(Base64.decode(text) == bytes)
        }
        for bad in ["/w", "/w=", "_w==", "/x==", "/w==\n", "====", "/w==/w=="] {
            #expect(Base64.decode(bad) == nil, "\(bad)")
        }
    }
}
