import PoolState
import Raft

/// Log matching, and the one history of committed entries that every node must agree with.
final class LogChecker {
    private struct Name: Hashable {
        let index: LogIndex
        let term: Term
    }
    private struct Stored {
        let entry: LogEntry
        let previousTerm: Term
    }
    struct Committed {
        let entry: LogEntry
        /// What was proposed with it, decoded once for all checks; nil if it holds no proposal.
        let proposal: ProposalEnvelope?
        /// The term of the node that was first seen to know: no earlier than the one that it was committed in.
        fileprivate let inTerm: Term
    }

    private(set) var violation: Violation?
    private var stored: [Name: Stored] = [:]
    /// By index, from 1.
    private var committed: [Committed] = []
    private var knownCommit: [NodeID: LogIndex] = [:]
    /// The committed configurations, in order.
    private(set) var configurations: [PoolConfiguration] = []

    var committedCount: Int { committed.count }

    func committed(at index: LogIndex) -> Committed? {
        index >= 1 && index <= committed.count ? committed[Int(index - 1)] : nil
    }

    /// `entries` were written behind the entry with this index and term.
    func stored(_ entries: [LogEntry], behind index: LogIndex, term: Term, by node: NodeID) {
        var previous = Name(index: index, term: term)
        for entry in entries {
            let name = Name(index: entry.index, term: entry.term)
            if let known = stored[name] {
                if known.entry != entry || known.previousTerm != previous.term {
                    fail(.logsDoNotMatch(node, index: entry.index, term: entry.term))
                }
            } else {
                stored[name] = Stored(entry: entry, previousTerm: previous.term)
            }
            if entry.index != previous.index + 1 || entry.term < previous.term {
                fail(.logsDoNotMatch(node, index: entry.index, term: entry.term))
            }
            previous = name
        }
    }

    func truncated(from index: LogIndex, compacted: LogIndex, by node: NodeID) {
        if index <= max(compacted, knownCommit[node] ?? 0) { fail(.committedEntryTruncated(node, index: index)) }
    }

    /// `node`, in `term`, takes everything through `commit` on this disk for committed. It may know of a commit before
    /// it has found room for the entries.
    func commits(_ node: NodeID, through commit: LogIndex, term: Term, disk: SimulatedDisk) {
        let commit = min(commit, disk.lastIndex)
        var index = max(knownCommit[node] ?? 0, disk.compactedIndex)
        guard commit > index else { return }
        knownCommit[node] = commit
        while index < commit, let entry = disk.entry(at: index + 1) {
            index += 1
            if index == committed.count + 1 {
                committed.append(Committed(entry: entry, proposal: Self.proposal(in: entry), inTerm: term))
                if case .configuration(let next) = entry.payload { follows(next, at: index) }
            } else if index > committed.count || committed[Int(index - 1)].entry != entry {
                fail(.committedEntryChanged(node, index: index))
            }
        }
    }

    private static func proposal(in entry: LogEntry) -> ProposalEnvelope? {
        guard case .command(let bytes) = entry.payload else { return nil }
        return try? ProposalEnvelope(decoding: bytes)
    }

    /// No two configurations in a row have quorums that don't meet: a joint one needs a majority of either half.
    private func follows(_ next: PoolConfiguration, at index: LogIndex) {
        if let last = configurations.last {
            let halves = [last.voters, last.outgoingVoters].filter { !$0.isEmpty }
            if !halves.contains(next.voters), !halves.contains(next.outgoingVoters) {
                fail(.disjointConfigurations(index: index))
            }
        }
        configurations.append(next)
    }

    /// A new life: what the node knew to be committed is looked at again.
    func starts(_ node: NodeID) {
        knownCommit[node] = 0
    }

    /// Whoever leads `term` has every entry that was committed in an earlier one (Leader Completeness). With log
    /// matching the last of them vouches for the rest.
    func leads(_ node: NodeID, term: Term, disk: SimulatedDisk) {
        guard let last = committed.lastIndex(where: { $0.inTerm < term }) else { return }
        let entry = committed[last].entry
        guard entry.index > disk.compactedIndex else { return }
        if disk.term(at: entry.index) != entry.term {
            fail(.leaderLacksCommitted(node, term: term, index: entry.index))
        }
    }

    private func fail(_ found: Violation) {
        violation = violation ?? found
    }
}
