import CryptographicModule
import StrictJSON
import Testing

@testable import Identity

/// Key sets that issuers publish. What is done with statements signed by such keys is tested where keys are released.
@Suite struct KeySetTests {
    private let modulus = Base64URL.encode([0x80] + [UInt8](repeating: 1, count: 255))
    private let coordinate = Base64URL.encode([UInt8](repeating: 1, count: 32))

    private func parse(_ keys: String) throws(KeySetDocument.Refusal) -> [TokenKey] {
        try KeySetDocument.parse(Array(#"{"keys":[\#(keys)]}"#.utf8))
    }

    @Test func keysOfEachKind() throws {
        let keys = try parse(
            """
            {"kty":"RSA","kid":"a","n":"\(modulus)","e":"AQAB"},\
            {"kty":"EC","kid":"b","crv":"P-256","x":"\(coordinate)","y":"\(coordinate)"}
            """)
        #expect(keys.map(\.keyID) == ["a", "b"])
        #expect(keys[0].key == .rsa(n: [0x80] + [UInt8](repeating: 1, count: 255), e: [1, 0, 1]))
        let point = [UInt8](repeating: 1, count: 32)
        #expect(keys[1].key == .ec(.p256, x: point, y: point))
    }

    /// Some services publish certificates only.
    @Test func keysOfCertificates() throws {
        _ = try ModuleSelfSetup.prepareProcess(allowUnlocked: true)
        let key = try SystemSigningKey.generate(.rsa(bits: 2048))
        let certificate = try key.certificate(
            for: key, commonName: "a", issuer: "a", notBefore: 1, notAfter: 1_900_000_000)
        let text = Base64URL.encode(certificate).replacing("-", with: "+").replacing("_", with: "/")
        let padded = text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        #expect(try parse(#"{"kty":"RSA","kid":"a","x5c":["\#(padded)"]}"#).map(\.key) == [key.publicKey])
        #expect(throws: KeySetDocument.Refusal.self) { try parse(#"{"kty":"RSA","kid":"a","x5c":["AAAA"]}"#) }
    }

    /// Such a key would be taken for good, and each statement that is signed with it be refused.
    @Test func anRSAKeyThatNobodyCouldUseIsRefused() throws {
        func set(bytes: Int, last: UInt8 = 1, exponent: [UInt8] = [1, 0, 1]) -> String {
            let modulus = Base64URL.encode([0x80] + [UInt8](repeating: 1, count: bytes - 2) + [last])
            return #"{"kty":"RSA","kid":"a","n":"\#(modulus)","e":"\#(Base64URL.encode(exponent))"}"#
        }
        for bytes in [256, 384, 512] {
            #expect(try parse(set(bytes: bytes)).count == 1)
            #expect(try parse(set(bytes: bytes, exponent: [0, 3])).count == 1)
        }
        for keys in [
            set(bytes: 255), set(bytes: 257), set(bytes: 320), set(bytes: 513), set(bytes: 640),
            set(bytes: 256, last: 2), set(bytes: 256, exponent: [0]), set(bytes: 256, exponent: [1]),
            set(bytes: 256, exponent: [1, 0]), set(bytes: 512, exponent: [UInt8](repeating: 1, count: 9)),
        ] {
            #expect(throws: KeySetDocument.Refusal.self, "\(keys)") { try parse(keys) }
        }
    }

    @Test func whatIsRefused() {
        let good = #"{"kty":"RSA","kid":"a","n":"\#(modulus)","e":"AQAB"}"#
        for keys in [
            "", "7", "{}", #"{"kid":"a"}"#, good + "," + good, good.replacing(#""kid":"a","#, with: ""),
            good.replacing(modulus, with: "AQAB"), good.replacing("RSA", with: "oct"),
            #"{"kty":"EC","kid":"b","crv":"P-256","x":"AQ","y":"AQ"}"#,
            #"{"kty":"EC","kid":"b","crv":"P-1","x":"\#(coordinate)","y":"\#(coordinate)"}"#,
            good.replacing(#""a""#, with: "\"\(String(repeating: "x", count: 257))\""),
        ] { #expect(throws: KeySetDocument.Refusal.self, "\(keys)") { try parse(keys) } }
        for bytes in [[], Array("[]".utf8), [UInt8](repeating: 0x20, count: 300_000)] {
            #expect(throws: KeySetDocument.Refusal.self) { try KeySetDocument.parse(bytes) }
        }
    }
}
