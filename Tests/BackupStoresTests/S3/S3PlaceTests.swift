import Backup
import CryptographicModule
import Testing

@testable import BackupStores

@Suite struct S3PlaceTests {
    init() { _ = try? ModuleSelfSetup.startSecureHeap() }

    @Test func placesAreReadStrictly() throws {
        let plain = try S3Place("s3://backups")
        #expect(plain.bucket == "backups" && plain.prefix == "" && plain.key("a/b") == "a/b")
        let deep = try S3Place("s3://my.backups-1/hsm/pool_1/")
        #expect(deep.uri == "s3://my.backups-1/hsm/pool_1" && deep.key("a/b") == "hsm/pool_1/a/b")
    }

    @Test(arguments: [
        "s3:/backups", "s3://", "s3:///x", "s3://ab", "s3://Backups", "s3://-backups", "s3://backups-", "s3://a..b",
        "s3://backups/../x", "s3://backups/%2e", "s3://backups/a//b", "s3://backups?x=y", "s3://user@backups",
        "s3://backups:443/x", "s3://backups/a\r\nb", "s3://backups/ä",
    ])
    func whatIsNoPlace(_ uri: String) {
        #expect(throws: BackupStoreFault.self) { try S3Place(uri) }
    }

    @Test func objectsHaveTheirURLByStyle() throws {
        let path = try S3Service(endpoint: "Store.example:9000", region: "eu-1", buckets: ["backups"], style: .path)
        let plain = path.location("backups", "a/b")
        #expect(plain.authority == "store.example:9000" && plain.path == "/backups/a/b")
        let host = try S3Service(endpoint: "s3.example", region: "eu-1", buckets: ["backups"], style: .virtualHost)
        let named = host.location("backups", "a/b")
        #expect(named.authority == "backups.s3.example" && named.path == "/a/b")
    }

    @Test func servicesThatCantBe() {
        func refused(
            _ endpoint: String = "s3.example", region: String = "eu-1", bucket: String = "backups",
            _ style: S3Service.Style = .path, part: Int = 8
        ) -> Bool {
            let made = try? S3Service(
                endpoint: endpoint, region: region, buckets: [bucket], style: style, partMebibytes: part)
            return made == nil
        }
        #expect(!refused())
        #expect(refused("https://s3.example") && refused("s3.example/x") && refused("s3.example:0") && refused(""))
        #expect(refused(region: "") && refused(region: "eu/1") && refused(bucket: "B") && refused(part: 4))
        #expect(!refused(bucket: "my.backups") && refused(bucket: "my.backups", .virtualHost))
    }

