import CryptographicModule
import Foundation
import Logging
import ManagementAPI
import NodeEnvironment
import PoolState
import Raft
import RequestPipeline
import RequestTesting
import SecurityDomain
import StrictJSON
import Synchronization
import Testing

@testable import HSMService

/// One unsealed node and a sealed one, with a pool between them and the wire taken out: what is asked, what is granted,
/// and what is refused.
@Suite struct PeerUnsealingTests {
    private static let sealedNode = NodeID(2)

    private struct Sealed: KeyCustody {
        let unsealed: UnsealedPool? = nil
        let recovery: RecoveryAccess? = nil
        func record(digest: [UInt8]) throws(CryptoError) -> SealedRecord { throw .internalFailure("sealed") }
    }

    private final class Counter: Sendable { let count = Mutex(0) }

    /// Whether a node asks while it is being opened; nil before that.
    private final class Meanwhile: Sendable {
        let node = Mutex<PeerUnsealAsking?>(nil)
        let asks = Mutex<Bool?>(nil)
    }

    /// The unsealed node is 1, the sealed one 2.
    private final class Pair: Sendable {
        let test: TestPool
        let granting: PeerUnsealing
        let keys: [FileSigningKey]
        let tickets: TicketFile
        /// What the nodes know of their pool.
        let anchor: PoolAnchor
        /// What the unsealed node has sent to the sealed one.
        let sent = Mutex<[[UInt8]]>([])
        let opened = Mutex<[Keyring]>([])
        private let folder: TemporaryFolder
        private let alarms = AlarmJournal(logger: quiet)
        private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        private final class Box: Sendable { let sent = Mutex<[[UInt8]]>([]) }
        private let box: Box

        init() throws {
            test = try TestPool([])
            folder = try TemporaryFolder()
            tickets = TicketFile(dataFolder: folder.path)
            let identity = try TestKeys.shared().keyring.identity
            anchor = PoolAnchor(poolID: identity.poolID, identity: .known(identity.keyDigest))
            let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            var keys: [FileSigningKey] = []
            for node in 1...2 {
                let file = tests.appending(path: "SecurityDomainTests/Vectors/node\(node).key")
                let pem = try String(contentsOf: file, encoding: .utf8)
                keys.append(try FileSigningKey(path: try folder.write("node\(node).key", pem)))
            }
            self.keys = keys
            try Self.admit(keys[1], to: test.pool)
            let box = Box()
            self.box = box
            let (test, alarms, publicKeys) = (test, alarms, keys.map(\.spkiDER))
            let asking = PeerUnsealAsking(
                identity: Self.identity(1, keys[0]), name: "node-1", anchor: anchor, tickets: tickets,
                peers: PeerUnsealAsking.Peers(all: { [Self.other] }, key: { _ in nil }), custody: test.custody,
                alarms: alarms, logger: Self.quiet, send: { _, _ in }, opened: { _ in })
            granting = PeerUnsealing(
                asking: asking, identity: Self.identity(1, keys[0]), keyOf: { node in
                    node == Self.other ? publicKeys[1] : nil
                },
                pool: test.pool, custody: test.custody, alarms: alarms, logger: Self.quiet,
                unixMilliseconds: { test.pool.latestView.state.logTime },
                send: { message, _ in
                    if case .unsealReply(let bytes) = message { box.sent.withLock { $0.append(bytes) } }
                })
        }

        private static let other = NodeID(2)

        static func identity(
            _ node: UInt64, _ key: FileSigningKey, nonce: UInt8 = 1, machine: String = "machine-id=a",
            epoch: UInt64 = 1
        ) -> PeerIdentity {
            PeerIdentity(
                poolID: TestKeys.poolID, epoch: epoch, node: NodeID(node),
                bootNonce: [UInt8](repeating: nonce, count: 32), machine: Array(machine.utf8), key: key)
        }

        private static func admit(_ key: FileSigningKey, to pool: InMemoryPool) throws {
            let digest = [UInt8](repeating: 9, count: 32)
            for command: PoolCommand in [
                .raisePoolVersion(.peerUnsealing, knownBy: [1]),
                .inviteNode(
                    NodeInvitation(name: "node-2", ticketDigest: digest, expires: TestPool.start / 1000 + 3600)),
                .admitNode(
                    NodeAdmission(
                        ticketDigest: digest, publicKey: key.spkiDER, apiURL: "https://b.pool.example:8443",
                        peerAddress: "b.pool.example:9443", audience: TestPool.audience, knownVersion: .newest)),
            ] {
                let outcome = try pool.submitNow(command).get().outcome
                guard outcome == .applied else { throw TestFailure("\(command): \(outcome)") }
            }
        }

