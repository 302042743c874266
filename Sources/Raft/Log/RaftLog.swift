/// The part of the log that is held in memory: everything behind the compacted index.
struct RaftLog: Sendable {
    private(set) var entries: [LogEntry]
    /// The log begins behind this index. Its term and tag are kept, because the first entry refers to them.
    private(set) var compactedIndex: LogIndex
    private(set) var compactedTerm: Term
    private(set) var compactedTag: [UInt8]
    /// What the entries count for against limits.
    private(set) var bytes: Int
    /// What the driver was given to write, and what of it is known to be on disk.
    private(set) var writes: WriteLedger

    init(restored: Raft.Restored) throws(RaftError) {
        compactedIndex = restored.compactedIndex
        compactedTerm = restored.compactedTerm
        compactedTag = restored.compactedTag
        entries = restored.entries
        bytes = Self.size(of: restored.entries[...])
        writes = WriteLedger(durable: restored.compactedIndex + LogIndex(restored.entries.count))
        var term = compactedTerm
        for (offset, entry) in entries.enumerated() {
            let expected = compactedIndex + 1 + LogIndex(offset)
            guard entry.index == expected, entry.term >= term else { throw .brokenLog(at: expected) }
            term = entry.term
        }
    }

    var lastIndex: LogIndex { compactedIndex + LogIndex(entries.count) }
    var lastTerm: Term { entries.last?.term ?? compactedTerm }
    var lastTag: [UInt8] { entries.last?.tag ?? compactedTag }

    func entry(at index: LogIndex) -> LogEntry? {
        guard index > compactedIndex, index <= lastIndex else { return nil }
        return entries[Int(index - compactedIndex - 1)]
    }

    /// Nil where the log does not reach, or no longer reaches.
    func term(at index: LogIndex) -> Term? {
        index == compactedIndex ? compactedTerm : entry(at: index)?.term
    }

    func tag(at index: LogIndex) -> [UInt8]? {
        index == compactedIndex ? compactedTag : entry(at: index)?.tag
    }

    /// The entries from `first` through `last`, as far as the log holds them.
    func entries(from first: LogIndex, through last: LogIndex) -> ArraySlice<LogEntry> {
        let first = max(first, compactedIndex + 1)
        let last = min(last, lastIndex)
        guard first <= last else { return [] }
        return entries[Int(first - compactedIndex - 1)...Int(last - compactedIndex - 1)]
    }

    /// The entries from `first` on, up to `byteLimit` bytes and `countLimit` entries, but at least one if there is any.
    func entries(
        from first: LogIndex, byteLimit: Int, countLimit: Int = .max
    ) -> (entries: ArraySlice<LogEntry>, bytes: Int) {
        let all = entries(from: first, through: lastIndex).prefix(max(1, countLimit))
        var bytes = 0
        var end = all.startIndex
        while end < all.endIndex {
            let size = all[end].size
            if end > all.startIndex, bytes + size > byteLimit { break }
            bytes += size
            end += 1
        }
        return (all[all.startIndex..<end], bytes)
    }

    /// The last index, at most `index`, whose term is at most `term`: the latest place where this log and one that
    /// holds an entry of `term` at `index` can agree. Skips a whole term at a time, so that a follower that is behind
    /// by many entries is found in as many steps as there are terms (paper, end of section 5.3).
    func latestAgreement(with index: LogIndex, term limit: Term) -> LogIndex {
        var index = min(index, lastIndex)
        while index > compactedIndex, let found = term(at: index), found > limit { index -= 1 }
        return index
    }

    mutating func append(_ entry: LogEntry) {
        entries.append(entry)
        bytes += entry.size
    }

    private static func size(of entries: ArraySlice<LogEntry>) -> Int { entries.reduce(0) { $0 + $1.size } }

    /// The last index that can be cut off so that at least `kept` bytes of entries stay; the compacted index if there
    /// is none.
    func cut(keepingBytes kept: Int) -> LogIndex {
        var remaining = 0
        for entry in entries.reversed() {
            remaining += entry.size
            if remaining > kept { return entry.index }
        }
        return compactedIndex
    }

    /// Drops the entries from `first` on. `first` lies behind the compacted index.
    mutating func truncate(from first: LogIndex) {
        guard first > compactedIndex, first <= lastIndex else { return }
        bytes -= Self.size(of: entries(from: first, through: lastIndex))
        entries.removeLast(Int(lastIndex - first + 1))
        writes.truncated(from: first)
    }

    /// Forgets the entries through `index`, which the state machine has applied.
    mutating func compact(through index: LogIndex) {
        guard let last = entry(at: index) else { return }
        bytes -= Self.size(of: entries(from: compactedIndex + 1, through: index))
        entries.removeFirst(Int(index - compactedIndex))
        compactedIndex = index
        compactedTerm = last.term
        compactedTag = last.tag
    }

    /// Begins anew behind a snapshot. Entries behind it are kept if they follow from it.
    mutating func restart(at index: LogIndex, term: Term, tag: [UInt8]) {
        if self.term(at: index) == term {
            compact(through: index)
            return
        }
        entries = []
        bytes = 0
        compactedIndex = index
        compactedTerm = term
        compactedTag = tag
        writes = WriteLedger(durable: index)
    }

    /// What the driver has yet to write, which counts as handed over now.
    mutating func takeWrites() -> (truncateFrom: LogIndex?, entries: [LogEntry]) {
        let new = entries(from: writes.handedOver + 1, through: lastIndex)
        let truncateFrom = writes.handOver(through: lastIndex, lastTerm: lastTerm)
        return (truncateFrom, Array(new))
    }

    var hasWrites: Bool { writes.handedOver < lastIndex || writes.truncateFrom != nil }

    mutating func confirmWrite(through index: LogIndex, term: Term) {
        writes.confirm(through: index, term: term)
    }
}
