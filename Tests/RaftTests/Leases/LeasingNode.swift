@testable import Raft

/// Node 1 of a pool with leases. Its clock begins at 1000 ms; leases last 750 ms and are booked for 917.
extension OneNode {
    static let booked: UInt64 = 917

    static func leasing(
        voters: Int = 3, log terms: [Term] = [], term: Term? = nil,
        _ prepare: (inout Raft.Options) -> Void = { _ in }
    ) throws -> OneNode {
        try OneNode(voters: voters, log: terms, term: term) {
            $0.reads = .lease
            prepare(&$0)
        }
    }

    /// A leader since so long that nobody can hold a lease of its predecessors. All members have all in their views,
    /// and none but the leader holds a lease.
    static func leasingLeader(
        voters: Int = 3, _ prepare: (inout Raft.Options) -> Void = { _ in }
    ) throws -> OneNode {
        var node = try OneNode.leasing(voters: voters, prepare)
        node.lead(votes: [2, 3])
        for _ in 0..<26 { _ = node.beat() }
        return node
    }

    var round: UInt64 { raft.currentRole.leadership?.round ?? 0 }

    /// 40 ms pass, a round begins, and the others answer it.
    @discardableResult
    mutating func beat(from peers: [UInt64] = [2, 3]) -> RaftOutput {
        _ = pass(milliseconds: 40)
        var last = RaftOutput()
        for peer in peers { last = report(from: peer) }
        return last
    }

    /// Time passes in beats that node 2 alone answers.
    mutating func wait(milliseconds: UInt64) -> RaftOutput {
        for _ in 0..<milliseconds / 40 { beat(from: [2]) }
        return pass(milliseconds: milliseconds % 40)
    }

    /// Member `peer` accepts everything, answers the present round, and has everything in its view, unless told
    /// otherwise.
    @discardableResult
    mutating func report(
        from peer: UInt64, through index: LogIndex? = nil, round: UInt64? = nil, published: LogIndex? = nil,
        request: LeaseRequestID? = nil
    ) -> RaftOutput {
        raft.published(through: raft.appliedIndex)
        return receive(
            .appendResponse(
                .init(
                    outcome: .accepted(matchIndex: index ?? raft.lastIndex), round: round ?? self.round,
                    published: published ?? raft.commitIndex, leaseRequest: request)),
            from: peer, term: raft.term)
    }

    /// Member `peer` asks for its first lease, and a quorum answers the round that begins at once.
    @discardableResult
    mutating func lend(to peer: UInt64, _ request: LeaseRequestID) -> [LeaseGrant] {
        var output = report(from: peer, request: request)
        for answering in [2, 3] as [UInt64] { output.messages += report(from: answering).messages }
        return output.grants(to: peer)
    }

    /// Proposes a command, which everybody stores and node 2 and this one have in their views.
    @discardableResult
    mutating func write() -> LogIndex {
        _ = raft.propose(.command([1]), tag: [])
        _ = take()
        _ = report(from: 2)
        _ = report(from: 2)
        return raft.commitIndex
    }

    /// A vote request that must be answered, whoever leads.
    mutating func voteAge(for candidate: UInt64, term: Term) -> Nanoseconds? {
        let request = RaftMessage.Body.voteRequest(lastIndex: 99, lastTerm: term - 1, isTransfer: true)
        for case .voteResponse(true, let age) in receive(request, from: candidate, term: term).messages.map(\.body) {
            return age
        }
        return nil
    }

    /// A heartbeat of node 2, which leads term 4, and the lease that this node asks for with its answer.
    mutating func heartbeat(round: UInt64, released: LogIndex? = 0, entries: [LogEntry] = []) -> LeaseRequestID? {
        let output = receive(
            .append(
                .init(
                    prevIndex: raft.lastIndex, prevTerm: raft.lastTerm, entries: entries,
                    commit: raft.lastIndex + LogIndex(entries.count), round: round, released: released)),
            from: 2, term: 4)
        for case .appendResponse(let response) in output.messages.map(\.body) { return response.leaseRequest }
        return nil
    }

    /// The same, where it must ask.
    mutating func ask(round: UInt64) throws -> LeaseRequestID {
        guard let request = heartbeat(round: round) else { throw AsksForNoLease() }
        return request
    }

    mutating func receive(grant request: LeaseRequestID, floor: LogIndex, leaderClock: UInt64) {
        let grant = LeaseGrant(
            request: request, floor: floor, receivedAt: Instant(nanoseconds: leaderClock * 1_000_000))
        receive(.lease(.grant(grant)), from: 2, term: 4)
    }
}

struct AsksForNoLease: Error {}

extension RaftOutput {
    func grants(to peer: UInt64) -> [LeaseGrant] {
        messages.compactMap { message in
            guard message.to == NodeID(peer), case .lease(.grant(let grant)) = message.body else { return nil }
            return grant
        }
    }

    var appends: [AppendRequest] {
        messages.compactMap { message in
            guard case .append(let request) = message.body else { return nil }
            return request
        }
    }

    var leaseMessages: [LeaseMessage] {
        messages.compactMap { message in
            guard case .lease(let lease) = message.body else { return nil }
            return lease
        }
    }
}
