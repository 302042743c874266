/// When what waits is written: the decisions of the queue and its writer, without their lock, thread and clock.
///
/// A record that can't wait is written at once, with all that waits. A turn's records are written when it ends, and
/// those that can wait for others as soon as the writer is idle. Where one of these had a flush, the next ones gather
/// for a while: until then only a record that can't wait, or the end of a turn with as many as had the last flush,
/// brings them to the disk.
struct FlushSchedule {
    /// What the writer does next.
    enum Step: Equatable {
        /// Takes what waits and writes it.
        case write
        /// Does what its deadline was for.
        case meetDeadline
        /// Nothing is left, and nothing will come.
        case end
        /// Sleeps until it is woken, or until the monotonic clock's time in nanoseconds if there is one.
        case sleep(until: UInt64?)
    }

    private enum Sleep {
        case none
        /// There was nothing to do: the first record ends it.
        case resting
        /// Records gather: only one that can't wait ends it before its time.
        case pausing
    }

    /// So many records of turns in one batch are a crowd: as many are likely to follow within a few milliseconds, and
    /// can share a flush. Of fewer clients that each wait for an answer, half had better work while the others' records
    /// are flushed.
    static let crowd = 12

    /// Whether something waits that can't wait for others.
    private(set) var isDue = false
    private(set) var isClosing = false
    private var sleep = Sleep.none
    /// So many records make the end of a turn due before the pause is over.
    private var expected = 0
    /// Until when records gather, by the monotonic clock; 0 for no pause.
    private var pauseEnd: UInt64 = 0

    /// A record came.
    ///
    /// - Returns: whether the writer is to be woken.
    mutating func record(_ urgency: AuditUrgency) -> Bool {
        switch urgency {
        case .immediate:
            isDue = true
            return wake(where: sleep != .none)
        case .atEndOfTurn:
            return false
        case .withOthers:
            return wake(where: sleep == .resting)
        }
    }

    /// A turn ended.
    ///
    /// - Parameter waiting: how many records wait.
    /// - Returns: whether the writer is to be woken.
    mutating func endTurn(waiting: Int) -> Bool {
        guard waiting > 0 else { return false }
        guard waiting >= expected else { return wake(where: sleep == .resting) }
        isDue = true
        return wake(where: sleep != .none)
    }

    /// Nothing will come any more.
    ///
    /// - Returns: whether the writer is to be woken.
    mutating func close() -> Bool {
        defer { isClosing = true }
        return !isClosing
    }

    /// What the writer does now. For ``Step/write`` it must take all that waits.
    ///
    /// - Parameters:
    ///   - waiting: how many records wait.
    ///   - now: the monotonic clock's time in nanoseconds.
    ///   - deadline: when the writer has something else to do.
    ///   - hasSlept: whether it has slept since its last batch: until then the deadline waits for what came meanwhile.
    mutating func next(waiting: Int, now: UInt64, deadline: UInt64?, hasSlept: Bool) -> Step {
        sleep = .none
        let isPausing = now < pauseEnd
        if waiting > 0, isDue || isClosing || !isPausing {
            isDue = false
            return .write
        }
        if isClosing { return .end }
        if hasSlept, let deadline, now >= deadline { return .meetDeadline }
        sleep = isPausing ? .pausing : .resting
        return .sleep(until: isPausing ? min(pauseEnd, deadline ?? pauseEnd) : deadline)
    }

    /// The writer begins the flush of a batch.
    ///
    /// - Parameters:
    ///   - batch: what it took.
    ///   - now: the monotonic clock's time in nanoseconds.
    ///   - interval: for how long records gather, nanoseconds.
    mutating func begin(_ batch: AuditBatch, now: UInt64, interval: UInt64) {
        let gathers = batch.mayGather || batch.turned >= Self.crowd
        pauseEnd = gathers ? now + interval : 0
        expected = gathers ? batch.ends.count : 0
    }

    private mutating func wake(where isAsleep: Bool) -> Bool {
        if isAsleep { sleep = .none }
        return isAsleep
    }
}
