import Backup
import Testing

@testable import BackupStores

@Suite struct IdentityEndpointTests {
    @Test(arguments: [
        IdentityEndpoint.instanceMetadata, "http://127.0.0.1:41741/msi/token", "http://localhost:4000/token",
        "https://identity.example/token",
    ])
    func placesThatMayBeAsked(_ url: String) throws {
        #expect(try IdentityEndpoint(url: url, secret: "s", clientID: "6b6f").url == url)
    }

    /// Without TLS only the machine itself: whoever is between would have the token.
    @Test(arguments: [
        "http://identity.example/token", "http://10.0.0.1/token", "http://1270.0.0.1/token", "ftp://127.0.0.1/token",
        "http://127.0.0.1", "http://127.0.0.1/", "http://user@127.0.0.1/token", "http://127.0.0.1/token?x=y",
        "http://127.0.0.1/a\r\nb", "", "http://127.example/token", "http://127.0.0.1.example/token",
        "http://127.0.0/token",
    ])
    func placesThatMayNot(_ url: String) {
        #expect(throws: BackupStoreFault.self) { try IdentityEndpoint(url: url) }
    }

    @Test func secretAndClientAreOneLine() {
        for secret in ["", "a b", "a\nb", "ä"] {
            #expect(throws: BackupStoreFault.self) { try IdentityEndpoint(secret: secret) }
        }
        for client in ["", "a&resource=x", "a b"] {
            #expect(throws: BackupStoreFault.self) { try IdentityEndpoint(clientID: client) }
        }
    }

    /// A time in the past is one, however far.
    @Test(arguments: ["\"-9223372036854775808\"", "-9223372036854775808", "0", "\"soon\""])
    func aTokenWithoutTimeLeftServesOneRequest(_ expires: String) async throws {
        let store = try ScriptedStore { _, before in
            .init(status: 200, body: "{\"access_token\":\"token-\(before.count)\",\"expires_on\":\(expires)}")
        }
        defer { store.close() }
        let identity = ManagedIdentity(try IdentityEndpoint(url: "\(store.url)/token")) { 1_000_000 }
        for number in 0..<2 {
            let token = try await identity.token()
            #expect(token == "token-\(number)")
        }
    }

    @Test func aNodeWithoutOneShowsNone() throws {
        let stores = ConfiguredStores(blobs: try BlobStore(allowed: AllowedHosts(["store.example"])))
        #expect(throws: BackupStoreFault.notAllowed("a managed identity")) {
            try stores.container(BackupAddress(uri: "https://store.example/hsm", access: .managedIdentity))
        }
        #expect(throws: BackupStoreFault.tokenMissing) {
            try stores.container(BackupAddress(uri: "https://store.example/hsm", access: .none))
        }
    }
}
