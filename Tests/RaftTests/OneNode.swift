import Raft

/// One node and the messages of peers that a test makes up.
struct OneNode {
    var raft: Raft
    var clock: UInt64 = 1000

    var now: Instant { Instant(nanoseconds: clock * 1_000_000) }

    /// Node 1 of a pool of `voters`, with a log of these terms.
    init(
        voters: Int = 3, log terms: [Term] = [], term: Term? = nil, vote: NodeID? = nil,
        options change: (inout Raft.Options) -> Void = { _ in }
    ) throws {
        var options = Raft.Options(id: NodeID(1), randomSeed: 1)
        // The times that the scenarios count with.
        options.heartbeatInterval = 40_000_000
        options.electionTimeoutMinimum = 120_000_000
        options.electionTimeoutMaximum = 240_000_000
        change(&options)
        let entries = terms.enumerated().map { offset, term in
            LogEntry(index: LogIndex(offset + 1), term: term, payload: .noOp, tag: [])
        }
        let everyone = Set((1...UInt64(voters)).map(NodeID.init))
        raft = try Raft(
            options: options,
            restored: .init(
                hardState: .init(term: term ?? terms.last ?? 0, vote: vote), entries: entries,
                configuration: .init(voters: everyone)),
            now: Instant(nanoseconds: 1_000_000_000))
    }

    /// A message from `peer`; the answers to it.
    @discardableResult
    mutating func receive(_ body: RaftMessage.Body, from peer: UInt64, term: Term) -> RaftOutput {
        raft.step(RaftMessage(from: NodeID(peer), to: NodeID(1), term: term, body: body), now: now)
        return take()
    }

    /// Takes the output and carries it out as a disk that is done at once.
    mutating func take() -> RaftOutput {
        let output = raft.takeOutput()
        if let last = output.entries.last { raft.persisted(through: last.index, term: last.term) }
        if let last = output.committed.last { raft.applied(through: last.index) }
        return output
    }

    mutating func pass(milliseconds: UInt64) -> RaftOutput {
        clock += milliseconds
        raft.advance(to: now)
        return take()
    }

    /// Makes node 1 the leader, with the votes of node 2 or more.
    mutating func lead(votes voters: [UInt64] = [2]) {
        raft.campaign(now: now)
        _ = take()
        let asked = raft.term + 1
        for voter in voters { receive(.preVoteResponse(granted: true), from: voter, term: asked) }
        for voter in voters { receive(.voteResponse(granted: true), from: voter, term: asked) }
    }

    /// Node `peer` accepts everything through the last entry.
    @discardableResult
    mutating func accept(from peer: UInt64, round: UInt64 = 1) -> RaftOutput {
        receive(
            .appendResponse(.init(outcome: .accepted(matchIndex: raft.lastIndex), round: round)), from: peer,
            term: raft.term)
    }
}
