import Raft

enum Deliver: Verb {
    static let name = "deliver"
    static let usage = "deliver FROM>TO [N]: the messages, or the first N, that are under way there now"

    static func run(_ arguments: Arguments, in world: World) throws {
        let link = try arguments.link(0)
        let limit = arguments.words.count > 1 ? Int(try arguments.number(1)) : Int.max
        let chosen = try Link.take(link, limit: limit, from: world)
        for message in chosen { try world.deliver(message) }
    }
}

enum Drop: Verb {
    static let name = "drop"
    static let usage = "drop FROM>TO [N]: the messages, or the first N, that are under way there are lost"

    static func run(_ arguments: Arguments, in world: World) throws {
        let limit = arguments.words.count > 1 ? Int(try arguments.number(1)) : Int.max
        for message in try Link.take(try arguments.link(0), limit: limit, from: world) {
            world.print("lost: \(message.text)")
        }
    }
}

enum Repeat: Verb {
    static let name = "repeat"
    static let usage = "repeat FROM>TO: the first message that is under way there arrives once more, after all others"

    static func run(_ arguments: Arguments, in world: World) throws {
        for position in try Link.find(try arguments.link(0), limit: 1, in: world) {
            world.network.append(world.network[position])
        }
    }
}

enum Link {
    static func find(_ link: (from: NodeID, to: NodeID), limit: Int, in world: World) throws -> [Int] {
        let found = world.network.indices.filter {
            world.network[$0].from == link.from && world.network[$0].to == link.to
        }
        guard !found.isEmpty else { throw TraceError("nothing under way") }
        return Array(found.prefix(limit))
    }

    static func take(
        _ link: (from: NodeID, to: NodeID), limit: Int, from world: World
    ) throws -> [RaftMessage] {
        let chosen = try find(link, limit: limit, in: world)
        let messages = chosen.map { world.network[$0] }
        for position in chosen.reversed() { world.network.remove(at: position) }
        return messages
    }
}
