import Synchronization

/// Somebody who waits for a record to be durable.
struct AuditWaiter: Sendable {
    let executor: (any AuditExecutor)?
    let completion: @Sendable (Result<Void, AuditFailure>) -> Void
}

/// Records on their way to the writer.
struct AuditBatch: Sendable {
    /// Contents one after the other.
    var bytes: [UInt8] = []
    /// Where each content ends.
    var ends: [Int] = []
    /// One for each content in strict mode, none in relaxed mode.
    var waiters: [AuditWaiter] = []
    /// Whether there is a record that can wait for others: more of the kind are likely to follow.
    var mayGather = false
    /// How many came with their turn's.
    var turned = 0
    /// How many found no room meanwhile, and are in no batch.
    var turnedAway = 0

    mutating func removeAll() {
        // Memory that an unusual burst took is given back.
        let keeps = bytes.capacity <= 1 << 20
        bytes.removeAll(keepingCapacity: keeps)
        ends.removeAll(keepingCapacity: keeps)
        waiters.removeAll(keepingCapacity: keeps)
        mayGather = false
        turned = 0
        turnedAway = 0
    }
}

/// Between those who record and the writer's thread. The lock is held for the copy of one line, or for a swap.
final class AuditQueue: Sendable {
    struct Published: Sendable {
        var head: AuditHead
        var counters = AuditCounters()
        var failure: AuditFailure?
    }

    private struct State {
        var batch = AuditBatch()
        var schedule = FlushSchedule()
        var scheduling = WriterScheduling()
        /// Set by the writer when only opening the log again can help.
        var permanentFailure: AuditFailure?
    }

    /// What the writer gets.
    enum Delivery {
        case batch
        case timeout
        case closed
    }

    let mode: AuditMode
    let published: Mutex<Published>
    private let bufferBytes: Int
    private let state = Mutex(State())
    private let wakeUp = WakeUp()

    init(mode: AuditMode, bufferBytes: Int, head: AuditHead) {
        self.mode = mode
        self.bufferBytes = bufferBytes
        published = Mutex(Published(head: head))
    }

    func append(_ content: [UInt8], _ waiter: AuditWaiter, _ urgency: AuditUrgency = .immediate) {
        let isStrict = mode == .strict
        let limit = bufferBytes
        var wakes = false
        let refusal: AuditFailure? = state.withLock { state in
            if let failure = state.permanentFailure { return failure }
            if state.schedule.isClosing { return .closed }
            guard state.batch.bytes.count + content.count <= limit else {
                state.batch.turnedAway += 1
                return .overloaded
            }
            state.batch.bytes.append(contentsOf: content)
            state.batch.ends.append(state.batch.bytes.count)
            if isStrict { state.batch.waiters.append(waiter) }
            switch urgency {
            case .immediate: break
            case .atEndOfTurn: state.batch.turned += 1
            case .withOthers: state.batch.mayGather = true
            }
            wakes = state.schedule.record(urgency)
            if state.schedule.isDue { state.scheduling.hurry() }
            return nil
        }
        if wakes { wakeUp.raise() }
        if let refusal { count(1, failure: refusal) }
        if !isStrict {
            waiter.completion(.success(()))
        } else if let refusal {
            AuditQueue.deliver([waiter][...], .failure(refusal))
        }
    }

    /// A turn ends.
    func wakeWriter() {
        let wakes = state.withLock { state in
            let wakes = state.schedule.endTurn(waiting: state.batch.ends.count)
            if state.schedule.isDue { state.scheduling.hurry() }
            return wakes
        }
        if wakes { wakeUp.raise() }
    }

    /// Counts records that did not make it.
    func count(_ records: Int, failure: AuditFailure) {
        published.withLock { published in
            published.failure = failure
            switch mode {
            case .strict: published.counters.refused += UInt64(records)
            case .relaxed: published.counters.lost += UInt64(records)
            }
        }
    }

    /// Puts what waits into `batch`, which must be empty; sleeps until there is something or the deadline comes.
    func take(into batch: inout AuditBatch, deadline: UInt64?) -> Delivery {
        var hasSlept = false
        while true {
            let now = Clock.monotonicNanoseconds()
            let step = state.withLock { state in
                let step = state.schedule.next(
                    waiting: state.batch.ends.count, now: now, deadline: deadline, hasSlept: hasSlept)
                if step == .write { swap(&state.batch, &batch) }
                return step
            }
            switch step {
            case .write: return .batch
            case .meetDeadline: return .timeout
            case .end: return .closed
            case .sleep(let end): wakeUp.wait(until: end)
            }
            hasSlept = true
        }
    }

    /// To be called by the writer before each batch's flush: whether the next records gather, and how it stands to
    /// other threads from now on.
    ///
    /// - Parameter interval: for how long records gather, nanoseconds.
    func begin(_ batch: AuditBatch, interval: UInt64) {
        let now = Clock.monotonicNanoseconds()
        let precedence = WriterScheduling.precedence(for: batch)
        state.withLock { state in
            state.schedule.begin(batch, now: now, interval: interval)
            state.scheduling.begin(precedence)
            if state.schedule.isDue { state.scheduling.hurry() }
        }
    }

    /// The writer's thread ends.
    func writerEnds() { state.withLock { $0.scheduling.end() } }

    /// Refuses everything from now on.
    func fail(_ failure: AuditFailure) {
        state.withLock { $0.permanentFailure = failure }
    }

    func close() {
        if state.withLock({ $0.schedule.close() }) { wakeUp.raise() }
    }

    /// Runs completions: those of one executor in one call, those without an executor here.
    static func deliver(_ waiters: ArraySlice<AuditWaiter>, _ result: Result<Void, AuditFailure>) {
        var groups: [(executor: any AuditExecutor, waiters: [AuditWaiter])] = []
        var places: [ObjectIdentifier: Int] = [:]
        for waiter in waiters {
            guard let executor = waiter.executor else {
                waiter.completion(result)
                continue
            }
            // Records of one connection mostly come one after the other.
            if let last = groups.indices.last, groups[last].executor === executor {
                groups[last].waiters.append(waiter)
            } else if let place = places[ObjectIdentifier(executor)] {
                groups[place].waiters.append(waiter)
            } else {
                places[ObjectIdentifier(executor)] = groups.count
                groups.append((executor, [waiter]))
            }
        }
        for (executor, waiters) in groups {
            executor.execute {
                for waiter in waiters { waiter.completion(result) }
            }
        }
    }
}
