import NIOCore

/// Since when a peer has taken nothing of what waits for it.
///
/// Whether it takes something shows from one look to the next, by what is left in the channel: on a slow link that gets
/// less long before the channel takes more.
struct WriteStall {
    /// So much has to have left. Who takes less in all the time that it has would keep what we hold for it for ever,
    /// for a byte now and then.
    static let leastBytes = 16 * 1024

    private var since: UInt64?
    /// What was left when something was last seen to have been taken, or at the first look.
    private var mark: Int?
    private var isLast = false

    /// The channel takes no more for now, or takes more again.
    mutating func turned(isWritable: Bool) {
        guard !isLast else { return }
        if isWritable {
            since = nil
        } else if since == nil {
            begin(now: MonotonicClock.now())
        }
    }

    /// Nothing follows what has been written: from now on all of it has to leave.
    mutating func allWritten(now: UInt64) {
        isLast = true
        begin(now: now)
    }

    private mutating func begin(now: UInt64) {
        since = now
        mark = nil
    }

    /// Looks at what is left. The first look only finds out how much that is.
    /// - Returns: whether nothing of it has been taken for `limit` nanoseconds.
    mutating func lasts(_ limit: UInt64, unsent: @autoclosure () -> Int, now: UInt64) -> Bool {
        guard let began = since else { return false }
        let left = unsent()
        guard let before = mark else {
            mark = left
            return false
        }
        if before - left >= WriteStall.leastBytes {
            mark = left
            since = now
            return false
        }
        mark = max(before, left)
        return now >= began + limit
    }
}

extension Channel {
    /// Bytes that were written and that the system hasn't taken yet. On the channel's loop only.
    var unsentBytes: Int { (try? syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }
}
