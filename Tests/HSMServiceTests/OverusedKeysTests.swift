import Audit
import HTTPTransport
import KeyVaultAPI
import ManagementAPI
import PoolState
import RequestTesting
import Testing

@testable import HSMService

/// Who hears of keys that have encrypted too often, and of purges that nobody asked for.
@Suite struct OverusedKeysTests {
    @Test func onlyTheNewestVersionOfALivingKeyIsAnAlarm() async throws {
        let pool = try TestPool(KeyVaultEndpoints.stateless)
        for name in ["a", "b"] {
            #expect(try await pool.call(.user, .post, "/keys/\(name)/create", #"{"kty":"oct"}"#).status == 200)
        }
        let former = try #require(pool.pool.latestView.state.key("a")?.latest.version)
        #expect(try await pool.call(.user, .post, "/keys/a/create", #"{"kty":"oct"}"#).status == 200)
        let state = pool.pool.latestView.state
        let (a, b) = (try #require(state.key("a")?.latest.version), try #require(state.key("b")?.latest.version))
        #expect(OverusedKeys.alarms(for: [], in: state).isEmpty)
        #expect(OverusedKeys.alarms(for: [former, [UInt8](repeating: 1, count: 16)], in: state).isEmpty)
        let alarms = OverusedKeys.alarms(for: [b, former, a], in: state)
        #expect(alarms.count == 2 && alarms.first?.contains("the key 'a'") == true, "\(alarms)")
    }

    @Test func thePurgeOfADueKeyHasARecord() {
        let event = Housekeeping.purge(of: "k", baseURL: "https://hsm.example", policyIndex: 9)
        #expect(event.operationName == "KeyPurgeIfDue" && event.details.keyID == "https://hsm.example/deletedkeys/k")
        #expect(event.status == 204 && event.policyIndex == 9)
    }

    @Test func aTagThatCouldNotBeMadeIsEqualToNothing() throws {
        let authenticator = KeyringAuthenticator(keyring: try TestKeys.shared().keyring, epoch: 1)
        #expect(!authenticator.tagsAreEqual([], []))
        #expect(authenticator.tagsAreEqual([1], [1]) && !authenticator.tagsAreEqual([1], []))
    }
}
