import Raft

enum Isolate: Verb {
    static let name = "isolate"
    static let usage = "isolate ID ...: what they send and what is sent to them is lost, and what is under way"

    static func run(_ arguments: Arguments, in world: World) throws {
        for position in arguments.words.indices { world.isolated.insert(try arguments.node(position)) }
        world.network.removeAll { world.loses($0) }
    }
}

enum Cut: Verb {
    static let name = "cut"
    static let usage = "cut FROM>TO ...: what is sent there is lost, and what is under way; the other way is open"

    static func run(_ arguments: Arguments, in world: World) throws {
        for position in arguments.words.indices {
            let link = try arguments.link(position)
            world.cutLinks.insert([link.from, link.to])
        }
        world.network.removeAll { world.loses($0) }
    }
}

enum Heal: Verb {
    static let name = "heal"
    static let usage = "heal [ID ...]: these are reached again; or all, over all links"

    static func run(_ arguments: Arguments, in world: World) throws {
        if arguments.words.isEmpty {
            world.isolated = []
            world.cutLinks = []
        }
        for position in arguments.words.indices { world.isolated.remove(try arguments.node(position)) }
    }
}
