import Backup
import Testing

@testable import BackupStores

@Suite struct AddressTests {
    @Test func containersAreReadStrictly() throws {
        let plain = try BlobAddress("https://Store.blob.example.com/hsm/")
        #expect(plain.host == "store.blob.example.com" && plain.port == 443 && plain.path == "hsm")
        #expect(plain.uri == "https://store.blob.example.com/hsm")
        let emulator = try BlobAddress("https://127.0.0.1:10000/devstoreaccount1/hsm")
        #expect(emulator.port == 10_000 && emulator.uri == "https://127.0.0.1:10000/devstoreaccount1/hsm")
    }

    @Test(arguments: [
        "https://store.example", "https://store.example/", "http://store.example/hsm", "https:///hsm",
        "https://user@store.example/hsm", "https://store.example:0/hsm", "https://store.example:99999/hsm",
        "https://store.example:44x/hsm", "https://store.example/hsm?sig=x", "https://store.example/hsm#x",
        "https://store.example/../hsm", "https://store.example/%2e%2e", "https://[::1]/hsm", "https://a..b/hsm",
        "https://store.example/hsm\r\nHost: x", "https://store_example/hsm", "https://.example/hsm",
        "https://store.example\\@evil.example/hsm",
    ])
    func whatIsNoContainer(_ uri: String) {
        #expect(throws: BackupStoreFault.self) { try BlobAddress(uri) }
    }

    @Test func onlyAllowedHostsAreCalled() throws {
        let allowed = try AllowedHosts(["blob.core.windows.net", "store.example:8443"])
        for uri in [
            "https://account.blob.core.windows.net/hsm", "https://blob.core.windows.net/hsm",
            "https://store.example:8443/hsm", "https://a.store.example:8443/hsm",
        ] {
            #expect(allowed.allow(try BlobAddress(uri)), "\(uri)")
        }
        for uri in [
            "https://169.254.169.254/latest", "https://localhost/hsm", "https://evilblob.core.windows.net/hsm",
            "https://blob.core.windows.net.evil.example/hsm", "https://store.example/hsm",
            "https://account.blob.core.windows.net:8443/hsm", "https://127.0.0.1:8443/hsm",
        ] {
            #expect(!allowed.allow(try BlobAddress(uri)), "\(uri)")
        }
    }

    @Test func aNodeThatAllowsNothingCallsNobody() {
        let stores = ConfiguredStores()
        for uri in ["https://store.example/hsm", "file:///weekly"] {
            #expect(throws: BackupStoreFault.self) { try stores.container(BackupAddress(uri: uri, token: "sig=x")) }
        }
    }

    @Test func signaturesAreTokens() {
        #expect(SharedAccessSignature.read("?sv=2021&sig=a%2Bb%3D") == "sv=2021&sig=a%2Bb%3D")
        let long = "sig=" + String(repeating: "a", count: 5000)
        for token in ["", "?", "nothing", "sig=a b", "sig=a\r\nx: y", "sig=#", long] {
            #expect(SharedAccessSignature.read(token) == nil, "\(token)")
        }
    }
}
