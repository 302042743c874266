import CryptographicModule
import Foundation
import Logging
import PoolState
import Raft
import RequestTesting
import SecurityDomain
import Testing

@testable import HSMService

/// A node that serves keeps a ticket for its next start, and shows by it that it lives.
@Suite struct TicketKeepingTests {
    private struct Node {
        let test: TestPool
        let folder: TemporaryFolder
        let file: TicketFile
        let keeping: TicketKeeping

        /// - Parameter place: of the ticket, below the node's folder.
        init(place: String = "") throws {
            let test = try TestPool([])
            test.pool.submitNow(.raisePoolVersion(.peerUnsealing, knownBy: [1]))
            let folder = try TemporaryFolder()
            let file = TicketFile(dataFolder: folder.path + place)
            let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            let pem = try String(
                contentsOf: tests.appending(path: "SecurityDomainTests/Vectors/node1.key"), encoding: .utf8)
            let identity = PeerIdentity(
                poolID: TestKeys.poolID, epoch: 1, node: NodeID(1), bootNonce: [UInt8](repeating: 1, count: 32),
                machine: Array("machine-id=a".utf8), key: try FileSigningKey(path: try folder.write("node.key", pem)))
            let alarms = AlarmJournal(logger: quiet)
            let asking = PeerUnsealAsking(
                identity: identity, name: "node-1", anchor: PoolAnchor(poolID: TestKeys.poolID, identity: .untold),
                tickets: file,
                peers: PeerUnsealAsking.Peers(all: { [] }, key: { _ in nil }), custody: test.custody, alarms: alarms,
                logger: quiet, send: { _, _ in }, opened: { _ in })
            keeping = TicketKeeping(
                identity: identity, file: file, pool: test.pool, custody: test.custody, asking: asking,
                alarms: alarms, logger: quiet, unixMilliseconds: { test.pool.latestView.state.logTime })
            (self.test, self.folder, self.file) = (test, folder, file)
        }

        func tend() async throws { try await keeping.tend(try TestKeys.shared().keyring) }

        var known: NodeContinuity {
            get throws { try #require(test.pool.latestView.state.continuity(of: 1)) }
        }

        func wait(seconds: Int64) {
            test.pool.advance(toMilliseconds: test.pool.latestView.state.logTime + seconds * 1000)
            test.pool.submitNow(.deleteKey(name: "nothing"))
        }
    }

    @Test func itTakesATicketAndRenewsItInTime() async throws {
        let node = try Node()
        #expect(try node.file.read() == nil)
        try await node.tend()
        let first = try #require(try node.known.ticket)
        #expect(try node.known.isSettled && node.file.read()?.digest == first.digest)
        #expect(try node.known.machine == Digest.sha256(Array("machine-id=a".utf8)))
        let index = node.test.pool.latestView.appliedIndex
        try await node.tend()
        #expect(node.test.pool.latestView.appliedIndex == index, "nothing to do")
        node.wait(seconds: 899)
        try await node.tend()
        #expect(try node.known.ticket == first)
        node.wait(seconds: 1)
        try await node.tend()
        let second = try #require(try node.known.ticket)
        #expect(try second != first && node.known.isSettled && node.file.read()?.digest == second.digest)
        #expect(try node.known.lastSeen == node.test.pool.latestView.state.logTime / 1000)
    }

    @Test func aTicketThatCantBeStoredDoesNotReplaceTheOneBefore() async throws {
        let node = try Node(place: "/missing")
        for _ in 0..<2 {
            await #expect(throws: DurableFile.Fault.self) { try await node.tend() }
            #expect(try !node.known.isSettled && node.known.beginsUntil > 0)
        }
        let index = node.test.pool.latestView.appliedIndex
        await #expect(throws: DurableFile.Fault.self) { try await node.tend() }
        #expect(node.test.pool.latestView.appliedIndex == index, "the log doesn't grow by it")
    }

    @Test func aTicketIsForItsNodesUserAlone() async throws {
        let node = try Node()
        // What an interrupted write has left is no place for the next ticket.
        let left = try node.folder.write("ticket.tmp", "left")
        #expect(chmod(left, 0o644) == 0)
        try await node.tend()
        let path = node.folder.path + "/ticket"
        var status = stat()
        let found = lstat(path, &status)
        #expect(found == 0 && status.st_mode & 0o777 == 0o600)
        #expect(try node.file.read() != nil)
        for mode: mode_t in [0o640, 0o604] {
            #expect(chmod(path, mode) == 0)
            #expect(throws: ConfigurationError.self) { try node.file.read() }
        }
    }

    /// Somebody else was unsealed in the node's name: his ticket is taken over, and with the next renewal it is worth
    /// nothing.
    @Test func theTicketOfAnotherProcessIsTakenOver() async throws {
        let node = try Node()
        try await node.tend()
        let digest = try #require(try node.known.ticket?.digest)
        let keyring = try TestKeys.shared().keyring
        let nonce = [UInt8](repeating: 7, count: 32)
        let stolen = NodeContinuity.Ticket(nonce: nonce, digest: try keyring.ticket(node: 1, nonce: nonce).digest)
        let claim = UnsealClaim(
            node: 1, transcript: [UInt8](repeating: 5, count: 32), machine: try node.known.machine,
            ticket: .proven(digest))
        let granted = PeerUnsealCommand.grant(claim, by: 1, next: stolen)
        #expect(try node.test.pool.submitNow(.peerUnsealing(granted)).get().outcome == .applied)
        try await node.tend()
        #expect(try node.known.isSettled && node.file.read()?.digest == stolen.digest)
        node.wait(seconds: 900)
        try await node.tend()
        #expect(try node.known.ticket != stolen && node.known.isSettled)
    }
}
