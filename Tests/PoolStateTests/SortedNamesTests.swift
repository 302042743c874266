import Testing

@testable import PoolState

@Suite struct SortedNamesTests {
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func behavesLikeASortedArray(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        var names = SortedNames()
        var reference: Set<String> = []
        for step in 0..<6000 {
            let name = "n\(Int.random(in: 0..<3000, using: &random))"
            // First mostly additions, then mostly removals, so that runs are split and emptied.
            let adds = Int.random(in: 0..<10, using: &random) < (step < 3000 ? 8 : 2)
            if adds, reference.insert(name).inserted {
                names.insert(name)
            } else if !adds, reference.remove(name) != nil {
                names.remove(name)
            }
            guard step % 250 == 0 else { continue }
            let sorted = reference.sorted()
            #expect(names.count == sorted.count)
            #expect(names.page(after: nil, limit: .max) == sorted)
            #expect(SortedNames(reference).page(after: nil, limit: .max) == sorted)
            let previous = "n\(Int.random(in: 0..<3000, using: &random))"
            #expect(names.page(after: previous, limit: 25) == Array(sorted.filter { $0 > previous }.prefix(25)))
        }
    }

    @Test func pagesFollowEachOther() {
        let names = SortedNames((0..<2000).map { "k\($0)" })
        var seen: [String] = []
        while true {
            let page = names.page(after: seen.last, limit: 25)
            if page.isEmpty { break }
            seen += page
        }
        #expect(seen == (0..<2000).map { "k\($0)" }.sorted())
    }

    @Test func removingWhatIsNotThereChangesNothing() {
        var names = SortedNames(["a", "c"])
        names.remove("b")
        names.remove("d")
        #expect(names.page(after: nil, limit: 9) == ["a", "c"] && names.count == 2)
        #expect(names.page(after: "c", limit: 9).isEmpty)
        #expect(names.page(after: "a", limit: 0).isEmpty)
    }
}
