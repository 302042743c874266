import Raft

enum Campaign: Verb {
    static let name = "campaign"
    static let usage = "campaign ID: the node asks for pre-votes"

    static func run(_ arguments: Arguments, in world: World) throws {
        try world.with(try arguments.node(0)) { $0.campaign(now: world.now) }
    }
}
