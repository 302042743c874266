import Synchronization

/// The tokens that were verified before, by digest. Bounded; holds successes only, so it cannot be filled without valid
/// tokens.
///
/// The cache is cut into shards, each with its own lock. A lock is held for one dictionary probe or one insertion (well
/// under a microsecond, no allocation on a hit, no I/O, no signature check), and an insertion happens once in the life
/// of a token on a node; with 64 shards and a loop per core, two threads meet in a shard so rarely that the cost is
/// that of an uncontended compare-and-swap. Nothing that takes long, and no writer of replicated state, ever holds one.
final class VerifiedTokenCache: Sendable {
    /// A cached verdict and the state of trust in which it was reached.
    struct Entry: Sendable {
        let token: VerifiedToken
        /// Seconds after `expiry` during which the issuer's tokens are still taken.
        let expirySkew: Int64
        let startSkew: Int64
        let trustRevision: UInt64
    }


    private struct Entries {
        var byDigest: [TokenDigest: Entry] = [:]
        /// Digests in order of insertion; once full, a ring in which the oldest is overwritten.
        var order: [TokenDigest] = []
        var oldest = 0
    }

    static let shardCount = 64

    private let shards: [LockedEntries]
    private let shardCapacity: Int

    /// One shard, boxed because a lock can't be moved.
    private final class LockedEntries: Sendable {
        let entries = Mutex(Entries())
    }

    init(capacity: Int) {
        shards = (0..<Self.shardCount).map { _ in LockedEntries() }
        shardCapacity = max(1, capacity / Self.shardCount)
    }

    func entry(for digest: TokenDigest) -> Entry? {
        shard(of: digest).entries.withLock { $0.byDigest[digest] }
    }

    func insert(_ entry: Entry, for digest: TokenDigest) {
        let capacity = shardCapacity
        shard(of: digest).entries.withLock { entries in
            guard entries.byDigest.updateValue(entry, forKey: digest) == nil else { return }
            if entries.order.count < capacity {
                entries.order.append(digest)
            } else {
                entries.byDigest[entries.order[entries.oldest]] = nil
                entries.order[entries.oldest] = digest
                entries.oldest = (entries.oldest + 1) % capacity
            }
        }
    }

    func removeAll() {
        for shard in shards {
            shard.entries.withLock { $0 = Entries() }
        }
    }

    var count: Int {
        shards.reduce(0) { sum, shard in sum + shard.entries.withLock { $0.byDigest.count } }
    }

    private func shard(of digest: TokenDigest) -> LockedEntries {
        shards[Int(truncatingIfNeeded: digest.words.3) & (Self.shardCount - 1)]
    }
}
