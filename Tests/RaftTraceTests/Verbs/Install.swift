import Raft

enum Install: Verb {
    static let name = "install"
    static let usage = "install ID: the node takes the snapshot that it was offered last"

    static func run(_ arguments: Arguments, in world: World) throws {
        let node = try world.node(try arguments.node(0))
        guard let offer = node.offer else { throw TraceError("no offer") }
        let snapshot = offer.descriptor
        let continues = node.raft.term(at: snapshot.index) == snapshot.term
        node.disk.entries.removeAll { !continues || $0.index <= snapshot.index }
        node.disk.compactedIndex = snapshot.index
        node.disk.compactedTerm = snapshot.term
        node.disk.configuration = snapshot.configuration
        node.disk.applied = []
        node.disk.appliedBase = snapshot.index
        try world.with(node.id) { $0.installed(snapshot, tag: [], now: world.now) }
    }
}
