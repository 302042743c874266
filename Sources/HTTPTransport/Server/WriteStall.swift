import NIOCore

/// Since when a peer has taken nothing of what waits for it.
///
/// Whether it takes something shows from one look to the next, by what is left in the channel: on a slow link that gets
/// less long before the channel takes more.
struct WriteStall {
    /// So much that leaves gives a peer all its time anew, less of it as much less: a byte now and then doesn't make it
    /// keep what we hold for it. The system takes what is written in steps of about this, or more.
    static let leastBytes = 16 * 1024

    private var since: UInt64?
    /// What was left at the last look.
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
    /// - Parameter limit: nanoseconds in which `leastBytes` have to leave.
    /// - Returns: whether the peer has taken less for so long that it is to be left.
    mutating func lasts(_ limit: UInt64, unsent: @autoclosure () -> Int, now: UInt64) -> Bool {
        guard var began = since else { return false }
        let left = unsent()
        defer { mark = left }
        guard let before = mark, now > began else { return false }
        if left < before {
            let earned = Double(limit) * Double(before - left) / Double(WriteStall.leastBytes)
            began = earned < Double(now - began) ? began + UInt64(earned) : now
            since = began
        }
        return now >= began + limit
    }
}

extension Channel {
    /// Bytes that were written and that the system hasn't taken yet. On the channel's loop only.
    var unsentBytes: Int { (try? syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }
}
