import Raft

enum Compact: Verb {
    static let name = "compact"
    static let usage = "compact ID INDEX: the node forgets its log through there"

    static func run(_ arguments: Arguments, in world: World) throws {
        let node = try world.node(try arguments.node(0))
        let index = try arguments.number(1)
        guard let term = node.raft.term(at: index), index <= node.raft.appliedIndex else {
            throw TraceError("not applied")
        }
        let configuration = node.raft.entries(from: 1, to: index).reduce(node.disk.configuration) { before, entry in
            if case .configuration(let next) = entry.payload { return next }
            return before
        }
        node.raft.compact(through: index)
        node.disk.configuration = configuration
        node.disk.entries.removeAll { $0.index <= index }
        node.disk.compactedIndex = index
        node.disk.compactedTerm = term
        world.print("\(node.id) log begins behind \(index)/\(term)")
    }
}
