import Raft

final class PoolNode {
    let id: NodeID
    var disk: PoolDisk
    /// Nil while the process is down.
    var raft: Raft?
    /// The node's clock, which a restart does not touch, and by how much it runs too fast, in percent.
    var nanoseconds: UInt64 = 1_000_000_000
    var clockError: Int64 = 0
    /// The node does nothing until then; its readers do.
    var pausedUntil: UInt64 = 0
    var reader = LeaseReader()

    init(id: NodeID, disk: PoolDisk) {
        self.id = id
        self.disk = disk
    }

    var now: Instant { Instant(nanoseconds: nanoseconds) }

    var text: String {
        guard let raft else { return "\(id) down" }
        return "\(id) \(raft.role) term \(raft.term) last \(raft.lastIndex)/\(raft.lastTerm) commit \(raft.commitIndex)"
            + " compacted \(raft.compactedIndex)"
            + " voters \(raft.configuration.voters.sorted()) outgoing \(raft.configuration.outgoingVoters.sorted())"
    }

    func withRaft(_ body: (inout Raft) -> Void) {
        guard var taken = raft.take() else { return }
        body(&taken)
        raft = taken
    }
}

/// What survives a crash. A write is all or nothing.
struct PoolDisk {
    var hardState = HardState()
    var entries: [LogEntry] = []
    var compactedIndex: LogIndex = 0
    var compactedTerm: Term = 0
    var configuration: PoolConfiguration
    var applied: LogIndex = 0

    init(configuration: PoolConfiguration) {
        self.configuration = configuration
    }

    mutating func write(_ output: RaftOutput) {
        if let hardState = output.hardState { self.hardState = hardState }
        if let from = output.truncateFrom { entries.removeAll { $0.index >= from } }
        entries += output.entries
    }

    mutating func compact(through index: LogIndex) -> Bool {
        guard let last = entries.first(where: { $0.index == index }) else { return index <= compactedIndex }
        for entry in entries where entry.index <= index {
            if case .configuration(let next) = entry.payload { configuration = next }
        }
        entries.removeAll { $0.index <= index }
        compactedIndex = index
        compactedTerm = last.term
        return true
    }

    mutating func install(_ snapshot: SnapshotDescriptor) {
        let continues = entries.contains { $0.index == snapshot.index && $0.term == snapshot.term }
        entries.removeAll { !continues || $0.index <= snapshot.index }
        compactedIndex = snapshot.index
        compactedTerm = snapshot.term
        if !snapshot.configuration.isEmpty { configuration = snapshot.configuration }
        applied = snapshot.index
    }

    var restored: Raft.Restored {
        Raft.Restored(
            hardState: hardState, entries: entries, compactedIndex: compactedIndex, compactedTerm: compactedTerm,
            configuration: configuration, appliedIndex: applied)
    }
}
