import Backup
import Testing

@testable import BackupStores

/// What a blob service is sent, and what its answers are taken for.
@Suite struct BlobRequestTests {
    /// After the pauses between attempts the service would take the first one's date for wrong.
    @Test func eachAttemptHasTheDateOfItsMoment() async throws {
        let store = try ScriptedStore { _, before in before.isEmpty ? .init(status: 503) : .init(status: 201) }
        defer { store.close() }
        let client = BlobClient(store: StoreClient(), access: .signature("sig=x")) {
            StoreMoment(seconds: 784_111_777 + 1000 * store.requests.count)
        }
        try await client.put("\(store.url)/hsm/x", query: "comp=block&blockid=AAAA", [1, 2], what: "container hsm")
        let requests = store.requests
        #expect(requests.map(\.target) == [String](repeating: "/hsm/x?comp=block&blockid=AAAA&sig=x", count: 2))
        #expect(requests.map(\.body) == [[1, 2], [1, 2]])
        #expect(
            requests.map { $0.headers["x-ms-date"] } == [
                "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 09:06:17 GMT",
            ])
    }

    @Test func aTokenThatExpiresBetweenAttemptsIsReplaced() async throws {
        let store = try ScriptedStore { request, before in
            let hour = before.filter { $0.method == "PUT" }.count
            guard request.method == "PUT" else {
                let token = "{\"access_token\":\"token-\(hour)\",\"expires_on\":\(hour * 3600 + 3600)}"
                return .init(status: 200, body: token)
            }
            return .init(status: hour == 0 ? 503 : 201)
        }
        defer { store.close() }
        // Each attempt takes an hour.
        let identity = ManagedIdentity(try IdentityEndpoint(url: "\(store.url)/token")) {
            Int64(store.requests.filter { $0.method == "PUT" }.count * 3600)
        }
        let client = BlobClient(store: StoreClient(), access: .identity(identity))
        try await client.put("\(store.url)/hsm/x", query: "comp=block&blockid=AAAA", [1], what: "container hsm")
        let shown = store.requests.filter { $0.method == "PUT" }.map { $0.headers["authorization"] }
        #expect(shown == ["Bearer token-0", "Bearer token-1"])
    }

    // MARK: Parts of a blob

    private static func part(_ range: String?, _ body: String) -> ScriptedStore.Answer {
        ScriptedStore.Answer(status: 206, headers: range.map { ["content-range": $0] } ?? [:], body: body)
    }

    private func read(from store: ScriptedStore) async throws -> String {
        let client = BlobClient(store: StoreClient(), access: .signature("sig=x"))
        let bytes = try await client.get("\(store.url)/hsm/\(Self.name)", range: 4...7, what: "backup 'one'")
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What is too short would pass for the blob's end.
    @Test(arguments: [
        part("bytes 4-5/100", "ef"), part("bytes 4-7/100", "ef"), part("bytes 0-3/100", "abcd"),
        part("bytes 4-8/100", "efghi"), part("bytes 4-7/0", "efgh"), part("bytes", "efgh"), part(nil, "efghi"),
    ])
    func anotherPartIsAskedForAgain(_ other: ScriptedStore.Answer) async throws {
        let store = try ScriptedStore { _, before in before.isEmpty ? other : Self.part("bytes 4-7/100", "efgh") }
        defer { store.close() }
        #expect(try await read(from: store) == "efgh")
        #expect(store.requests.map { $0.headers["range"] } == ["bytes=4-7", "bytes=4-7"])
    }

    @Test(arguments: [
        part("bytes 4-7/8", "efgh"), part("bytes 4-7/*", "efgh"), part(nil, "efgh"), part("bytes 4-5/6", "ef"),
        part(nil, "ef"), ScriptedStore.Answer(status: 416),
    ])
    func aPartIsShortOnlyAtTheEnd(_ whole: ScriptedStore.Answer) async throws {
        let store = try ScriptedStore { _, _ in whole }
        defer { store.close() }
        #expect(try await read(from: store) == whole.body)
        #expect(store.requests.count == 1)
    }

    /// Byte by byte, without a pause that would be too long: it would take a hundred seconds.
    @Test func anAnswerThatDoesntEndIsGivenUp() async throws {
        let slow = ScriptedStore.Answer(status: 206, body: String(repeating: "x", count: 10_000), isSlow: true)
        let store = try ScriptedStore { _, _ in slow }
        defer { store.close() }
        let once = StoreClient(attempts: try #require(RequestAttempts(1)), content: .milliseconds(200))
        let client = BlobClient(store: once, access: .signature("sig=x"))
        await #expect(throws: BackupStoreFault.unreachable("its answer didn't end in time")) {
            try await client.get("\(store.url)/hsm/\(Self.name)", range: 0...9999, what: "backup 'one'")
        }
    }

    @Test func anAnswerThatIsTooLongIsGivenUp() async throws {
        let long = ScriptedStore.Answer(status: 206, body: String(repeating: "x", count: StoreClient.formLimit + 1))
        let store = try ScriptedStore { _, _ in long }
        defer { store.close() }
        let once = StoreClient(attempts: try #require(RequestAttempts(1)))
        let client = BlobClient(store: once, access: .signature("sig=x"))
        await #expect(throws: BackupStoreFault.unreachable("its answer is longer than it may be")) {
            try await client.get("\(store.url)/hsm/\(Self.name)", range: 0...9, what: "backup 'one'")
        }
    }

    // MARK: What is there already

    private static let name = "one/backup.qbk"
    private static let mark = "x-ms-meta-quorateupload"
    private static let taken = ScriptedStore.Answer(status: 409, headers: ["x-ms-error-code": "BlobAlreadyExists"])

    private func upload(to store: ScriptedStore) -> BlobUpload {
        BlobUpload(
            client: BlobClient(store: StoreClient(), access: .signature("sig=x")), url: "\(store.url)/hsm/\(Self.name)",
            name: Self.name, container: "container hsm")
    }

    private static func isList(_ request: ScriptedStore.Request) -> Bool { request.target.contains("comp=blocklist") }

    /// Blocks are taken. The list is answered with this status first, then that a blob of its name is there.
    private func storeWithBlob(
        after status: Int, _ head: @escaping @Sendable ([ScriptedStore.Request]) -> ScriptedStore.Answer
    ) throws -> ScriptedStore {
        try ScriptedStore { request, before in
            if request.method == "HEAD" { return head(before) }
            guard Self.isList(request) else { return .init(status: 201) }
            return before.contains(where: Self.isList) ? Self.taken : .init(status: status)
        }
    }

    /// A service that was busy has done nothing: what is there then is of somebody else.
    @Test func anotherBlobOfTheNameIsNotTakenForOnesOwn() async throws {
        let store = try storeWithBlob(after: 503) { _ in .init(status: 200, headers: [Self.mark: "of-another"]) }
        defer { store.close() }
        let upload = upload(to: store)
        try await upload.append([1])
        await #expect(throws: BackupStoreFault.exists("blob 'one/backup.qbk'")) { try await upload.finish() }
        #expect(store.requests.map(\.method) == ["PUT", "PUT", "PUT", "HEAD"])
        #expect(store.requests.filter(Self.isList).map { $0.headers["if-none-match"] } == ["*", "*"])
    }

    /// It was written, and the answer was lost.
    @Test func onesOwnBlobIsFoundToBeThat() async throws {
        let store = try storeWithBlob(after: 500) { before in
            let written = before.first(where: Self.isList)?.headers[Self.mark]
            return .init(status: 200, headers: [Self.mark: written ?? "none"])
        }
        defer { store.close() }
        let upload = upload(to: store)
        try await upload.append([1])
        try await upload.finish()
        #expect(store.requests.map(\.method) == ["PUT", "PUT", "PUT", "HEAD"])
    }

    @Test func aBlobThatCantBeReadIsNotTakenForOnesOwn() async throws {
        let store = try storeWithBlob(after: 500) { _ in
            .init(status: 403, headers: ["x-ms-error-code": "AuthorizationPermissionMismatch"])
        }
        defer { store.close() }
        let upload = upload(to: store)
        try await upload.append([1])
        let words = "(whether it is this backup can't be read: 403 AuthorizationPermissionMismatch)"
        await #expect(throws: BackupStoreFault.exists("blob 'one/backup.qbk' \(words)")) { try await upload.finish() }
    }

    /// A condition of somebody else's, such as a lease, isn't met by asking again.
    @Test func aRepetitionThatIsRefusedHasDoneNothing() async throws {
        let store = try ScriptedStore { _, before in
            before.isEmpty ? .init(status: 503) : .init(status: 412, headers: ["x-ms-error-code": "LeaseIdMissing"])
        }
        defer { store.close() }
        let client = BlobClient(store: StoreClient(), access: .signature("sig=x"))
        await #expect(throws: BackupStoreFault.failed("412 LeaseIdMissing")) {
            try await client.remove("\(store.url)/hsm/\(Self.name)", what: "backup 'one'")
        }
    }

    /// Two uploads of one name don't mix: a list names none of the other one's blocks.
    @Test func blocksAreOfOneUpload() async throws {
        let store = try ScriptedStore { _, _ in .init(status: 201) }
        defer { store.close() }
        for _ in 0..<2 {
            let upload = upload(to: store)
            try await upload.append([1])
            try await upload.finish()
        }
        let identifiers = store.requests.filter { !Self.isList($0) }.map(\.target)
        #expect(identifiers.count == 2 && Set(identifiers).count == 2 && Set(identifiers.map(\.count)).count == 1)
    }

    /// The service takes one length only for all blocks of a name, also beside those that a former version has left.
    @Test func blocksHaveDifferentNamesOfOneLength() {
        let former = "YjAwMDAw"
        for mark in ["00000000000000000000000000000000", "ffffffffffffffffffffffffffffffff"] {
            let identifiers = [0, 1, 61, 62, 3843, 3844, 49_999].map { BlobUpload.identifier($0, of: mark) }
            #expect(Set(identifiers).count == 7)
            #expect(identifiers.allSatisfy { $0.utf8.count == former.utf8.count })
        }
    }
}
