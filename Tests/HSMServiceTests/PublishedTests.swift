import Foundation
import Synchronization
import Testing

@testable import HSMService

/// What one thread replaces, all others see at once.
@Suite struct PublishedTests {
    @Test func afterTheReplacementNobodySeesTheFormerValue() async {
        let published = Published(0)
        let latest = Atomic<Int>(0)
        let isDone = Atomic<Bool>(false)
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var reads = 0
                    while !isDone.load(ordering: .acquiring) {
                        // Replaced completely before it was noted, so no later look may find less.
                        let atLeast = latest.load(ordering: .acquiring)
                        #expect(published.value >= atLeast)
                        reads += 1
                    }
                    return reads
                }
            }
            group.addTask {
                for value in 1...20_000 {
                    published.replace(with: value)
                    latest.store(value, ordering: .releasing)
                }
                isDone.store(true, ordering: .releasing)
                return 0
            }
            for await _ in group {}
        }
        #expect(published.value == 20_000)
    }

    /// Threads of their own, since each looks at the copy of its thread.
    @Test func everyThreadSeesIt() {
        let published = Published("old", copies: 8)
        published.replace(with: "new")
        let seen = Mutex<[String]>([])
        let threads = (0..<16).map { _ in
            Thread { seen.withLock { $0.append(published.value) } }
        }
        for thread in threads { thread.start() }
        while !threads.allSatisfy(\.isFinished) { Thread.sleep(forTimeInterval: 0.001) }
        #expect(seen.withLock { $0 } == [String](repeating: "new", count: 16))
    }
}
