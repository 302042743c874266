import NodeEnvironment
import Raft

/// Cutting the log.
extension NodeDriver {
    func compactIfDue() {
        guard halted == nil, stalled == nil, case .unsealed = seal else { return }
        // By the log as it was when the step began, which costs nothing to ask for.
        guard compaction.isDue(
            saved: savedIndex, compacted: consensus.compactedIndex, bytes: consensus.logBytes, now: now)
        else { return }
        lending.expire(now: now)
        let others = raft.configuration.members.filter { $0 != id }
        let through = compaction.cut(
            CompactionPolicy.Situation(
                saved: savedIndex, compacted: raft.compactedIndex, bytes: raft.logBytes,
                living: peers.appliedByLiving(others, now: now), readers: lending.lowestIndex ?? .max, now: now,
                byteCut: { self.raft.cut(keepingBytes: self.options.logBytesKept / 2) }))
        guard let through else { return }
        // The log is written in between, and the others hear of this node.
        let most = raft.cut(keepingBytes: max(0, raft.logBytes - options.bytesPerCut))
        if most < through { compaction.leftSome() }
        compact(through: min(through, most))
    }

    private func compact(through: LogIndex) {
        guard let term = raft.term(at: through), let tag = raft.tag(at: through) else { return }
        let configuration = configuration(at: through)
        do {
            try environment.storage.compactLog(
                through: through, term: term, tag: tag, configuration: configuration)
        } catch .full {
            return compaction.foundNoRoom(now: now)
        } catch {
            return halt(error)
        }
        compactedConfiguration = configuration
        raft.compact(through: through)
    }

    /// The configuration that was in force at `index`, which the log holds: the last one up to there.
    private func configuration(at index: LogIndex) -> PoolConfiguration {
        for entry in raft.entries(from: raft.compactedIndex + 1, to: index).reversed() {
            if case .configuration(let configuration) = entry.payload { return configuration }
        }
        return compactedConfiguration
    }
}
