extension Raft {
    /// Whether `takeOutput` would have something. May be true for nothing; never false for something.
    public var hasOutput: Bool {
        if flushIsDue || log.hasWrites || deliveredIndex < commitIndex || !pending.isEmpty { return true }
        if written != (term, vote) || announced != situation || owesConfirmation { return true }
        if announcedRelease != releasedIndex || announcedLeases != leases { return true }
        return currentRole.following?.reads.hasUnsent ?? false
    }

    /// As ``takeOutput()``, while there is something.
    public mutating func nextOutput() -> RaftOutput? { hasOutput ? takeOutput() : nil }

    /// What the node has to do now. `RaftOutput` says in which order.
    public mutating func takeOutput() -> RaftOutput {
        flush()
        sendForwardedReads()
        confirmView()
        var output = pending
        pending = RaftOutput()
        if log.hasWrites {
            let writes = log.takeWrites()
            output.truncateFrom = writes.truncateFrom
            output.entries = writes.entries
        }
        if written != (term, vote) || output.truncateFrom != nil || !output.entries.isEmpty {
            output.hardState = HardState(term: term, vote: vote, commit: commitIndex)
            written = (term, vote)
        }
        let deliverable = has(fault: .appliesPastCommit) ? log.lastIndex : commitIndex
        if deliveredIndex < deliverable {
            output.committed = Array(log.entries(from: deliveredIndex + 1, through: deliverable))
            deliveredIndex = deliverable
        }
        if announced != situation {
            announced = situation
            output.roleChange = situation
        }
        if announcedRelease < releasedIndex {
            announcedRelease = releasedIndex
            output.released = releasedIndex
        }
        if announcedLeases != leases {
            announcedLeases = leases
            output.leases = leases
        }
        return output
    }

    private var situation: RoleChange { RoleChange(role: role, term: term, leader: leader) }
}
