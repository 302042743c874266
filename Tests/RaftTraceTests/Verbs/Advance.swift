import Raft

enum Advance: Verb {
    static let name = "advance"
    static let usage = "advance MS [ID ...]: the clock moves; only these nodes, or all, notice"

    static func run(_ arguments: Arguments, in world: World) throws {
        world.clock += try arguments.number(0)
        let chosen = try arguments.words.indices.dropFirst().map { try arguments.node($0) }
        for id in chosen.isEmpty ? world.nodeIDs : chosen {
            try world.with(id) { $0.advance(to: world.now) }
        }
    }
}
