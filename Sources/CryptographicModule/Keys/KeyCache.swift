import Synchronization

/// Opened keys by the digest of their record, bounded by the secure memory that they take.
///
/// One short critical section a look-up: a hash of 32 bytes and a retain. Writers hold it no longer, since keys are
/// opened outside.
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
        let entry: Entry
        var lastUse: UInt64
    }

    private struct State {
        var slots: [Index: Slot] = [:]
        var clock: UInt64 = 0
        var cost = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) { self.capacity = capacity }

    func contains(_ digest: [UInt8]) -> Bool { state.withLock { $0.slots[Index(digest)] != nil } }

    func entry(_ digest: [UInt8]) -> Entry? {
        let index = Index(digest)
        return state.withLock { state in
            guard let position = state.slots.index(forKey: index) else { return nil }
            state.clock += 1
            state.slots.values[position].lastUse = state.clock
            return state.slots.values[position].entry
        }
    }

    func insert(_ entry: Entry, _ digest: [UInt8]) {
        let dropped = state.withLock { state in
            var dropped: [Entry] = []
            while state.cost + entry.cost > capacity,
                let oldest = state.slots.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.cost -= oldest.value.entry.cost
                state.slots[oldest.key] = nil
                dropped.append(oldest.value.entry)
            }
            state.clock += 1
            if let former = state.slots.updateValue(Slot(entry: entry, lastUse: state.clock), forKey: Index(digest)) {
                state.cost -= former.entry.cost
                dropped.append(former.entry)
            }
            state.cost += entry.cost
            return dropped
        }
        for entry in dropped { entry.key.close() }
    }

    func remove(_ digest: [UInt8]) {
        let dropped = state.withLock { state in
            let slot = state.slots.removeValue(forKey: Index(digest))
            state.cost -= slot?.entry.cost ?? 0
            return slot?.entry
        }
        dropped?.key.close()
    }

    func removeAll() {
        let dropped = state.withLock { state in
            defer { state = State() }
            return state.slots.values.map(\.entry)
        }
        for entry in dropped { entry.key.close() }
    }
}
