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
}
