import AllocationCounter
import Glibc

/// What one piece of work costs each time it is done.
struct Cost: Codable {
    let name: String
    /// Processor time of the whole process, all threads, in nanoseconds.
    let nanoseconds: Double
    let allocations: Double
}

/// Measures work that is done many times.
struct Meter: Sendable {
    /// How much each piece is measured.
    enum Amount {
        /// Processor seconds.
        case seconds(Double)
        /// At least so many times.
        case times(Int)
    }

    let amount: Amount

    /// - Parameters:
    ///   - batch: how many times `body` does the work in one call.
    func measure(_ name: String, batch: Int = 1, _ body: () throws -> Void) rethrows -> Cost {
        // What is done once (caches, growing buffers) is not a cost of each time.
        for _ in 0..<max(3, 200 / batch) { try body() }
        var done = 0
        let (start, allocations) = (Meter.processorTime(), qk_allocations())
        while !isEnough(done, since: start) {
            try body()
            done += batch
        }
        let spent = Meter.processorTime() - start
        return Cost(
            name: name, nanoseconds: Double(spent) / Double(done),
            allocations: Double(qk_allocations() - allocations) / Double(done))
    }

    private func isEnough(_ done: Int, since start: UInt64) -> Bool {
        switch amount {
        case .times(let times): done >= times
        // The clock is a system call: what takes nanoseconds is done some times between two looks.
        case .seconds(let seconds): done & 15 == 0 && Meter.processorTime() >= start + UInt64(seconds * 1e9)
        }
    }

    private static func processorTime() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// Keeps a result from being optimised away.
@inline(never)
func consume<Value>(_ value: Value) {}
