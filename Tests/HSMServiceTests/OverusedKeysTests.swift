import HTTPTransport
import KeyVaultAPI
import ManagementAPI
import PoolState
import RequestPipeline
import RequestTesting
import Synchronization
import Testing

@testable import CryptographicModule
@testable import HSMService

/// Who hears of keys that have encrypted too often.
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

    @Test func overuseIsLogged() async throws {
        let test = try TestPool(KeyVaultEndpoints.stateless)
        #expect(try await test.call(.user, .post, "/keys/a/create", #"{"kty":"oct"}"#).status == 200)
        let state = test.pool.latestView.state
        let version = try #require(state.key("a")?.latest.version)
        let alarms = AlarmJournal(logger: test.services.logger)
        OverusedKeys.raiseAlarms(of: test.module, in: state, to: alarms)
        #expect(!test.log.lines.contains { $0.contains("the key 'a'") })
        test.module.nonces.sequences.withLock {
            $0[NonceSequences.Version(version)] = NonceSequences.Sequence(prefix: 0, used: NonceSequences.advised)
        }
        OverusedKeys.raiseAlarms(of: test.module, in: state, to: alarms)
        #expect(test.log.lines.contains { $0.hasPrefix("alarm") && $0.contains("the key 'a'") })
    }

    @Test func aTagThatCouldNotBeMadeIsEqualToNothing() throws {
        let authenticator = KeyringAuthenticator(keyring: try TestKeys.shared().keyring, epoch: 1)
        #expect(!authenticator.tagsAreEqual([], []))
        #expect(authenticator.tagsAreEqual([1], [1]) && !authenticator.tagsAreEqual([1], []))
    }
}
