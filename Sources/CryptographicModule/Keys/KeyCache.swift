import Synchronization

/// Opened keys by the digest of their record, bounded by the secure memory that they take.
///
/// One short critical section a look-up: a hash of 32 bytes and a retain. Writers hold it hardly longer, since keys are
/// opened and freed outside, and what makes room is found in a few steps however many keys there are.
final class KeyCache: Sendable {
    final class Entry: Sendable {
        let header: KeyHeader
        let key: LoadedKey
        /// Rough need of secure memory in bytes: the numbers of the key and their bookkeeping.
        let cost: Int

        init(header: KeyHeader, key: LoadedKey) {
            self.header = header
            self.key = key
            cost =
                switch header.keyType {
                case .rsaHSM: header.bits * 2
                case .ecHSM: 512
                case .okpHSM: 128
                case .octHSM: 64
                }
        }
    }

    /// The first 16 bytes of a SHA-256 digest: hashes as two words.
    private struct Index: Hashable {
        let high: UInt64
        let low: UInt64

        init(_ digest: [UInt8]) {
            (high, low) = digest.withUnsafeBytes { bytes in
                guard bytes.count >= 16 else { return (0, 0) }
                let first = bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
                return (first, bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
        }
    }

    private struct Slot {
        let index: Index
        let entry: Entry
        /// Since the hand last passed.
        var isUsed: Bool
    }

    /// Slots on a ring over which a hand passes, so that neither use nor eviction depends on how many keys there are
    /// (the second-chance algorithm).
    private struct State {
        var positions: [Index: Int] = [:]
        var slots: [Slot?] = []
        var free: [Int] = []
        var hand = 0
        var cost = 0

        mutating func insert(_ slot: Slot) {
            if let position = free.popLast() {
                slots[position] = slot
                positions[slot.index] = position
            } else {
                positions[slot.index] = slots.count
                slots.append(slot)
            }
            cost += slot.entry.cost
        }

        mutating func remove(_ index: Index) -> Entry? {
            guard let position = positions.removeValue(forKey: index), let slot = slots[position] else { return nil }
            slots[position] = nil
            free.append(position)
            cost -= slot.entry.cost
            return slot.entry
        }

        /// Removes the first key under the hand that wasn't used since it last came by; nil where there is none.
        mutating func removeUnused() -> Entry? {
            while !positions.isEmpty {
                let position = hand
                hand = hand + 1 < slots.count ? hand + 1 : 0
                guard let slot = slots[position] else { continue }
                guard slot.isUsed else { return remove(slot.index) }
                slots[position]?.isUsed = false
            }
            return nil
        }
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: in units of ``Entry/cost``. A key that takes more by itself is held alone.
    init(capacity: Int) { self.capacity = capacity }

    func contains(_ digest: [UInt8]) -> Bool { state.withLock { $0.positions[Index(digest)] != nil } }

    func entry(_ digest: [UInt8]) -> Entry? {
        let index = Index(digest)
        return state.withLock { state in
            guard let position = state.positions[index] else { return nil }
            state.slots[position]?.isUsed = true
            return state.slots[position]?.entry
        }
    }

    /// Of several that are opened at the same time the first stays, since somebody uses it by now; others are closed.
    ///
    /// - Returns: the one that stays.
    func insert(_ entry: Entry, _ digest: [UInt8]) -> Entry {
        let index = Index(digest)
        let (kept, dropped) = state.withLock { state -> (Entry, [Entry]) in
            if let position = state.positions[index], let first = state.slots[position]?.entry {
                return (first, [entry])
            }
            var dropped: [Entry] = []
            while state.cost + entry.cost > capacity, let unused = state.removeUnused() { dropped.append(unused) }
            state.insert(Slot(index: index, entry: entry, isUsed: false))
            return (entry, dropped)
        }
        for entry in dropped { entry.key.close() }
        return kept
    }

    func remove(_ digest: [UInt8]) {
        let dropped = state.withLock { $0.remove(Index(digest)) }
        dropped?.key.close()
    }

    func removeAll() {
        let dropped = state.withLock { state in
            defer { state = State() }
            return state.slots.compactMap { $0?.entry }
        }
        for entry in dropped { entry.key.close() }
    }
}
