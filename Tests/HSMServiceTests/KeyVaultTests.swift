import CryptographicModule
import HSMNode
import HTTPTransport
import KeyVaultAPI
import NodeEnvironment
import PoolState
import RequestPipeline
import RequestTesting
import Testing

@testable import HSMService

/// What a node keeps in memory of the pool's keys.
@Suite struct KeyVaultTests {
    private struct Materials: KeyMaterialStore {
        let pool: InMemoryPool

        func blob(digest: [UInt8]) throws(StorageFailure) -> [UInt8]? { pool.blob(digest: digest) }
    }

    private let test: TestPool
    private let links: NodeLinks
    /// SHA-256 of the records of two keys that were used.
    private let records: [[UInt8]]

    init() async throws {
        test = try TestPool(KeyVaultEndpoints.stateless)
        for name in ["a", "b"] {
            #expect(try await test.call(.user, .post, "/keys/\(name)/create", #"{"kty":"EC"}"#).status == 200)
            let digest = Base64URL.encode([UInt8](repeating: 1, count: 32))
            let request = #"{"alg":"ES256","value":"\#(digest)"}"#
            #expect(try await test.call(.user, .post, "/keys/\(name)/sign", request).status == 200)
        }
        let state = test.pool.latestView.state
        records = try ["a", "b"].map { try #require(state.key($0)?.latest.recordDigest) }
        let folder = try TemporaryFolder()
        let file = try folder.write("node.yaml", ConfigurationTests.good)
        links = NodeLinks(
            directory: MemberDirectory(try NodeConfiguration.load(file: file), stored: nil, told: []),
            logger: test.services.logger)
        links.connect(
            vault: try KeyVault(
                module: test.module, materials: Materials(pool: test.pool), facadeAudiences: [], stored: nil))
    }

    private var opened: [Bool] { records.map { test.module.isCached(recordDigest: $0) } }

    /// Every node applies a purge, and hears from its driver which records went.
    @Test func anOpenedKeyDoesNotOutliveItsRecord() {
        #expect(opened == [true, true])
        links.materialRemoved(.records([records[0]]))
        #expect(opened == [false, true])
    }

    /// A snapshot doesn't say what went with the state before.
    @Test func afterASnapshotNoKeyIsOpen() {
        #expect(opened == [true, true])
        links.materialRemoved(.unknown)
        #expect(opened == [false, false])
    }
}