    @Test func onlyNamedBucketsAreUsed() throws {
        let service = try S3Service(endpoint: "s3.example", region: "eu-1", buckets: ["backups"], style: .path)
        let credentials = try S3Credentials(accessKeyID: "id", secretAccessKey: "secret")
        let store = try S3Store(service) { () throws(BackupStoreFault) in credentials }
        let stores = ConfiguredStores(buckets: [store])
        #expect(try stores.container(BackupAddress(uri: "s3://backups/x/", token: nil)).uri == "s3://backups/x")
        for uri in ["s3://other", "s3://backups.evil", "https://s3.example/backups", "file:///backups"] {
            #expect(throws: BackupStoreFault.self) { try stores.container(BackupAddress(uri: uri, token: nil)) }
        }
        #expect(throws: BackupStoreFault.self) {
            try stores.container(BackupAddress(uri: "s3://backups", access: .managedIdentity))
        }
    }

    @Test func credentialsAreThoseOfTheDefaultProfile() throws {
        let file = """
            # written by hand
            [other]
            aws_access_key_id = WRONG
            aws_secret_access_key = wrong
            [default]
            region = eu-1
            aws_access_key_id=KEYID
              aws_secret_access_key = a+b/c=
            aws_session_token = T
            """
        let read = try S3Credentials(file: file)
        #expect(read.accessKeyID == "KEYID" && read.sessionToken == "T")
        let secret = try read.signingSecret.withSecret { secret in secret.withUnsafeBytes { Array($0) } }
        #expect(secret == Array("AWS4a+b/c=".utf8))
        #expect(!"\(read)".contains("KEYID") && !"\(read)".contains("a+b"))
    }

    @Test(arguments: [
        "", "aws_access_key_id = x", "[other]\naws_access_key_id = x\naws_secret_access_key = y",
        "aws_access_key_id = \naws_secret_access_key = y", "aws_access_key_id = a b\naws_secret_access_key = y",
        "aws_access_key_id = a/b\naws_secret_access_key = y", "aws_access_key_id = x\naws_secret_access_key = ü",
        "aws_access_key_id = x\naws_secret_access_key = y\naws_session_token =",
        "aws_access_key_id = x\naws_secret_access_key = " + String(repeating: "y", count: 300),
    ])
    func whatIsNoCredentialsFile(_ text: String) {
        #expect(throws: BackupStoreFault.self) { try S3Credentials(file: text) }
    }

    // MARK: What the store says

    private func answer(_ status: Int, _ code: String? = nil) -> StoreAnswer {
        let body = code.map { "<?xml version=\"1.0\"?><Error><Code>\($0)</Code><Message>m</Message></Error>" } ?? ""
        return StoreAnswer(status: status, body: Array(body.utf8))
    }

    private struct Verdict: Hashable {
        var fault: BackupStoreFault?
        var isFinal: Bool

        init(_ fault: BackupStoreFault?, isFinal: Bool = true) { (self.fault, self.isFinal) = (fault, isFinal) }
    }

    private func verdict(_ status: Int, _ code: String? = nil) -> Verdict {
        switch S3Answer.verdict(answer(status, code), bucket: "backups", what: "backup 'x'") {
        case .good: Verdict(nil)
        case .mayPass(let fault): Verdict(fault, isFinal: false)
        case .refused(let fault): Verdict(fault)
        }
    }

    @Test func failuresNameTheirCause() {
        #expect(verdict(403, "AccessDenied") == Verdict(.denied("403 AccessDenied", of: .storeCredentials)))
        #expect(verdict(400, "ExpiredToken") == Verdict(.denied("400 ExpiredToken", of: .storeCredentials)))
        #expect(verdict(403, "SignatureDoesNotMatch").fault?.description.contains("credentials_file") == true)
        #expect(verdict(404, "NoSuchBucket") == Verdict(.notFound("bucket 'backups'")))
        #expect(verdict(404, "NoSuchKey") == Verdict(.notFound("backup 'x'")))
        #expect(verdict(403, "RequestTimeTooSkewed") == Verdict(.clockSkew))
        #expect(verdict(412, "PreconditionFailed") == Verdict(.exists("backup of this name")))
        #expect(verdict(403, "QuotaExceeded") == Verdict(.full) && verdict(507) == Verdict(.full))
        #expect(verdict(301, "PermanentRedirect").fault?.description.contains("'region'") == true)
        #expect(verdict(503, "SlowDown") == Verdict(.unreachable("503 SlowDown"), isFinal: false))
        #expect(verdict(200, "InternalError") == Verdict(.unreachable("200 InternalError"), isFinal: false))
        #expect(verdict(206).fault?.description.contains("the part that was asked for") == true)
        #expect(verdict(206).isFinal == false)
        #expect(verdict(429).isFinal == false && verdict(500).isFinal == false && verdict(400).isFinal)
    }

    @Test func anErrorMayComeWithAGoodStatus() {
        #expect(S3Answer.isError(answer(200, "InternalError")) && !S3Answer.isError(answer(200)))
    }

    /// Whoever didn't hear the answer asks again.
    @Test func whatWasRemovedBeforeIsGone() {
        #expect(S3Answer.isGone(answer(204), "NoSuchUpload"))
        #expect(S3Answer.isGone(answer(404, "NoSuchUpload"), "NoSuchUpload"))
        #expect(!S3Answer.isGone(answer(404, "NoSuchBucket"), "NoSuchUpload"))
        #expect(!S3Answer.isGone(answer(403, "AccessDenied"), "NoSuchUpload"))
    }

    @Test func onlyPlainWordsAreTakenOutOfAnswers() {
        func text(_ body: String) -> String? { S3Answer.text(of: "UploadId", in: Array(body.utf8)) }
        #expect(text("<r><UploadId>a.b-c_1</UploadId></r>") == "a.b-c_1")
        for body in [
            "", "<UploadId>", "</UploadId><UploadId>", "<UploadId></UploadId>", "<UploadId>a b</UploadId>",
            "<UploadId>a<x/>b</UploadId>", "<UploadId>a&amp;b</UploadId>",
            "<UploadId>\(String(repeating: "a", count: 2000))</UploadId>",
        ] {
            #expect(text(body) == nil, "\(body)")
        }
        #expect(S3Answer.code(answer(400, "no word\u{1B}[0m")) == "")
    }

    /// Some stores take no parts of different sizes, but for the last.
    @Test func partsAreOfOneSize() {
        var parts = UploadParts(size: 10)
        var sent: [[UInt8]] = []
        let whole = (0..<47).map { UInt8($0) }
        for start in stride(from: 0, to: whole.count, by: 7) {
            parts.append(Array(whole[start..<min(start + 7, whole.count)]))
            while let part = parts.next() { sent.append(part) }
        }
        #expect(sent.map(\.count) == [10, 10, 10, 10] && parts.rest.count == 7)
        sent.append(parts.takeRest())
        #expect(Array(sent.joined()) == whole && parts.rest.isEmpty && parts.next() == nil)
    }
}
