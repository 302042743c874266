import AccessControl
import HashTreeCollections

/// What some entries of the log touch: those that were applied and aren't released, since what they show another
/// member may not honour; or those that are still to be applied, since others may honour them already.
///
/// A value whose copies share structure, so that one can go with each published view.
public struct UnreleasedEffects: Sendable {
    /// The last entry that touches each subject.
    private var latest = TreeDictionary<StateSubject, UInt64>()
    /// The last entry that may touch any subject.
    private var latestUnbounded: UInt64 = 0
    /// The last entry that changes anything.
    private var last: UInt64 = 0
    private var released: UInt64 = 0

    /// Of no entries: no read waits.
    public init() {}

    fileprivate init(released: UInt64) { self.released = released }

    /// The last of these entries that a read depends on, for which it has to wait; nil if it depends on none.
    ///
    /// - Parameter view: What is read; it says which groups a principal is in.
    public func index(touching scope: ReadScope, in view: PoolView) -> UInt64? {
        guard last > released else { return nil }
        let index: UInt64
        switch scope {
        case .everything: index = last
        case .caller(let principal, let key):
            let own = max(latestUnbounded, latest[.principal(principal)] ?? 0)
            if own > released {
                // It may come into a group by that, of which the view doesn't know, and what is behind may touch that.
                index = last
            } else {
                var subjects = (view.principal(principal)?.groups ?? []).map { StateSubject.principal($0) }
                if let key { subjects.append(.key(key)) }
                index = subjects.reduce(0) { max($0, latest[$1] ?? 0) }
            }
        }
        return index > released ? index : nil
    }

    fileprivate var releasedIndex: UInt64 { released }

    fileprivate mutating func add(_ effects: CommandEffects, index: UInt64) {
        last = max(last, index)
        if effects.isUnbounded { latestUnbounded = max(latestUnbounded, index) }
        for subject in effects.subjects { latest[subject] = index }
    }

    fileprivate mutating func forget(_ effects: CommandEffects, index: UInt64) {
        for subject in effects.subjects where latest[subject] == index { latest[subject] = nil }
    }

    fileprivate mutating func release(through index: UInt64) {
        released = max(released, index)
        if last <= released, !latest.isEmpty { latest = TreeDictionary() }
    }
}

/// Keeps the account of ``UnreleasedEffects`` from entry to entry.
public struct EffectLedger: Sendable {
    private struct Entry: Sendable {
        let index: UInt64
        let effects: CommandEffects
        /// It stands for entries before it, too, of which nothing is known.
        var isStretch = false
    }

    /// Of the entries that were added and are neither released nor truncated.
    public private(set) var unreleased = UnreleasedEffects()
    private var entries: [Entry] = []

    public init() {}

    /// The next entry changes the state.
    public mutating func add(_ effects: CommandEffects, index: UInt64) {
        entries.append(Entry(index: index, effects: effects))
        unreleased.add(effects, index: index)
    }

    /// The state through `index` came in some other way than entry by entry: from the disk, or from a snapshot.
    public mutating func addUnknown(through index: UInt64) {
        entries.append(Entry(index: index, effects: .everything, isStretch: true))
        unreleased.add(.everything, index: index)
    }

    /// The entries from `index` on are gone. False if there were none.
    public mutating func truncate(from index: UInt64) -> Bool {
        guard index > 0, entries.contains(where: { $0.index >= index }) else { return false }
        let hadStretch = entries.contains { $0.index >= index && $0.isStretch }
        entries.removeAll { $0.index >= index }
        unreleased = UnreleasedEffects(released: unreleased.releasedIndex)
        for entry in entries { unreleased.add(entry.effects, index: entry.index) }
        // What is left of a stretch is as unknown as before, whatever else is known to lie in it.
        if hadStretch, index - 1 > unreleased.releasedIndex { addUnknown(through: index - 1) }
        return true
    }

    /// Everything through `index` is released. False if nothing becomes free by it.
    public mutating func release(through index: UInt64) -> Bool {
        unreleased.release(through: index)
        guard let first = entries.first, first.index <= index else { return false }
        let gone = entries.prefix { $0.index <= index }
        if gone.count < entries.count {
            for entry in gone { unreleased.forget(entry.effects, index: entry.index) }
        }
        entries.removeFirst(gone.count)
        return true
    }
}
