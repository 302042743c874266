import Testing

@testable import HSMService

@Suite struct FairQueueTests {
    private func drain(_ queue: inout FairQueue<String, Int>) -> [Int] {
        var done: [Int] = []
        while let (owner, work) = queue.next() {
            done.append(work)
            queue.finish(owner)
        }
        return done
    }

    private func fill(_ queue: inout FairQueue<String, Int>, _ numbers: Range<Int>, of owner: String) -> [Bool] {
        var taken: [Bool] = []
        for number in numbers { taken.append(queue.add(number, of: owner)) }
        return taken
    }

    @Test func ownersTakeTurns() {
        var queue = FairQueue<String, Int>(limit: 10, limitOfOne: 5)
        let taken = fill(&queue, 0..<4, of: "much") + fill(&queue, 10..<12, of: "little")
            + fill(&queue, 20..<21, of: "least")
        #expect(taken.allSatisfy { $0 })
        let done = drain(&queue)
        #expect(done == [0, 10, 20, 1, 11, 2, 3])
        #expect(queue.isEmpty)
    }

    /// Who comes later waits for one turn of each other owner, not for all that they have waiting.
    @Test func aNewcomerIsSoonServed() {
        var queue = FairQueue<String, Int>(limit: 100, limitOfOne: 90)
        _ = fill(&queue, 0..<80, of: "much")
        _ = queue.next()
        _ = fill(&queue, 100..<101, of: "late")
        let served = [queue.next()?.work, queue.next()?.work]
        #expect(served == [1, 100])
    }

    @Test func oneOwnerLeavesRoomForOthers() {
        var queue = FairQueue<String, Int>(limit: 6, limitOfOne: 3)
        let much = fill(&queue, 0..<5, of: "much")
        let other = fill(&queue, 0..<5, of: "other")
        #expect(much == [true, true, true, false, false] && other == much)
        let third = fill(&queue, 0..<1, of: "third")
        #expect(third == [false], "everything is full")
        let first = queue.next()
        let more = fill(&queue, 0..<1, of: "much")
        #expect(more == [false], "what runs counts too")
        if let first { queue.finish(first.owner) }
        let later = fill(&queue, 0..<1, of: "third")
        #expect(later == [true])
    }
}
