import NodeEnvironment
import Raft

/// Cutting the log.
extension NodeDriver {
    /// Cuts what every member has applied, but for a stock of recent entries. Every member's own word counts, the
    /// leader's bookkeeping does not, so that each node cuts for itself; a member that never told holds the log whole.
    func compactIfDue() {
        guard halted == nil, stalled == nil, case .unsealed = seal else { return }
        guard savedIndex >= raft.compactedIndex + options.logEntriesKept + options.compactionStep else { return }
        let others = raft.configuration.members.filter { $0 != id }
        guard let everyone = peers.appliedByAll(others) else { return }
        let through = min(savedIndex - options.logEntriesKept, everyone)
        guard through >= raft.compactedIndex + options.compactionStep else { return }
        guard let term = raft.term(at: through), let tag = raft.tag(at: through) else { return }
        let configuration = configuration(at: through)
        do {
            try environment.storage.compactLog(
                through: through, term: term, tag: tag, configuration: configuration)
        } catch .full {
            return
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
