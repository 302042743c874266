import Raft

enum Restart: Verb {
    static let name = "restart"
    static let usage = "restart ID: the process ends and starts again on what its disk holds"

    static func run(_ arguments: Arguments, in world: World) throws {
        let old = try world.node(try arguments.node(0))
        var options = old.options
        options.randomSeed += 1000
        world.nodes[old.id] = try TraceNode(options: options, disk: old.disk, now: world.now)
    }
}
