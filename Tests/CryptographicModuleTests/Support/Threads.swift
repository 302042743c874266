import Foundation

/// Runs `body` in threads of its own, which no pool of tasks limits to the number of cores, while `meanwhile` runs
/// here; waits for all.
func inThreads(
    _ count: Int, meanwhile: () throws -> Void = {}, _ body: @escaping @Sendable (Int) throws -> Void
) throws {
    let group = DispatchGroup()
    let failures = Failures()
    for index in 0..<count {
        group.enter()
        let thread = Thread {
            do { try body(index) } catch { failures.add(error) }
            group.leave()
        }
        thread.start()
    }
    let result = Result { try meanwhile() }
    group.wait()
    try result.get()
    if let first = failures.first { throw first }
}

/// Waits on this thread for what others bring about. The limit of five minutes only matters when the test fails.
func wait(for what: String, until condition: () -> Bool) throws {
    let end = ContinuousClock.now + .seconds(300)
    while !condition() {
        guard ContinuousClock.now < end else { throw NeverHappened(what: what) }
        usleep(50)
    }
}

struct NeverHappened: Error {
    let what: String
}

private final class Failures: @unchecked Sendable {
    // Unchecked: every access holds the lock.
    private let lock = NSLock()
    private var errors: [any Error] = []

    var first: (any Error)? { lock.withLock { errors.first } }

    func add(_ error: any Error) { lock.withLock { errors.append(error) } }
}
