import Raft

enum Propose: Verb {
    static let name = "propose"
    static let usage = "propose ID TEXT ...: commands, all before the node's next output"

    static func run(_ arguments: Arguments, in world: World) throws {
        let id = try arguments.node(0)
        try world.with(id) { raft in
            for text in arguments.words.dropFirst() {
                let result = raft.propose(.command(Array(text.utf8)), tag: [])
                if case .failure(let refusal) = result { world.print("refused: \(refusal)") }
            }
        }
    }
}

enum ProposeConfiguration: Verb {
    static let name = "configure"
    static let usage = "configure ID voters= [outgoing= learners=] | leave: the next configuration"

    static func run(_ arguments: Arguments, in world: World) throws {
        let id = try arguments.node(0)
        let next: PoolConfiguration
        if arguments.words.dropFirst().first == "leave" {
            guard let left = try world.node(id).raft.configurationToLeaveJoint else {
                return world.print("not to be left")
            }
            next = left
        } else {
            guard let given = try arguments.configuration() else { throw TraceError("nothing to propose") }
            next = given
        }
        try world.with(id) { raft in
            if case .failure(let refusal) = raft.propose(.configuration(next), tag: []) {
                world.print("refused: \(refusal)")
            }
        }
    }
}
