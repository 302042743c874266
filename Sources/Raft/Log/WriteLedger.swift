/// Keeps the account of writes that the driver was given and has not yet confirmed.
///
/// An entry can be written, cut off by a new leader, and written again, even with the same index and term. The
/// confirmation of the first write then says nothing about the last one. So each write under way remembers how much of
/// it was not cut off since.
struct WriteLedger: Sendable {
    private struct Write: Sendable {
        let last: LogIndex
        let term: Term
        /// What its confirmation proves.
        var proves: LogIndex
    }

    /// The last index that the driver was given.
    private(set) var handedOver: LogIndex
    /// Where the driver has to cut before the next write, if at all.
    private(set) var truncateFrom: LogIndex?
    /// Everything through here is on disk.
    private(set) var durable: LogIndex
    private var underWay: [Write] = []

    init(durable: LogIndex) {
        self.durable = durable
        handedOver = durable
    }

    mutating func truncated(from first: LogIndex) {
        durable = min(durable, first - 1)
        for position in underWay.indices {
            underWay[position].proves = min(underWay[position].proves, first - 1)
        }
        // What was never handed over needs no cut.
        if first <= handedOver {
            truncateFrom = min(truncateFrom ?? first, first)
            handedOver = first - 1
        }
    }

    mutating func handOver(through last: LogIndex, lastTerm: Term) -> LogIndex? {
        defer { truncateFrom = nil }
        if last > handedOver {
            underWay.append(Write(last: last, term: lastTerm, proves: last))
            handedOver = last
        }
        return truncateFrom
    }

    /// The first write under way that ends with this entry, and all before it, are on disk. Unknown ones are ignored.
    mutating func confirm(through last: LogIndex, term: Term) {
        guard let position = underWay.firstIndex(where: { $0.last == last && $0.term == term }) else { return }
        for write in underWay[...position] { durable = max(durable, write.proves) }
        underWay.removeFirst(position + 1)
    }
}
