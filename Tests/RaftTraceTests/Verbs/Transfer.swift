import Raft

enum Transfer: Verb {
    static let name = "transfer"
    static let usage = "transfer FROM TO: the leader hands over"

    static func run(_ arguments: Arguments, in world: World) throws {
        let target = try arguments.node(1)
        try world.with(try arguments.node(0)) { $0.transferLeadership(to: target, now: world.now) }
    }
}
