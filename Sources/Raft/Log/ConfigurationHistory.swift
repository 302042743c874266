/// The configurations that the log holds, each with its index. The one in force is the last in the log, from the
/// moment it is appended and only as long as it is not cut off.
struct ConfigurationHistory: Sendable {
    struct Item: Hashable, Sendable {
        let index: LogIndex
        let configuration: PoolConfiguration
    }

    /// Never empty; the first is the one in force at the compacted index.
    private var items: [Item]
    /// Of the last item. Kept, because every commit, vote and read asks.
    private(set) var quorum: Quorum
    /// Of the last item, ascending. Kept, because every commit asks.
    private(set) var members: [NodeID]

    init(base: PoolConfiguration, at index: LogIndex) {
        items = [Item(index: index, configuration: base)]
        quorum = Quorum(base)
        members = base.members.sorted()
    }

    var inForce: Item { items[items.count - 1] }

    /// The configuration in force at `index`, or the oldest one known.
    func item(at index: LogIndex) -> Item {
        items.last { $0.index <= index } ?? items[0]
    }

    /// Whether `node` is a voter by a configuration that is in force or may be so again: any from the one at `commit`
    /// on.
    func mayBeVoter(_ node: NodeID, committed commit: LogIndex) -> Bool {
        let first = items.lastIndex { $0.index <= commit } ?? 0
        return items[first...].contains { $0.configuration.isVoter(node) }
    }

    mutating func append(_ configuration: PoolConfiguration, at index: LogIndex) {
        items.append(Item(index: index, configuration: configuration))
        quorum = Quorum(configuration)
        members = configuration.members.sorted()
    }

    mutating func truncate(from first: LogIndex) {
        while items.count > 1, inForce.index >= first { items.removeLast() }
        quorum = Quorum(inForce.configuration)
        members = inForce.configuration.members.sorted()
    }

    mutating func compact(through index: LogIndex) {
        let kept = items.lastIndex { $0.index <= index } ?? 0
        items.removeFirst(kept)
    }
}
