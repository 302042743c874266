extension Raft {
    mutating func receiveSnapshotOffer(_ descriptor: SnapshotDescriptor, from leader: NodeID) {
        if descriptor.index > commitIndex {
            pending.snapshotOffered = SnapshotOffer(from: leader, descriptor: descriptor)
        } else {
            // It has that much already: the leader may go on from there.
            answer(.accepted(matchIndex: commitIndex), round: 0, to: leader)
        }
    }

    /// Whether there are entries, or a cut, that the driver was not given to write yet.
    public var hasUnwrittenLog: Bool { log.hasWrites || log.writes.durable < log.lastIndex }

    /// Whether a snapshot of this position brings the node forward, and may be installed now.
    public func mayInstall(index: LogIndex, term snapshotTerm: Term) -> Bool {
        index > commitIndex && snapshotTerm <= term && role == .follower
    }

    /// The driver has replaced its state by this snapshot, durably. Of the stored log it has kept what is behind the
    /// snapshot if the entry at `descriptor.index` was there with `descriptor.term`, for that may have been
    /// acknowledged, and nothing otherwise. Ignored if this node has come further by itself in the meantime.
    ///
    /// - Parameter tag: The chain tag of the entry at `descriptor.index`.
    public mutating func installed(_ descriptor: SnapshotDescriptor, tag: [UInt8], now: Instant) {
        observe(now)
        guard descriptor.index > commitIndex, descriptor.isWellFormed, descriptor.term <= term,
            role == .follower
        else { return }
        let known = configurations.item(at: descriptor.index).configuration
        let base = descriptor.configuration.isEmpty ? known : descriptor.configuration
        log.restart(at: descriptor.index, term: descriptor.term, tag: tag)
        var history = ConfigurationHistory(base: base, at: descriptor.index)
        for entry in log.entries {
            if case .configuration(let configuration) = entry.payload {
                history.append(configuration, at: entry.index)
            }
        }
        configurations = history
        commitIndex = descriptor.index
        appliedIndex = descriptor.index
        deliveredIndex = descriptor.index
        releaseAsFollower(told: nil)
        guard let leader else { return }
        answer(.accepted(matchIndex: descriptor.index), round: 0, to: leader)
    }
}
