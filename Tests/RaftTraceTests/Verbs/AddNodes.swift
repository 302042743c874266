import Raft

enum AddNodes: Verb {
    static let name = "nodes"
    static let usage = "nodes N [options of node]: nodes 1 to N, alike; all of them voters unless said otherwise"

    static func run(_ arguments: Arguments, in world: World) throws {
        let count = try arguments.number(0)
        let everyone = PoolConfiguration(voters: Set((1...count).map(NodeID.init)))
        for id in 1...count {
            try AddNode.add(NodeID(id), arguments, otherwise: everyone, to: world)
        }
    }
}

enum AddNode: Verb {
    static let name = "node"
    static let usage = """
        node ID [voters= outgoing= learners=] [log=TERM,TERM,... term= vote= commit=] [window= message-bytes=]: \
        one more node, with this on its disk; the configuration is empty unless given
        """

    static func run(_ arguments: Arguments, in world: World) throws {
        try add(try arguments.node(0), arguments, otherwise: .empty, to: world)
    }

    /// - Parameter configuration: The configuration of a node for which none is given.
    static func add(
        _ id: NodeID, _ arguments: Arguments, otherwise configuration: PoolConfiguration, to world: World
    ) throws {
        var disk = Disk()
        disk.configuration = try arguments.configuration() ?? configuration
        let terms = try arguments.numbers(named: "log") ?? []
        disk.entries = terms.enumerated().map { offset, term in
            LogEntry(index: UInt64(offset + 1), term: term, payload: .noOp, tag: [])
        }
        disk.hardState = HardState(
            term: try arguments.number(named: "term") ?? terms.last ?? 0,
            vote: try arguments.number(named: "vote").map(NodeID.init),
            commit: try arguments.number(named: "commit") ?? 0)
        var options = Raft.Options(id: id, randomSeed: id.rawValue)
        // The times that the scenarios count with.
        options.heartbeatInterval = 40_000_000
        options.electionTimeoutMinimum = 120_000_000
        options.electionTimeoutMaximum = 240_000_000
        if let window = try arguments.number(named: "window") { options.maxInflightMessages = Int(window) }
        if let bytes = try arguments.number(named: "message-bytes") { options.maxEntryBytesPerMessage = Int(bytes) }
        world.prepare(&options)
        world.nodes[id] = try TraceNode(options: options, disk: disk, now: world.now)
    }
}
