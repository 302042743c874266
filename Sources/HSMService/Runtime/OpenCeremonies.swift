import Synchronization

/// Who keeps shares and exchange keys of officers in memory until their quorum is complete.
protocol CeremonyHolder: Sendable {
    /// Wipes all that is under way.
    func cancel()

    /// Wipes what has had its time.
    ///
    /// - Parameter now: seconds since 1970.
    func expire(now: Int64)
}

/// All that officers have begun at this node and not finished. Once the node is open, or is sealed again, nobody will
/// finish it: then it goes.
final class OpenCeremonies: CeremonyHolder {
    private let holders = Mutex<[any CeremonyHolder]>([])

    /// Before the node takes requests: what begins at other holders isn't known here.
    func watch(_ holders: [any CeremonyHolder]) { self.holders.withLock { $0 = holders } }

    func cancel() { for holder in all { holder.cancel() } }

    func expire(now: Int64) { for holder in all { holder.expire(now: now) } }

    private var all: [any CeremonyHolder] { holders.withLock { $0 } }
}
