import AccessControl
import HashTreeCollections

/// What the applied entries touch that aren't released yet: what they show, another member may not honour.
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

    public init() {}

    /// The entry on whose release a read waits; nil if it depends on nothing that isn't released.
    ///
    /// - Parameter view: What is read; it says which groups a principal is in.
    public func index(touching scope: ReadScope, in view: PoolView) -> UInt64? {
        guard last > released else { return nil }
        let index: UInt64
        switch scope {
        case .everything: index = last
        case .caller(let principal, let key):
            var subjects: [StateSubject] = [.principal(principal)]
            subjects += (view.principal(principal)?.groups ?? []).map { .principal($0) }
            if let key { subjects.append(.key(key)) }
            index = subjects.reduce(latestUnbounded) { max($0, latest[$1] ?? 0) }
        }
        return index > released ? index : nil
    }

    fileprivate mutating func add(_ effects: CommandEffects, index: UInt64) {
        last = index
        if effects.isUnbounded { latestUnbounded = index }
        for subject in effects.subjects { latest[subject] = index }
    }

    fileprivate mutating func forget(_ effects: CommandEffects, index: UInt64) {
        for subject in effects.subjects where latest[subject] == index { latest[subject] = nil }
    }

    fileprivate mutating func release(through index: UInt64) {
        released = max(released, index)
        if last <= released { latest = TreeDictionary() }
    }
}

/// Keeps the account of ``UnreleasedEffects`` from entry to entry.
public struct EffectLedger: Sendable {
    private struct Entry: Sendable {
        let index: UInt64
        let effects: CommandEffects
    }

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
        add(.everything, index: index)
    }

    /// Everything through `index` is released. False if nothing becomes free by it.
    public mutating func release(through index: UInt64) -> Bool {
        guard let first = entries.first, first.index <= index else { return false }
        unreleased.release(through: index)
        let gone = entries.prefix { $0.index <= index }
        if gone.count < entries.count {
            for entry in gone { unreleased.forget(entry.effects, index: entry.index) }
        }
        entries.removeFirst(gone.count)
        return true
    }
}
