import CryptographicModule
import Foundation
import KeyVaultAPI
import RequestTesting
import StrictJSON
import Synchronization
import Testing

@testable import HSMService
@testable import SecurityDomain

/// A sealed node, opened by what officers upload.
@Suite struct DomainRestoringTests {
    private static let now: Int64 = 1_800_000_000

    private final class Node: Sendable {
        let keyring: Keyring
        let isUnsealed = Mutex(false)
        private let gate = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((true, []))

        init() throws { keyring = try TestKeys.shared().keyring }

        func restoring(_ situation: RestoringSituation? = nil) throws -> DomainRestoring {
            DomainRestoring(
                nodeKey: try DomainRestoringTests.nodeKey(),
                situation: {
                    if self.isUnsealed.withLock({ $0 }) { return .closed("The node is unsealed.") }
                    return situation ?? .sealed(self.keyring.sealed)
                },
                take: { _ in
                    await self.wait()
                    return self.isUnsealed.withLock { $0 } ? .succeeded("") : .failed("")
                })
        }

        /// From now on opening takes until ``let(through:)``.
        func hold() { gate.withLock { $0.isOpen = false } }

        func letThrough(unsealing: Bool) {
            isUnsealed.withLock { $0 = unsealing }
            let waiting = gate.withLock { gate in
                defer { gate = (true, []) }
                return gate.waiting
            }
            for one in waiting { one.resume() }
        }

        private func wait() async {
            await withCheckedContinuation { continuation in
                let isOpen = gate.withLock { gate in
                    if !gate.isOpen { gate.waiting.append(continuation) }
                    return gate.isOpen
                }
                if isOpen { continuation.resume() }
            }
        }
    }

    fileprivate static func nodeKey() throws -> FileSigningKey {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = tests.appending(path: "SecurityDomainTests/Vectors/node1.key")
        let pem = try String(contentsOf: file, encoding: .utf8)
        let folder = try TemporaryFolder()
        return try FileSigningKey(path: try folder.write("node.key", pem))
    }

