import Foundation
import Synchronization
import Testing

@testable import HSMService

/// What one thread replaces, all others see at once.
@Suite struct PublishedTests {
    private final class Progress: Sendable {
        let latest = Atomic<Int>(0)
        let stale = Atomic<Int>(0)
        let isDone = Atomic<Bool>(false)
    }

    /// Threads of their own: readers that spin would keep the writer off the few threads of tasks.
    @Test func afterTheReplacementNobodySeesTheFormerValue() {
        let published = Published(0)
        let progress = Progress()
        let (began, ended) = (DispatchSemaphore(value: 0), DispatchGroup())
        for _ in 0..<4 {
            ended.enter()
            Thread.detachNewThread {
                began.signal()
                while !progress.isDone.load(ordering: .acquiring) {
                    // Replaced completely before it was noted, so no later look may find less.
                    let atLeast = progress.latest.load(ordering: .acquiring)
                    if published.value < atLeast { progress.stale.add(1, ordering: .relaxed) }
                }
                ended.leave()
            }
        }
        // Without readers there is nothing to see.
        for _ in 0..<4 { began.wait() }
        for value in 1...20_000 {
            published.replace(with: value)
            progress.latest.store(value, ordering: .releasing)
        }
        progress.isDone.store(true, ordering: .releasing)
        ended.wait()
        #expect(progress.stale.load(ordering: .relaxed) == 0)
        #expect(published.value == 20_000)
    }

    private final class Seen: Sendable {
        let values = Mutex<[String]>([])
    }

    /// Threads of their own, since each looks at the copy of its thread.
    @Test func everyThreadSeesIt() {
        let published = Published("old", copies: 8)
        published.replace(with: "new")
        let seen = Seen()
        let ended = DispatchGroup()
        for _ in 0..<16 {
            ended.enter()
            Thread.detachNewThread {
                seen.values.withLock { $0.append(published.value) }
                ended.leave()
            }
        }
        ended.wait()
        #expect(seen.values.withLock { $0 } == [String](repeating: "new", count: 16))
    }
}
