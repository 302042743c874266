/// Names in order, for listings page by page.
///
/// Runs of a few hundred names in an array of runs. A copy is O(1); an insertion copies one run and the list of runs,
/// which for 100,000 names is a few microseconds, little beside what else a new key costs; a page is found by two
/// binary searches. A balanced tree would do no better at this size and a sort for each listing far worse.
struct SortedNames: Sendable {
    /// None is empty.
    private var runs: [[String]] = []
    private(set) var count = 0

    private static let maximumRun = 512

    init() {}

    /// From names in any order, without duplicates.
    init(_ names: some Sequence<String>) {
        let sorted = names.sorted()
        count = sorted.count
        let step = SortedNames.maximumRun / 2
        runs = stride(from: 0, to: sorted.count, by: step).map { start in
            Array(sorted[start..<min(start + step, sorted.count)])
        }
    }

    /// Up to `limit` names greater than `previous`, from the beginning where that is `nil`.
    func page(after previous: String?, limit: Int) -> [String] {
        var position = (run: 0, offset: 0)
        if let previous {
            position.run = SortedNames.partition(runs) { $0[$0.count - 1] > previous }
            guard position.run < runs.count else { return [] }
            position.offset = SortedNames.partition(runs[position.run]) { $0 > previous }
        }
        var page: [String] = []
        while page.count < limit, position.run < runs.count {
            page += runs[position.run][position.offset...].prefix(limit - page.count)
            position = (position.run + 1, 0)
        }
        return page
    }

    /// Adds a name that isn't there yet.
    mutating func insert(_ name: String) {
        count += 1
        guard !runs.isEmpty else {
            runs = [[name]]
            return
        }
        let index = min(SortedNames.partition(runs) { $0[$0.count - 1] > name }, runs.count - 1)
        let offset = SortedNames.partition(runs[index]) { $0 > name }
        runs[index].insert(name, at: offset)
        guard runs[index].count > SortedNames.maximumRun else { return }
        let middle = runs[index].count / 2
        let upper = Array(runs[index][middle...])
        runs[index].removeSubrange(middle...)
        runs.insert(upper, at: index + 1)
    }

    /// Removes a name that is there.
    mutating func remove(_ name: String) {
        let index = SortedNames.partition(runs) { $0[$0.count - 1] >= name }
        guard index < runs.count else { return }
        let offset = SortedNames.partition(runs[index]) { $0 >= name }
        guard offset < runs[index].count, runs[index][offset] == name else { return }
        count -= 1
        runs[index].remove(at: offset)
        if runs[index].isEmpty {
            runs.remove(at: index)
        }
    }

    /// The index of the first element for which the predicate holds, if it holds for all that follow it.
    private static func partition<Element>(_ elements: [Element], where belongs: (Element) -> Bool) -> Int {
        var low = 0
        var high = elements.count
        while low < high {
            let middle = low + (high - low) / 2
            if belongs(elements[middle]) {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return low
    }
}