        /// A start of the sealed node.
        func boot(_ identity: PeerIdentity? = nil, anchor: PoolAnchor? = nil) -> PeerUnsealAsking {
            let publicKey = keys[0].spkiDER
            return PeerUnsealAsking(
                identity: identity ?? Self.identity(2, keys[1], nonce: UInt8.random(in: 2...255)), name: "node-2",
                anchor: anchor ?? self.anchor, tickets: tickets,
                peers: PeerUnsealAsking.Peers(all: { [NodeID(1)] }, key: { $0 == NodeID(1) ? publicKey : nil }),
                custody: Sealed(), alarms: alarms, logger: Self.quiet, send: { _, _ in },
                opened: { [self] keyring in opened.withLock { $0.append(keyring) } })
        }

        /// What the unsealed node answers; nil where it says nothing.
        func answer(to request: [UInt8]) async -> [UInt8]? {
            await granting.answer(request, from: Self.other)
            return box.sent.withLock { $0.popLast() }
        }

        /// Asks, and takes the answer. Whether the root has come.
        func unseal(_ node: PeerUnsealAsking) async throws -> Bool {
            let count = opened.withLock { $0.count }
            if let answer = await answer(to: try node.request().encode()) {
                await node.take(answer, from: NodeID(1))
            }
            return opened.withLock { $0.count } > count
        }

        /// The node has said that its ticket is on its disk.
        func hold() throws {
            let digest = try #require(test.pool.latestView.state.continuity(of: 2)?.ticket?.digest)
            let outcome = try test.pool.submitNow(.peerUnsealing(.hold(node: 2, digest: digest)), by: 2).get().outcome
            #expect(outcome == .applied)
        }

        /// The node has been unsealed and has its ticket.
        static func settled() async throws -> Pair {
            let pair = try Pair()
            #expect(try await pair.unseal(pair.boot()))
            try pair.hold()
            return pair
        }

        func set(_ mode: PeerUnsealMode) throws {
            let settings = PeerUnsealSettings(mode: mode, maxAbsence: 3600)
            #expect(try test.pool.submitNow(.peerUnsealing(.set(settings))).get().outcome == .applied)
        }
    }

    @Test func eachStartShowsTheTicketOfTheOneBefore() async throws {
        let pair = try await Pair.settled()
        for _ in 0..<2 {
            let before = try #require(try pair.tickets.read()?.digest)
            #expect(try await pair.unseal(pair.boot()))
            let after = try #require(try pair.tickets.read()?.digest)
            #expect(after != before)
            #expect(pair.test.pool.latestView.state.continuity(of: 2)?.ticket?.digest == after)
            try pair.hold()
        }
        let expected = try TestKeys.shared().keyring.identity
        #expect(pair.opened.withLock { $0.map(\.identity) } == [expected, expected, expected])
    }

