import StrictJSON
import Testing

@testable import Audit

@Suite struct EncodingTests {
    @Test func aSignRecordHasExactlyTheDocumentedMembers() throws {
        var draft = ChainedLine.Draft(after: .empty)
        draft.append(signEvent().encode())
        let expected = #"""
            {"time":"2026-01-05T09:30:12.418Z","operationName":"KeySign","operationVersion":"2025-07-01",\#
            "resultType":"Success","properties":\#
            {"id":"https://pool1.mhsm.local/keys/codesign/5a1c0f6e2b7d4c3f9e8a7b6c5d4e3f20","algorithm":"ES256",\#
            "digest":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"},"durationMs":4,\#
            "callerIpAddress":"10.0.0.7","identity":"{\"claim\":{\"appid\":\"7f8e9d0c-1b2a-4c3d-8e5f-6a7b8c9d0e1f\",\#
            \"http_schemas_microsoft_com_identity\":{\"claims\":{\"objectidentifier\":\#
            \"0c0e3e1a-2f6d-4f0c-9d0e-1a2b3c4d5e6f\"}}}}",\#
            "clientInfo":"azsdk-python-keyvault-keys/4.11.3 Python/3.11",\#
            "correlationId":"9d0c7c1e-5c0f-4a55-8d3b-3d1c5e0f9a11","httpStatusCode":200,\#
            "requestUri":"https://pool1.mhsm.local/keys/codesign/5a1c0f6e2b7d4c3f9e8a7b6c5d4e3f20/sign",\#
            "policyIndex":4711,"seq":1,"chain":"
            """#
        let line = String(decoding: draft.bytes, as: UTF8.self)
        #expect(line.hasPrefix(expected))
        #expect(line.utf8.count == expected.utf8.count + 46)
        #expect(line.utf8.count <= 850)
    }

    @Test func everyRecordIsJSONWhateverItsTextsHold() throws {
        var generator = SeededGenerator(state: 11)
        let scalars: [Unicode.Scalar] = [
            "a", "\"", "\\", "\u{0}", "\u{1B}", "\n", "\r", "\u{7F}", "\u{85}", "\u{202E}", "\u{2066}", "\u{2028}",
            "\u{FEFF}", "\u{E000}", "\u{E9}", "\u{1F600}", "\u{E0001}", "/",
        ]
        func text() -> String {
            var view = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...400, using: &generator) {
                view.append(scalars.randomElement(using: &generator) ?? "a")
            }
            return String(view)
        }
        for _ in 0..<500 {
            let event = AuditEvent(
                time: Int64.random(in: .min ... .max, using: &generator), operationName: text(),
                operationVersion: text(),
                status: Int.random(in: -1...700, using: &generator), resultDescription: text(),
                durationMilliseconds: Int64.random(in: .min ... .max, using: &generator), callerAddress: text(),
                caller: AuditCaller(objectID: text(), applicationID: text()),
                clientInfo: text(), correlationID: text(), requestURI: text(),
                details: AuditDetails(keyID: text(), algorithm: text()), policyIndex: generator.next())
            let bytes = event.encode() + [UInt8(ascii: "}")]
            #expect(bytes.count < ChainedLine.maximumBytes)
            #expect(!bytes.contains { $0 < 0x20 || $0 == 0x7F })
            guard case .object(let record) = try JSONReader.parse(bytes) else {
                Issue.record("not an object")
                return
            }
            let line = String(decoding: bytes, as: UTF8.self)
            #expect(!line.unicodeScalars.contains(where: SafeText.isDangerous))
            #expect(record["clientInfo"].map(isShort) ?? false)
            let shown = AuditTail.render(bytes)
            #expect(!shown.unicodeScalars.contains(where: SafeText.isDangerous))
            guard case .string(let identity)? = record["identity"] else {
                Issue.record("no identity")
                return
            }
            _ = try JSONReader.parse(Array(identity.utf8))
        }
    }

    private func isShort(_ value: JSONValue) -> Bool {
        if case .string(let text) = value { return text.utf8.count <= 256 }
        return false
    }

    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"), (1_709_251_199_001, "2024-02-29T23:59:59.001Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (-5, "1970-01-01T00:00:00.000Z"), (.max, "9999-12-31T23:59:59.999Z"),
    ])
    func timesAreRFC3339(time: Int64, expected: String) {
        var bytes: [UInt8] = []
        Timestamp.append(time, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    @Test func aLongUserAgentIsCutBetweenCharacters() {
        var event = signEvent()
        event.clientInfo = String(repeating: "x", count: 255) + "\u{E9}" + String(repeating: "y", count: 1 << 20)
        let line = String(decoding: event.encode(), as: UTF8.self)
        #expect(line.contains(String(repeating: "x", count: 255) + "\""))
        #expect(!line.contains("\u{E9}"))
    }

    /// Named one by one, so that this doesn't lean on the code's own idea of what is dangerous.
    @Test(arguments: [
        "\u{0}", "\u{8}", "\n", "\r", "\u{1B}", "\u{7F}", "\u{85}", "\u{9B}", "\u{61C}", "\u{200E}", "\u{200F}",
        "\u{2028}", "\u{2029}",
        "\u{202A}", "\u{202B}", "\u{202C}", "\u{202D}", "\u{202E}", "\u{2066}", "\u{2067}",
        "\u{2068}", "\u{2069}", "\u{FEFF}", "\u{E0001}",
    ] as [Unicode.Scalar])
    func charactersThatDeceiveAreEscaped(scalar: Unicode.Scalar) throws {
        var event = signEvent()
        event.clientInfo = "a\(scalar)b"
        event.caller = AuditCaller(objectID: "a\(scalar)b", applicationID: "\(scalar)")
        let bytes = event.encode() + [UInt8(ascii: "}")]
        #expect(!String(decoding: bytes, as: UTF8.self).unicodeScalars.contains(scalar))
        #expect(!AuditTail.render(bytes).unicodeScalars.contains(scalar))
        guard case .object(let record) = try JSONReader.parse(bytes) else {
            Issue.record("not an object")
            return
        }
        #expect(record["clientInfo"] == .string("a\(scalar)b"))
    }

    @Test func theTailOfAForgedLineIsHarmless() {
        let forged = Array("{\"operationName\":\"\u{1B}]0;x\u{7}\u{202E}".utf8)
        let shown = AuditTail.render(forged)
        #expect(!shown.unicodeScalars.contains(where: SafeText.isDangerous))
        #expect(shown.contains("\\u{1b}"))
    }
}
