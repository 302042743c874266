import CryptographicModule
import NodeEnvironment
import PoolState
import Raft
import Replication
import RequestTesting
import Testing

@testable import HSMService

/// A node that was down while others joined: whom it lets in, and whose word counts.
@Suite struct MemberDirectoryTests {
    private static let own = NodeID(2)
    private let pool: InMemoryPool

    /// The pool has the members 2, 3 and 4 by the state that the node has.
    init() throws {
        pool = try TestPool([]).pool
        for node in 2...4 { try admit(UInt64(node)) }
    }

    private var state: PoolState { pool.latestView.state }

    private static func key(_ node: UInt64) -> [UInt8] { [UInt8](repeating: UInt8(node), count: 64) }

    private func submit(_ command: PoolCommand) throws {
        let outcome = try pool.submitNow(command).get().outcome
        guard outcome == .applied else { throw TestFailure("\(command): \(outcome)") }
    }

    private func invite(_ node: UInt64) throws {
        try submit(
            .inviteNode(
                NodeInvitation(
                    name: "node-\(node)", ticketDigest: Digest.sha256(Self.key(node)),
                    expires: TestPool.start / 1000 + 3600)))
    }

    private func admit(_ node: UInt64) throws {
        try invite(node)
        try submit(
            .admitNode(
                NodeAdmission(
                    ticketDigest: Digest.sha256(Self.key(node)), publicKey: Self.key(node),
                    apiURL: "https://node-\(node).pool.example", peerAddress: "node-\(node):9443",
                    audience: TestPool.audience, knownVersion: .newest)))
    }

    private func directory(stored: PoolState? = nil) -> MemberDirectory {
        MemberDirectory(poolName: "pool-1", own: Self.own, stored: stored ?? state, found: [])
    }

    private func notice(_ node: UInt64, key: UInt64? = nil, address: String? = nil) throws -> MemberNotice {
        try #require(
            MemberNotice(
                node: NodeID(node), pin: Digest.sha256(Self.key(key ?? node)), address: address ?? "node-\(node):9443"))
    }

    private func peers(_ directory: MemberDirectory) -> [UInt64] { directory.peerRecords.map(\.node.rawValue) }

    // MARK: Telling

    @Test func aNodeTellsWhomItsStateNames() throws {
        #expect(directory().notices == [try notice(2), try notice(3), try notice(4)])
        let without = MemberDirectory(poolName: "pool-1", own: Self.own, stored: nil, found: [])
        #expect(without.notices.isEmpty)
        // What it was told it doesn't pass on.
        let behind = directory()
        #expect(behind.hear([try notice(5)], from: NodeID(3)))
        #expect(behind.notices.map(\.node.rawValue) == [2, 3, 4])
    }

    // MARK: Hearing

    @Test func aNewcomerIsLetInUnderItsOwnNameAndKey() throws {
        let directory = directory()
        #expect(directory.hear([try notice(3), try notice(5)], from: NodeID(3)))
        #expect(peers(directory) == [2, 3, 4, 5])
        let record = try #require(directory.peerRecords.last)
        #expect(record.uri == "quorate:pool-1/5" && record.pins == [Digest.sha256(Self.key(5))])
        #expect(record.host == "node-5" && record.port == 9443)
        // Nothing else goes by it: it isn't asked for the root, and isn't shown as a member.
        #expect(directory.peers == [NodeID(3), NodeID(4)] && directory.member(NodeID(5)) == nil)
        // The same again, and from another, changes nothing.
        #expect(!directory.hear([try notice(5)], from: NodeID(3)))
        #expect(!directory.hear([try notice(5)], from: NodeID(4)))
        // It belongs to the pool for as long as one of them says so.
        #expect(!directory.hear([], from: NodeID(3)))
        #expect(directory.hear([], from: NodeID(4)))
        #expect(peers(directory) == [2, 3, 4])
    }

    @Test func onlyAMemberOfTheStateIsBelieved() throws {
        let directory = directory()
        #expect(!directory.hear([try notice(5)], from: NodeID(9)))
        #expect(directory.hear([try notice(5)], from: NodeID(3)))
        #expect(!directory.hear([try notice(6)], from: NodeID(5)), "it was only told of")
        #expect(peers(directory) == [2, 3, 4, 5])
        let without = MemberDirectory(poolName: "pool-1", own: Self.own, stored: nil, found: [])
        #expect(!without.hear([try notice(5)], from: NodeID(3)))
    }

    @Test func nobodyTouchesWhomTheStateNamesOrHasRemoved() throws {
        try invite(5)
        try submit(.removeNode(5))
        #expect(state.wasRemoved(5))
        let directory = directory()
        let before = directory.peerRecords
        #expect(
            !directory.hear(
                [try notice(2, key: 7), try notice(3, key: 7), try notice(4, address: "elsewhere:1"), try notice(5)],
                from: NodeID(3)))
        #expect(directory.peerRecords == before)
    }

    @Test func anInvitedNodeMayHaveComeMeanwhile() throws {
        try invite(5)
        let directory = directory()
        #expect(directory.hear([try notice(5)], from: NodeID(3)))
        #expect(peers(directory) == [2, 3, 4, 5])
        // Its ticket was withdrawn: no member has changed, but the id is the state's.
        try submit(.removeNode(5))
        #expect(directory.update(from: state))
        #expect(peers(directory) == [2, 3, 4])
    }

    @Test func theStateDecidesAsSoonAsItNamesTheNode() throws {
        let directory = directory()
        #expect(directory.update(from: state), "it is known to be genuine now")
        #expect(directory.hear([try notice(5, key: 7, address: "elsewhere:1"), try notice(6)], from: NodeID(3)))
        try admit(5)
        #expect(directory.update(from: state))
        #expect(peers(directory) == [2, 3, 4, 5, 6])
        let record = try #require(directory.peerRecords.first { $0.node == NodeID(5) })
        #expect(record.pins == [Digest.sha256(Self.key(5))] && record.host == "node-5")
        #expect(!directory.update(from: state))
    }

    @Test func aDisputedKeyLetsNobodyIn() throws {
        let directory = directory()
        #expect(directory.hear([try notice(5)], from: NodeID(3)))
        #expect(directory.hear([try notice(5, key: 7)], from: NodeID(4)))
        #expect(peers(directory) == [2, 3, 4])
        #expect(directory.hear([try notice(5, address: "elsewhere:1")], from: NodeID(4)))
        #expect(directory.peerRecords.last?.host == "node-5", "the first teller's address")
    }

    @Test func aTellerNamesSoManyOnly() throws {
        let directory = directory()
        let many = try (5...20).map { try notice($0) }
        #expect(directory.hear(many, from: NodeID(3)))
        #expect(directory.peerRecords.count == 3 + PoolLimits.members)
    }

    @Test func anAddressThatNobodyCanCallIsNone() throws {
        let directory = directory()
        #expect(!directory.hear([try notice(5, address: "node-5")], from: NodeID(3)))
        #expect(!directory.hear([try notice(5, address: "node/5:1")], from: NodeID(3)))
        #expect(peers(directory) == [2, 3, 4])
    }

    @Test func aTellerWhomTheStateDropsIsForgotten() throws {
        let directory = directory()
        #expect(directory.hear([try notice(5)], from: NodeID(4)))
        let other = try TestPool([]).pool.latestView.state
        #expect(directory.update(from: other), "a state without node 4")
        #expect(!peers(directory).contains(5))
    }
}
