import Raft

enum Run: Verb {
    static let name = "run"
    static let usage = "run MS: time passes for all in steps of 10 ms, all is delivered; changes of role are shown"

    static func run(_ arguments: Arguments, in world: World) throws {
        let before = world.printed
        for _ in 0..<(try arguments.number(0)) / 10 {
            world.clock += 10
            for id in world.nodeIDs { try world.with(id) { $0.advance(to: world.now) } }
            try Settle.deliverAll(in: world)
        }
        world.printed = before + world.printed.dropFirst(before.count).filter { $0.contains(" is ") }
    }
}
