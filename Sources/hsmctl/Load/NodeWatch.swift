import LoadGenerator

/// Watches the processor time of the nodes, and whether they can be reached.
struct NodeWatch {
    /// What a node's process has used in all.
    struct Usage {
        var pid: Int32
        /// Processor time.
        var seconds: Double
    }

    /// Processor time is counted in hundredths of a second: over less than this, in seconds, it says nothing.
    private static let shortest = 0.5

    private let names: [String]
    private let journal: LoadJournal
    private let now: () -> UInt64
    private let look: (Int) -> Usage?
    /// Of each node, what was seen last.
    private var seen: [Usage?]
    /// Seconds of each node since `shownAt`.
    private var spent: [Double]
    private var shownAt: UInt64
    private var isConnected: [Bool]
    /// Seconds of each node since measuring began; `nil` for one whose process isn't known.
    private(set) var used: [Double?]

    /// - Parameters:
    ///   - now: nanoseconds of a monotonic clock.
    ///   - look: what the process of a node, by its position, has used; `nil` while it has none here.
    init(
        _ names: [String], _ journal: LoadJournal, now: @escaping () -> UInt64 = LoadSession.now,
        look: @escaping (Int) -> Usage?
    ) {
        self.names = names
        self.journal = journal
        self.now = now
        self.look = look
        seen = names.indices.map(look)
        used = seen.map { $0 == nil ? nil : 0 }
        spent = names.map { _ in 0 }
        shownAt = now()
        isConnected = names.map { _ in true }
    }

    /// At the end of a second. The last samples of a run come at once, and those of a generator that stood still.
    mutating func observe(_ point: inout LoadPoint) {
        let now = now()
        let seconds = Double(now - shownAt) / 1e9
        let isShown = seconds >= Self.shortest
        if isShown { shownAt = now }
        for index in names.indices {
            guard let sum = used[index] else { continue }
            let current = look(index)
            if let current {
                let gained = max(0, current.seconds - known(of: current.pid, index))
                spent[index] += gained
                if point.second >= 0 { used[index] = sum + gained }
                seen[index] = current
            }
            if isShown {
                point.nodeCores[index] = current == nil ? nil : spent[index] / seconds
                spent[index] = 0
            }
        }
        for (index, count) in point.connections.enumerated() where (count > 0) != isConnected[index] {
            isConnected[index] = count > 0
            journal.note(count > 0 ? "\(names[index]) is connected again" : "\(names[index]) can't be reached")
        }
    }

    /// What was known of this process. One that is new was started in this run: all of its time counts.
    private func known(of pid: Int32, _ index: Int) -> Double {
        guard let last = seen[index], last.pid == pid else { return 0 }
        return last.seconds
    }
}
