import Raft

enum Isolate: Verb {
    static let name = "isolate"
    static let usage = "isolate ID ...: what they send and what is sent to them is lost, and what is under way"

    static func run(_ arguments: Arguments, in world: World) throws {
        for position in arguments.words.indices { world.isolated.insert(try arguments.node(position)) }
        world.network.removeAll { !world.isolated.isDisjoint(with: [$0.from, $0.to]) }
    }
}

enum Heal: Verb {
    static let name = "heal"
    static let usage = "heal [ID ...]: these, or all, are reached again"

    static func run(_ arguments: Arguments, in world: World) throws {
        if arguments.words.isEmpty { world.isolated = [] }
        for position in arguments.words.indices { world.isolated.remove(try arguments.node(position)) }
    }
}