    /// What an officers' client makes of the file's items.
    private func blob(_ root: RootKey, _ identity: PoolIdentity, to key: ExchangeKey) throws -> RestoreBlob {
        let items = try DomainContents.items(
            root: root, formerRoots: [], identity: identity, commitments: [], required: 2)
        let master = try Random.secret(32)
        let sealed = try EncryptedItems.seal(items, master: master)
        let envelope = try CompactJWE.envelope(to: key.publicKey, plaintext: master)
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("EncData") { sealed.write(to: &$0) }
            writer.member("WrappedKey") { writer in
                writer.object { writer in
                    writer.member("enc_key", envelope)
                    writer.member("x5t_256", Base64URL.encode(key.thumbprint))
                }
            }
        }
        return try RestoreBlob(parsing: writer.bytes)
    }

    private func status(of restoring: DomainRestoring) async -> RestoringStatus? {
        while case .inProgress? = restoring.restoring { await Task.yield() }
        return restoring.restoring
    }

    private func refusal(_ body: () async throws -> Void) async throws -> RestoringRefusal {
        try #require(await #expect(throws: RestoringRefusal.self) { try await body() })
    }

    @Test func anUploadOpensTheNodeOnce() async throws {
        let node = try Node()
        let restoring = try node.restoring()
        let key = try await restoring.transferKey(now: Self.now)
        // Officers who ask at the same time work with the same key.
        #expect(try await restoring.transferKey(now: Self.now + 3600).thumbprint == key.thumbprint)
        #expect(try await restoring.transferKey(now: Self.now + 13 * 3600).thumbprint != key.thumbprint)
        let upload = try blob(node.keyring.root, node.keyring.identity, to: key)
        let (first, second) = (Random.bytes(16), Random.bytes(16))
        #expect(restoring.restoring == nil && !restoring.isHonoured(capability: first, now: Self.now))
        node.hold()
        try await restoring.restore(upload, capability: first, now: Self.now)
        #expect(restoring.restoring?.word == "in progress")
        // An answer that was lost is asked for again.
        try await restoring.restore(upload, capability: second, now: Self.now)
        let other = try blob(node.keyring.root, node.keyring.identity, to: key)
        let busy = try await refusal { try await restoring.restore(other, capability: second, now: Self.now) }
        #expect(busy.isConflict)
        node.letThrough(unsealing: true)
        #expect(await status(of: restoring)?.word == "succeeded")
        for capability in [first, second] {
            #expect(restoring.isHonoured(capability: capability, now: Self.now + 3599))
            #expect(!restoring.isHonoured(capability: capability, now: Self.now + 3600))
        }
        #expect(!restoring.isHonoured(capability: Random.bytes(16), now: Self.now))
        try await restoring.restore(upload, capability: second, now: Self.now)
        let late = try await refusal { try await restoring.restore(other, capability: second, now: Self.now) }
        #expect(late.isConflict && late.message == "The node is unsealed.")
        #expect(try await refusal { _ = try await restoring.transferKey(now: Self.now) }.isConflict)
    }

    @Test func transferKeysGoWithTheirTimeAndWhenTheNodeIsOpened() async throws {
        let node = try Node()
        let restoring = try node.restoring()
        let ends = [
            { restoring.expire(now: Self.now + ExchangeKey.lifetime) },
            { restoring.cancel() },
        ]
        for end in ends {
            let key = try await restoring.transferKey(now: Self.now)
            restoring.expire(now: Self.now + ExchangeKey.lifetime - 1)
            #expect(try await restoring.transferKey(now: Self.now).thumbprint == key.thumbprint)
            end()
            let upload = try blob(node.keyring.root, node.keyring.identity, to: key)
            let refusal = try await refusal { try await restoring.restore(upload, capability: [], now: Self.now) }
            #expect(refusal.message.contains("transfer key that this node doesn't hold"), "\(refusal.message)")
        }
    }

    @Test func aNodeThatStaysSealedMayBeUploadedToAgain() async throws {
        let node = try Node()
        let restoring = try node.restoring()
        let key = try await restoring.transferKey(now: Self.now)
        let upload = try blob(node.keyring.root, node.keyring.identity, to: key)
        try await restoring.restore(upload, capability: Random.bytes(16), now: Self.now)
        #expect(await status(of: restoring)?.word == "failed")
        node.letThrough(unsealing: true)
        node.isUnsealed.withLock { $0 = false }
        node.hold()
        try await restoring.restore(upload, capability: Random.bytes(16), now: Self.now)
        node.letThrough(unsealing: true)
        #expect(await status(of: restoring)?.word == "succeeded")
    }

    @Test func onlyThePoolsOwnRootCounts() async throws {
        let node = try Node()
        let restoring = try node.restoring()
        let key = try await restoring.transferKey(now: Self.now)
        let own = node.keyring.identity
        func identity(pool: [UInt8]? = nil, domain: [UInt8]? = nil, root: RootKey) throws -> PoolIdentity {
            let pool = pool ?? own.poolID
            return PoolIdentity(
                poolID: pool, securityDomainID: domain ?? own.securityDomainID, generation: root.generation,
                keyCheckValue: try root.checkValue(poolID: pool), identityKey: own.identityKey,
                createdAt: own.createdAt)
        }
        let foreign = try RootKey.generate(generation: 0)
        let later = try RootKey.generate(generation: 1)
        let id = [UInt8](repeating: 9, count: 16)
        for (root, identity, words) in [
            (foreign, try identity(root: foreign), "the root key does not match"),
            (node.keyring.root, try identity(pool: id, root: node.keyring.root), "another pool"),
            (node.keyring.root, try identity(domain: id, root: node.keyring.root), "another security domain"),
            (later, try identity(root: later), "root generation 1"),
        ] {
            let upload = try blob(root, identity, to: key)
            let refusal = try await refusal {
                try await restoring.restore(upload, capability: Random.bytes(16), now: Self.now)
            }
            #expect(!refusal.isConflict && refusal.message.contains(words), "\(refusal.message)")
        }
        let stranger = try ExchangeKey(nodeKey: try Self.nodeKey(), now: Self.now)
        for (key, now) in [(stranger, Self.now), (key, Self.now + ExchangeKey.lifetime)] {
            let upload = try blob(node.keyring.root, own, to: key)
            let refusal = try await refusal { try await restoring.restore(upload, capability: [], now: now) }
            #expect(!refusal.isConflict && refusal.message.contains("transfer key that this node doesn't hold"))
        }
        #expect(restoring.restoring == nil)
    }

    @Test func aNodeWithoutAPoolHasNothingToOpen() async throws {
        let restoring = try Node().restoring(.closed("This node has never been part of the pool."))
        let refusal = try await refusal { _ = try await restoring.transferKey(now: Self.now) }
        #expect(refusal.isConflict && refusal.message.contains("has never been part of the pool"))
    }

    /// A new pool takes whatever security domain officers bring, if it is another pool's.
    @Test func aNewPoolTakesOverTheDomainOfALostOne() throws {
        let node = try Node()
        let lost = try Keyring.create(
            poolID: [UInt8](repeating: 7, count: 16), securityDomainID: [UInt8](repeating: 8, count: 16), createdAt: 1
        ).keyring
        let situation = RestoringSituation.newPool(node.keyring)
        guard case .adopt(let adoption) = try situation.step(
            for: OpenedDomain(root: lost.root, identity: lost.identity))
        else { throw TestFailure("it isn't adopted") }
        let follower = try node.keyring.following(adoption.sealed, bridge: adoption.bridge)
        #expect(follower.identity.securityDomainID == lost.identity.securityDomainID)
        // The officers open the new pool's node from now on, and the root from before no more.
        let sealed = RestoringSituation.sealed(adoption.sealed)
        _ = try sealed.step(for: OpenedDomain(root: lost.root, identity: lost.identity))
        #expect(throws: RestoringRefusal.self) {
            try sealed.step(for: OpenedDomain(root: node.keyring.root, identity: node.keyring.identity))
        }
        #expect(throws: RestoringRefusal.self) {
            try situation.step(for: OpenedDomain(root: node.keyring.root, identity: node.keyring.identity))
        }
    }
}

extension RestoringStatus {
    fileprivate var word: String {
        switch self {
        case .inProgress: "in progress"
        case .succeeded: "succeeded"
        case .failed: "failed"
        }
    }
}
