import Raft

enum Read: Verb {
    static let name = "read"
    static let usage = "read ID NUMBER ...: reads with these numbers are asked at the node"

    static func run(_ arguments: Arguments, in world: World) throws {
        let numbers = try arguments.words.indices.dropFirst().map { try arguments.number($0) }
        try world.with(try arguments.node(0)) { raft in
            for number in numbers { raft.requestRead(id: number, now: world.now) }
        }
    }
}
