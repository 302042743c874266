import Raft

enum Messages: Verb {
    static let name = "messages"
    static let usage = "messages: what is under way"

    static func run(_ arguments: Arguments, in world: World) throws {
        for message in world.network { world.print(message.text) }
    }
}
