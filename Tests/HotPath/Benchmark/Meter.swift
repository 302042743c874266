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
struct Meter {
    /// For how long each piece is measured, in seconds.
    let seconds: Double

    /// - Parameters:
    ///   - batch: how many times `body` does the work in one call.
    func measure(_ name: String, batch: Int = 1, _ body: () throws -> Void) rethrows -> Cost {
        // What is done once (caches, growing buffers) is not a cost of each time.
        for _ in 0..<max(3, 200 / batch) { try body() }
        var done = 0
        let (start, allocations) = (Meter.processorTime(), qk_allocations())
        let deadline = start + UInt64(seconds * 1e9)
        while Meter.processorTime() < deadline {
            for _ in 0..<16 { try body() }
            done += 16 * batch
        }
        let spent = Meter.processorTime() - start
        return Cost(
            name: name, nanoseconds: Double(spent) / Double(done),
            allocations: Double(qk_allocations() - allocations) / Double(done))
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
