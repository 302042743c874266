import Testing

@testable import HSMService

@Suite struct FairQueueTests {
    private func drain(_ queue: inout FairQueue<String, Int>) -> [Int] {
        var done: [Int] = []
        while let (owner, work) = queue.next(at: 0) {
            done.append(work)
            queue.finish(owner)
        }
        return done
    }

    private func fill(_ queue: inout FairQueue<String, Int>, _ numbers: Range<Int>, of owner: String) -> [Bool] {
        var taken: [Bool] = []
        for number in numbers { taken.append(queue.add(number, of: owner, at: 0)) }
        return taken
    }

    @Test func ownersTakeTurns() {
        var queue = FairQueue<String, Int>(limit: 10, limitOfOne: 5, longestWait: 1000)
        let taken = fill(&queue, 0..<4, of: "much") + fill(&queue, 10..<12, of: "little")
            + fill(&queue, 20..<21, of: "least")
        #expect(taken.allSatisfy { $0 })
        let done = drain(&queue)
        #expect(done == [0, 10, 20, 1, 11, 2, 3])
        #expect(queue.isEmpty)
    }

    /// Who comes later waits for one turn of each other owner, not for all that they have waiting.
    @Test func aNewcomerIsSoonServed() {
        var queue = FairQueue<String, Int>(limit: 100, limitOfOne: 90, longestWait: 1000)
        _ = fill(&queue, 0..<80, of: "much")
        _ = queue.next(at: 0)
        _ = fill(&queue, 100..<101, of: "late")
        let served = [queue.next(at: 0)?.work, queue.next(at: 0)?.work]
        #expect(served == [1, 100])
    }

    @Test func oneOwnerLeavesRoomForOthers() {
        var queue = FairQueue<String, Int>(limit: 6, limitOfOne: 3, longestWait: 1000)
        let much = fill(&queue, 0..<5, of: "much")
        let other = fill(&queue, 0..<5, of: "other")
        #expect(much == [true, true, true, false, false] && other == much)
        let third = fill(&queue, 0..<1, of: "third")
        #expect(third == [false], "everything is full")
        let first = queue.next(at: 0)
        let more = fill(&queue, 0..<1, of: "much")
        #expect(more == [false], "what runs counts too")
        if let first { queue.finish(first.owner) }
        let later = fill(&queue, 0..<1, of: "third")
        #expect(later == [true])
    }

    /// Takes what waits, each after the time of `step`, and adds nothing.
    private func take(_ count: Int, from queue: inout FairQueue<String, Int>, every step: UInt64, until end: UInt64) {
        for number in 0..<count {
            let now = end - step * UInt64(count - 1 - number)
            if let next = queue.next(at: now) { queue.finish(next.owner) }
        }
    }

    @Test func aBurstIsTaken() {
        var queue = FairQueue<String, Int>(limit: 100, limitOfOne: 50, longestWait: 10)
        let burst = fill(&queue, 0..<20, of: "much")
        // What is taken now has waited for 40; but that has gone on for 8 only.
        take(5, from: &queue, every: 2, until: 40)
        let more = queue.add(20, of: "much", at: 40)
        #expect(more && burst.allSatisfy { $0 })
    }

    @Test func whatStandsIsNotAddedTo() {
        var queue = FairQueue<String, Int>(limit: 100, limitOfOne: 50, longestWait: 10)
        _ = fill(&queue, 0..<20, of: "much")
        take(6, from: &queue, every: 2, until: 40)
        let (much, other) = (queue.add(20, of: "much", at: 40), queue.add(0, of: "other", at: 40))
        #expect(!much && other, "only who makes the queue long is refused")
        // Once less waits, more is taken.
        take(20, from: &queue, every: 1, until: 60)
        let later = queue.add(21, of: "much", at: 60)
        #expect(later)
    }

    @Test func aShortWaitEndsIt() {
        var queue = FairQueue<String, Int>(limit: 100, limitOfOne: 50, longestWait: 10)
        _ = fill(&queue, 0..<2, of: "much")
        take(1, from: &queue, every: 1, until: 15)
        let taken = [queue.add(2, of: "much", at: 24), queue.add(3, of: "much", at: 24)]
        take(1, from: &queue, every: 1, until: 30)
        let refused = !queue.add(4, of: "much", at: 30)
        // What is taken now has waited for 7 only, and something waits still.
        take(1, from: &queue, every: 1, until: 31)
        let more = queue.add(5, of: "much", at: 31)
        #expect(taken == [true, true] && refused && more)
    }
}
