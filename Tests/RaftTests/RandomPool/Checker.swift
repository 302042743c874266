import Raft

/// Sees everything at once, as no node can, and says the first thing that must not be.
final class Checker {
    private(set) var failure: String?
    /// What any node said was committed, by index from 1.
    private(set) var history: [LogEntry] = []
    private var leaders: [Term: NodeID] = [:]
    private var votes: [[UInt64]: NodeID] = [:]
    private var terms: [NodeID: Term] = [:]
    private var reads: [UInt64: (node: NodeID, needed: LogIndex)] = [:]
    /// The highest index that any node said is released.
    private(set) var released: LogIndex = 0
    private(set) var counts: [String: Int] = [:]

    func fail(_ text: String) {
        if failure == nil { failure = text }
    }

    func count(_ what: String) {
        counts[what, default: 0] += 1
    }

    private var committed: LogIndex { LogIndex(history.count) }

    func readBegan(_ id: UInt64, at node: NodeID) {
        reads[id] = (node, committed)
    }

    /// Its callers are gone.
    func crashed(_ node: NodeID) {
        count("crash")
        reads = reads.filter { $0.value.node != node }
    }

    func sent(_ message: RaftMessage) {
        checkTerm(of: message)
        guard case .voteResponse(granted: true, _) = message.body else { return }
        let ballot = [message.from.rawValue, message.term]
        if let earlier = votes[ballot], earlier != message.to {
            fail("\(message.from) votes for \(earlier) and \(message.to) in term \(message.term)")
        }
        votes[ballot] = message.to
    }

    /// A term that was spoken of is durable: the node never speaks in an earlier one.
    private func checkTerm(of message: RaftMessage) {
        switch message.body {
        case .preVoteRequest, .preVoteResponse: return
        default: break
        }
        let earlier = terms[message.from, default: 0]
        if message.term < earlier { fail("\(message.from) goes back from term \(earlier) to \(message.term)") }
        terms[message.from] = message.term
    }

    func check(_ output: RaftOutput, of node: PoolNode) {
        guard let raft = node.raft else { return }
        for violation in output.violations { fail("\(node.id) reports \(violation)") }
        checkCommitted(output.committed, of: node.id)
        checkConfiguration(of: raft, disk: node.disk)
        if let change = output.roleChange, change.role == .leader { checkLeader(raft) }
        if raft.commitIndex > raft.lastIndex || raft.appliedIndex > raft.commitIndex {
            fail("\(node.id) applied \(raft.appliedIndex) commit \(raft.commitIndex) last \(raft.lastIndex)")
        }
        if output.truncateFrom != nil { count("truncation") }
        if let index = output.released {
            if index > committed { fail("\(node.id) releases \(index), and only \(committed) was committed") }
            released = max(released, index)
        }
        for read in output.readStates {
            count("read")
            guard let began = reads.removeValue(forKey: read.id) else {
                return fail("\(node.id) answers read \(read.id) twice, or unasked")
            }
            if read.index < began.needed {
                fail("\(node.id) read \(read.id) at \(read.index), but \(began.needed) was committed when it was asked")
            }
        }
        for read in output.failedReads where reads.removeValue(forKey: read) == nil {
            fail("\(node.id) fails read \(read) twice, or unasked")
        }
    }

    private func checkCommitted(_ entries: [LogEntry], of node: NodeID) {
        for entry in entries {
            if entry.index <= committed {
                let known = history[Int(entry.index) - 1]
                if known != entry { fail("\(node) commits \(entry), and \(known) was committed") }
            } else if entry.index == committed + 1 {
                history.append(entry)
                count("commit")
            } else {
                fail("\(node) commits \(entry.index), and only \(committed) were")
            }
        }
    }

    /// One leader a term, and it has everything that was ever committed.
    private func checkLeader(_ raft: Raft) {
        count("leader")
        if let other = leaders[raft.term], other != raft.id {
            fail("\(other) and \(raft.id) both lead term \(raft.term)")
        }
        leaders[raft.term] = raft.id
        // What later terms committed it need not have: the news of its election can be late.
        for entry in history where entry.index > raft.compactedIndex && entry.term < raft.term {
            if raft.term(at: entry.index) != entry.term {
                fail("leader \(raft.id) of term \(raft.term) lacks \(entry.index)/\(entry.term)")
            }
        }
        if raft.compactedIndex > committed { fail("\(raft.id) compacted what was never committed") }
    }

    /// The last configuration in the log is in force, and no other.
    private func checkConfiguration(of raft: Raft, disk: PoolDisk) {
        var expected: PoolConfiguration?
        for entry in raft.entries(from: raft.compactedIndex + 1, to: raft.lastIndex) {
            if case .configuration(let configuration) = entry.payload { expected = configuration }
        }
        if raft.compactedIndex == disk.compactedIndex, expected == nil { expected = disk.configuration }
        if let expected, raft.configuration != expected {
            fail("\(raft.id) counts by \(raft.configuration), its log says \(expected)")
        }
    }

    /// What was released when a read arrived is in the view that it is answered from, on every node.
    func servedUnderLease(by node: NodeID, view: LogIndex, needed: LogIndex) {
        count("lease read")
        if view < needed { fail("\(node) answers from the view at \(view), and \(needed) had been released") }
    }

    func checkSnapshot(_ snapshot: SnapshotDescriptor, of node: NodeID) {
        count("snapshot")
        guard snapshot.index <= committed else { return fail("\(node) is offered what was never committed") }
        if history[Int(snapshot.index) - 1].term != snapshot.term { fail("snapshot of another history") }
        var expected: PoolConfiguration?
        for entry in history[..<Int(snapshot.index)] {
            if case .configuration(let configuration) = entry.payload { expected = configuration }
        }
        if let expected, expected != snapshot.configuration { fail("snapshot with another configuration") }
    }

    /// After the trouble: all members of the pool have everything, and no read hangs.
    func checkRecovery(of nodes: [PoolNode], leader: PoolNode) {
        guard failure == nil, let configuration = leader.raft?.configuration else { return }
        if configuration.isJoint { fail("the pool stays in a joint configuration") }
        for node in nodes where configuration.isMember(node.id) {
            guard let raft = node.raft else { continue }
            if raft.commitIndex != committed || raft.lastIndex != committed {
                fail("\(node.id) has \(raft.lastIndex), commit \(raft.commitIndex), of \(committed)")
            }
            if raft.leader != leader.id { fail("\(node.id) does not follow") }
            if raft.releasedIndex != committed { fail("\(node.id) has \(raft.releasedIndex) released") }
            count("member")
            if raft.leases.serves(viewIndex: raft.publishedIndex, now: node.now) { count("holder") }
        }
        if let hanging = reads.first { fail("read \(hanging.key) at \(hanging.value.node) hangs") }
        if let found = failure { failure = found + ": " + nodes.map(\.text).joined(separator: "; ") }
    }
}