    @Test func aFolderThatWasPutBackIsRefusedAndNamed() async throws {
        let pair = try await Pair.settled()
        let old = try #require(try pair.tickets.read())
        #expect(try await pair.unseal(pair.boot()))
        try pair.hold()
        try pair.tickets.write(old)
        let node = pair.boot()
        #expect(try await !pair.unseal(node))
        let waiting = try #require(node.waiting)
        #expect(waiting.reason.contains("isn't its latest") && waiting.code?.utf8.count == 8)
        // A person has looked.
        let requests = pair.granting.requests
        let now = SystemClock().now()
        let code = try #require(waiting.code)
        let wrong = String(code.map { $0 == "9" ? "0" : "9" })
        #expect(throws: UnsealRequestRefusal.self) {
            try requests.transcript(of: Self.sealedNode, code: wrong, granted: nil, now: now)
        }
        #expect(throws: UnsealRequestRefusal.self) {
            try requests.transcript(of: NodeID(1), code: code, granted: nil, now: now)
        }
        #expect(throws: UnsealRequestRefusal.self) {
            let late = now.advanced(by: 61_000_000_000)
            _ = try requests.transcript(of: Self.sealedNode, code: code, granted: nil, now: late)
        }
        let transcript = try requests.transcript(of: Self.sealedNode, code: code, granted: nil, now: now)
        let approval = PeerUnsealCommand.approve(node: 2, transcript: transcript)
        #expect(try pair.test.pool.submitNow(.peerUnsealing(approval)).get().outcome == .applied)
        // Where another member has granted it, nobody waits any more.
        #expect(throws: UnsealRequestRefusal.self) {
            try requests.transcript(of: Self.sealedNode, code: code, granted: transcript, now: now)
        }
        #expect(try await pair.unseal(node) && node.waiting == nil)
    }

    @Test func codesCantBeGuessed() async throws {
        let pair = try await Pair.settled()
        try pair.set(.attended)
        let node = pair.boot()
        #expect(try await !pair.unseal(node))
        let code = try #require(node.waiting?.code)
        let (requests, now) = (pair.granting.requests, SystemClock().now())
        for guess in 0..<5 {
            #expect(throws: UnsealRequestRefusal.self) {
                try requests.transcript(of: Self.sealedNode, code: "\(guess)x", granted: nil, now: now)
            }
        }
        // The node asks again, as the same request: that brings no new tries.
        #expect(try await !pair.unseal(node))
        #expect(throws: UnsealRequestRefusal.self) {
            try requests.transcript(of: Self.sealedNode, code: code, granted: nil, now: now)
        }
        // Another start is another request.
        let next = pair.boot()
        #expect(try await !pair.unseal(next))
        let other = try #require(next.waiting?.code)
        #expect(throws: Never.self) {
            try requests.transcript(of: Self.sealedNode, code: other, granted: nil, now: now)
        }
    }

    /// A member without the pool's keys can make a root and a keyring that fit each other. A newcomer that took them
    /// would serve under keys that the other one knows.
    @Test func keysOfAnotherPoolAreRefusedAndNamed() async throws {
        let pair = try Pair()
        let told = [UInt8](repeating: 7, count: 32)
        for (known, reason) in [
            (PoolAnchor(poolID: TestKeys.poolID, identity: .known(told)), Hexadecimal.encode(told)),
            (PoolAnchor(poolID: [UInt8](repeating: 1, count: 16), identity: pair.anchor.identity), "another pool"),
        ] {
            let node = pair.boot(anchor: known)
            #expect(try await !pair.unseal(node))
            let waiting = try #require(node.waiting)
            #expect(waiting.reason.contains("node 1 has sent are not taken") && waiting.reason.contains(reason))
            // A person's approval wouldn't help, and the ticket that came with them isn't kept.
            #expect(try waiting.code == nil && pair.tickets.read() == nil)
        }
        // Where another member answers with the pool's, that is forgotten.
        let node = pair.boot()
        #expect(try await pair.unseal(node) && node.waiting == nil)
        #expect(try pair.tickets.read() != nil)
    }

    @Test func aFounderTakesWhatThePoolsMakerSends() async throws {
        let pair = try Pair()
        #expect(try await pair.unseal(pair.boot(anchor: PoolAnchor(poolID: TestKeys.poolID, identity: .founding))))
    }

    @Test func aNodeWithoutATicketWaits() async throws {
        let pair = try await Pair.settled()
        let folder = try TemporaryFolder()
        #expect(try TicketFile(dataFolder: folder.path).read() == nil)
        let asking = PeerUnsealAsking(
            identity: Pair.identity(2, pair.keys[1], nonce: 7), name: "node-2", anchor: pair.anchor,
            tickets: TicketFile(dataFolder: folder.path),
            peers: PeerUnsealAsking.Peers(all: { [] }, key: { _ in pair.keys[0].spkiDER }), custody: Sealed(),
            alarms: AlarmJournal(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, send: { _, _ in }, opened: { _ in })
        #expect(try await !pair.unseal(asking))
        #expect(asking.waiting?.reason.contains("has no ticket") == true)
        // An order is the reason from then on.
        asking.keepSealed()
        #expect(asking.waiting?.reason.contains("an administrator has sealed it") == true)
        #expect(asking.waiting?.code == nil)
        // One that was cut short is none.
        _ = try folder.write("ticket", "short")
        #expect(try TicketFile(dataFolder: folder.path).read() == nil)
    }

    /// The node was opened by others and sealed by order between two looks of the task that asks.
    @Test func aNodeThatIsKeptSealedAsksNobody() async throws {
        let pair = try Pair()
        let sent = Counter()
        let asking = PeerUnsealAsking(
            identity: Pair.identity(2, pair.keys[1]), name: "node-2", anchor: pair.anchor, tickets: pair.tickets,
            peers: PeerUnsealAsking.Peers(
                all: {
                    // For one turn only. The task is the one that this runs in, and isn't kept.
                    withUnsafeCurrentTask { $0?.cancel() }
                    return [NodeID(1)]
                }, key: { _ in nil }),
            custody: Sealed(), alarms: AlarmJournal(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            send: { _, _ in sent.count.withLock { $0 += 1 } }, opened: { _ in })
        await Task { await asking.run() }.value
        #expect(sent.count.withLock { $0 } == 1)
        asking.keepSealed()
        await Task { await asking.run() }.value
        #expect(sent.count.withLock { $0 } == 1)
    }

    /// With a large state that takes a while.
    @Test func aNodeThatIsBeingOpenedAsksNobody() async throws {
        let pair = try Pair()
        let meanwhile = Meanwhile()
        let asking = PeerUnsealAsking(
            identity: Pair.identity(2, pair.keys[1], nonce: 7), name: "node-2", anchor: pair.anchor,
            tickets: pair.tickets,
            peers: PeerUnsealAsking.Peers(all: { [] }, key: { _ in pair.keys[0].spkiDER }), custody: Sealed(),
            alarms: AlarmJournal(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, send: { _, _ in },
            opened: { _ in
                let node = meanwhile.node.withLock { $0 }
                let request = try? node?.dueRequest()
                meanwhile.asks.withLock { $0 = request != nil }
            })
        meanwhile.node.withLock { $0 = asking }
        let first = try #require(try asking.dueRequest())
        let answer = await pair.answer(to: first.encode())
        await asking.take(try #require(answer), from: NodeID(1))
        #expect(meanwhile.asks.withLock { $0 } == false)
        // What was sent didn't open it: it asks anew.
        #expect(try asking.dueRequest() != nil)
    }

    @Test func anotherMachineAndAnAbsenceAreNamed() async throws {
        let pair = try await Pair.settled()
        let moved = pair.boot(Pair.identity(2, pair.keys[1], nonce: 3, machine: "machine-id=b"))
        #expect(try await !pair.unseal(moved))
        #expect(moved.waiting?.reason.contains("another machine") == true)
        pair.test.pool.advance(toMilliseconds: TestPool.start + 3_601_000)
        pair.test.pool.submitNow(.deleteKey(name: "nothing"))
        let late = pair.boot()
        #expect(try await !pair.unseal(late))
        #expect(late.waiting?.reason.contains("away for longer") == true)
    }

    @Test func nothingLeavesANodeThatCantAskThePool() async throws {
        let pair = try await Pair.settled()
        let request = try pair.boot().request().encode()
        pair.test.pool.setUnavailable(.noLeader)
        #expect(await pair.answer(to: request) == nil)
        // Nor does it give a reason, by what it knew before.
        pair.test.pool.setUnavailable(nil)
        try pair.set(.attended)
        pair.test.pool.setUnavailable(.noLeader)
        #expect(await pair.answer(to: request) == nil)
        pair.test.pool.setUnavailable(nil)
        // The removal was committed elsewhere, and the node asks the pool before it answers.
        pair.test.pool.submitNow(.removeNode(2))
        #expect(await pair.answer(to: request) == nil)
    }

    @Test func otherEpochsPoolsAndKeysAreRefused() async throws {
        let pair = try await Pair.settled()
        for identity in [
            Pair.identity(2, pair.keys[1], nonce: 3, epoch: 2), Pair.identity(2, pair.keys[0], nonce: 3),
            Pair.identity(1, pair.keys[1], nonce: 3),
        ] { #expect(await pair.answer(to: try pair.boot(identity).request().encode()) == nil) }
        #expect(await pair.answer(to: [1, 2, 3]) == nil)
    }

    /// A recorded request gets an answer that only its ephemeral key opens; a recorded answer opens for no other start.
    @Test func aRecordedExchangeOpensNothing() async throws {
        let pair = try await Pair.settled()
        let node = pair.boot()
        let request = try node.request().encode()
        let answer = try #require(await pair.answer(to: request))
        await node.take(answer, from: NodeID(1))
        let count = pair.opened.withLock { $0.count }
        #expect(count == 2)
        await node.take(answer, from: NodeID(1))
        await pair.boot().take(answer, from: NodeID(1))
        let again = try #require(await pair.answer(to: request))
        await node.take(again, from: NodeID(1))
        let other = pair.boot()
        _ = try other.request()
        await other.take(again, from: NodeID(1))
        #expect(pair.opened.withLock { $0.count } == count)
    }

    @Test func grantsAreRationed() async throws {
        let pair = try await Pair.settled()
        // One was used before.
        for _ in 0..<2 {
            #expect(try await pair.unseal(pair.boot()))
            try pair.hold()
        }
        #expect(try await !pair.unseal(pair.boot()))
    }

    @Test func messagesAreOneOfTwo() throws {
        let notice = PeerUnsealNotice(transcript: [UInt8](repeating: 1, count: 32), reason: .attended)
        guard case .refusal(notice)? = PeerUnsealMessage(PeerUnsealMessage.refusal(notice)) else {
            throw TestFailure("no notice")
        }
        guard case .reply([1], material: [2, 3])? = PeerUnsealMessage(PeerUnsealMessage.join([1], [2, 3])) else {
            throw TestFailure("no reply")
        }
        for bad: [UInt8] in [[], [0, 0, 0], [0, 0, 0, 1], [0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF, 1]] {
            #expect(PeerUnsealMessage(bad) == nil)
        }
    }
}
