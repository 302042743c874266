import ArgumentParser
import CryptographicModule
import Foundation
import SecurityDomain
import StrictJSON
import Testing

@testable import hsmctl

@Suite struct OutputTests {
    @Test func tablesLineUpAndHideNothing() {
        var table = Table("A", "LONG NAME", "C")
        table.row("1", "x", "y")
        table.row("twelve", "z", "")
        #expect(table.lines == ["A       LONG NAME  C", "1       x          y", "twelve  z"])
    }

    @Test func namesOfOthersCannotMoveTheCursor() {
        #expect(Table.harmless("a\u{1B}[2Jb\u{202E}c\nd") == "a\u{FFFD}[2Jb\u{FFFD}c\u{FFFD}d")
        #expect(Table.harmless("a\nb\r", keepingLines: true) == "a\nb\u{FFFD}")
        #expect(Terminal.line("hsmctl: a\u{1B}[2Jb\nc") == "hsmctl: a\u{FFFD}[2Jb\nc\n")
    }

    @Test func aTokensNameCannotHideWhatAnOfficerSigns() throws {
        try ModuleSelfSetup.startSecureHeap()
        let point = try KeyAgreement.generate().publicPoint
        let key = try AutoUnsealKey(
            provider: .developmentFile, name: "a\u{1B}[8m\r\n\u{202E}b\u{2028}", point: point)
        let identifier = [UInt8](repeating: 1, count: 16)
        let terms = RootChangeTerms(
            poolID: identifier, securityDomainID: identifier, generation: 1, epoch: 1, changeID: identifier,
            expiresAt: 1, required: 1, officers: [[1]], unsealKeys: [key])
        #expect(
            terms.shown.hasSuffix(
                "\n        \(Hexadecimal.encode(Digest.sha256(point)))  a\u{FFFD}[8m\u{FFFD}\u{FFFD}b\u{FFFD}"
                    + "  (A FILE: FOR DEVELOPMENT ONLY)"))
        #expect(UnsealKeyText.warning(["a\nb"])?.contains("(a\u{FFFD}b)") == true)
    }

    @Test func anOfficerComparesTheNextQuorum() throws {
        let identifier = [UInt8](repeating: 1, count: 16)
        let officers: [[UInt8]] = [[1], [2], [3]]
        let terms = RootChangeTerms(
            poolID: identifier, securityDomainID: identifier, generation: 1, epoch: 1, changeID: identifier,
            expiresAt: 1, required: 2, officers: officers)
        #expect(terms.shown.hasPrefix("The next root is for 2 of these officers"))
        for (wanted, quorum) in [([], nil), ([], 2), (officers.reversed(), nil), (officers, 2)] as [([[UInt8]], Int?)] {
            #expect(throws: Never.self) { try terms.check(officers: wanted, required: quorum, tokens: []) }
        }
        for (wanted, quorum, words) in [
            (officers, 3, "2 of 3 officers"), ([], 1, "2 of 3 officers"), ([[1], [2], [4]], 2, "--next."),
        ] as [([[UInt8]], Int?, String)] {
            let error = #expect(throws: ClientError.self) {
                try terms.check(officers: wanted, required: quorum, tokens: [])
            }
            #expect(error?.message.contains(words) == true && error?.message.contains("Nothing was signed") == true)
        }
    }

    @Test func fieldsShowTimesListsAndWhatIsMissing() {
        let object = JSONObject.make { writer in
            writer.member("expires", 1_801_396_801)
            writer.member("members") { writer in
                writer.array { writer in
                    writer.object { $0.member("name", "n1") }
                    writer.string("n2")
                }
            }
            writer.member("checked") { $0.null() }
        }
        let lines = Table.fields(object, absent: "not checked").lines
        #expect(lines[1] == "expires  2027-01-31T12:00:01Z" && lines[2] == "members  n1, n2")
        #expect(lines[3] == "checked  not checked")
    }

    @Test func timesAreReadAndShownInUTC() throws {
        #expect(try Moment.seconds("2027-01-31") == 1_801_353_600)
        #expect(try Moment.seconds("2027-01-31T12:00:01Z") == 1_801_396_801)
        #expect(Moment.text(1_801_396_801) == "2027-01-31T12:00:01Z" && Moment.text(nil) == "-")
        for bad in ["", "tomorrow", "2027-13-01", "2027-01-31T25:00:00Z", "31.1.2027"] {
            #expect(throws: ClientError.self, "\(bad)") { try Moment.seconds(bad) }
        }
    }

    @Test func aKeyIsShownWithAllThatIsKnownOfIt() {
        let bundle = JSONObject.make { writer in
            writer.member("key") { writer in
                writer.object { writer in
                    writer.member("kid", "https://a/keys/k/01")
                    writer.member("kty", "RSA-HSM")
                    writer.member("n", Base64URL.encode([UInt8](repeating: 0xC5, count: 256)))
                }
            }
            writer.member("attributes") { writer in
                writer.object { writer in
                    writer.member("nbf", 1_801_353_600)
                    writer.member("created", 1_801_396_801)
                    writer.member("exportable", true)
                }
            }
            writer.member("tags") { $0.object { $0.member("owner", "billing") } }
        }
        let lines = KeyTable.details(bundle).lines.map { $0.split(separator: " ").joined(separator: " ") }
        for line in [
            "key k/01", "type RSA-HSM", "bits 2048", "exportable yes", "created 2027-01-31T12:00:01Z",
            "not before 2027-01-31T00:00:00Z", "tags owner=billing",
        ] { #expect(lines.contains(line), "\(line)") }
    }

    @Test func attributesAreWrittenAsTheProtocolHasThem() throws {
        let options = try KeyAttributeOptions.parse(["--expires", "2027-01-31", "--tags", "a=b=c", "d="])
        let object = JSONObject.make { options.write(enabled: false, &$0) }
        #expect(object.object("attributes")?.flag("enabled") == false)
        #expect(object.object("attributes")?.number("exp") == 1_801_353_600)
        #expect(object.object("attributes")?["nbf"] == nil)
        #expect(object.object("tags")?.text("a") == "b=c" && object.object("tags")?.text("d") == "")
        let none = JSONObject.make { (try? KeyAttributeOptions.parse([]))?.write(enabled: nil, &$0) }
        #expect(none.members.isEmpty, "what isn't named must not change")
        let cleared = JSONObject.make { (try? KeyAttributeOptions.parse(["--tags", ""]))?.write(enabled: nil, &$0) }
        #expect(cleared.object("tags")?.members.isEmpty == true)
    }

    @Test func ecdsaFormsAreEachOthersInverse() {
        for size in [32, 48, 66] {
            for lead in [UInt8(0), 1, 0x7F, 0x80, 0xFF] {
                let raw = (0..<(2 * size)).map { $0 % size == 0 ? lead : UInt8(truncatingIfNeeded: $0 &* 37) }
                #expect(ECDSAForm.raw(ECDSAForm.der(raw), coordinateBytes: size) == raw)
            }
        }
        let good = ECDSAForm.der([UInt8](repeating: 0x81, count: 64))
        for cut in 0..<good.count { #expect(ECDSAForm.raw(Array(good[..<cut]), coordinateBytes: 32) == nil) }
        #expect(ECDSAForm.raw(good + [0], coordinateBytes: 32) == nil)
        #expect(ECDSAForm.raw(good, coordinateBytes: 16) == nil)
    }

    @Test func whatCannotBeEncryptedIsRefusedBeforeItIsSent() throws {
        func check(_ count: Int, _ algorithm: String, aad: Int = 0) throws {
            try PlaintextLimit.check(
                Base64URL.encode([UInt8](repeating: 0, count: count)), [UInt8](repeating: 0, count: aad), algorithm,
                file: "note.txt")
        }
        for (count, algorithm) in [(446, "RSA-OAEP-256"), (501, "RSA1_5"), (49_080, "A256GCM")] {
            #expect(throws: Never.self) { try check(count, algorithm) }
            let error = #expect(throws: ClientError.self) { try check(count + 1, algorithm) }
            #expect(error?.message.contains("note.txt has \(count + 1) bytes") == true)
            #expect(error?.message.contains("hsmctl key wrap") == true)
        }
        #expect(throws: ClientError.self) { try check(49_080, "A256GCM", aad: 3) }
    }

    @Test func audienceIsTheHostWithoutItsFirstLabel() {
        #expect(PoolClient.audience(of: "https://node-1.example.com:8443") == "https://example.com:8443")
        #expect(PoolClient.audience(of: "https://localhost:8443") == "https://localhost:8443")
        #expect(PoolClient.audience(of: "https://Node-1.Example.com:443") == "https://example.com")
        #expect(PoolClient.audience(of: "https://LOCALHOST:443") == "https://localhost")
        #expect(PoolClient.audience(of: "https://[::1]:8443") == "https://[::1]:8443")
        #expect(PoolClient.escape("a b/é~") == "a%20b%2F%C3%A9~")
    }

    @Test func principalsAreFoundByIdentifierFirst() throws {
        let people = ["id-1", "id-2", "id-3"].map { id in
            JSONObject.make { writer in
                writer.member("objectId", id)
                writer.member("displayName", id == "id-3" ? "id-1" : "same")
            }
        }
        #expect(try PrincipalArgument.parse(["ID-1"]).find(in: people).text("objectId") == "id-1")
        #expect(throws: ClientError.self) { try PrincipalArgument.parse(["same"]).find(in: people) }
        #expect(throws: ClientError.self) { try PrincipalArgument.parse(["other"]).find(in: people) }
    }

    @Test func rolesAreGivenToPrincipalsThatAreKnown() throws {
        let (object, client) = (GUIDText.random(), GUIDText.random())
        let known = KnownPrincipals(all: [
            .make { writer in
                writer.member("objectId", object)
                writer.member("clientId", client)
                writer.member("displayName", "billing")
            }
        ])
        for wanted in [object, client, client.uppercased(), "billing"] {
            #expect(try known.objectID(of: wanted) == object)
        }
        for stranger in [GUIDText.random(), "nobody"] {
            let error = #expect(throws: ClientError.self) { try known.objectID(of: stranger) }
            #expect(error?.exitCode == 3)
        }
        let blind = KnownPrincipals(all: nil)
        #expect(try blind.objectID(of: client) == client && blind.displayName(of: client) == "-")
        #expect(throws: ClientError.self) { try blind.objectID(of: "billing") }
    }
}

/// A secret that is shown once goes into a file that was there before the request.
@Suite struct SecretFileTests {
    private let folder = NSTemporaryDirectory() + "hsmctl-" + GUIDText.random()

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

    @Test func anUnusedFileIsTakenAwayAgain() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/secret"
        do {
            let file = try SecretFile(creating: path)
            #expect(FileManager.default.fileExists(atPath: file.path))
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func aStoredSecretStaysAndIsItsOwnersOnly() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/secret"
        do {
            var file = try SecretFile(creating: path)
            try file.store([1, 2, 3])
        }
        #expect(FileManager.default.contents(atPath: path) == Data([1, 2, 3]))
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        #expect(throws: ClientError.self) { _ = try SecretFile(creating: path) }
        #expect(FileManager.default.contents(atPath: path) == Data([1, 2, 3]), "another's file was touched")
    }
}
