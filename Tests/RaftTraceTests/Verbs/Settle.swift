import Raft

enum Settle: Verb {
    static let name = "settle"
    static let usage = "settle [quiet]: deliver in order of sending until nothing is under way"

    static func run(_ arguments: Arguments, in world: World) throws {
        let before = world.printed.count
        try deliverAll(in: world)
        if arguments.words.first == "quiet" { world.printed.removeSubrange(before...) }
    }

    static func deliverAll(in world: World) throws {
        var steps = 0
        while !world.network.isEmpty {
            let message = world.network.removeFirst()
            try world.deliver(message)
            steps += 1
            guard steps < 10_000 else { throw TraceError("does not settle") }
        }
    }
}
