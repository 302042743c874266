import Raft

enum Status: Verb {
    static let name = "status"
    static let usage = "status: role, term, commit and configuration of every node"

    static func run(_ arguments: Arguments, in world: World) throws {
        for id in world.nodeIDs {
            let raft = try world.node(id).raft
            let leader = raft.role == .follower ? " of \(raft.leader?.description ?? "nobody")" : ""
            world.print(
                "\(id) \(raft.role)\(leader) term \(raft.term) commit \(raft.commitIndex) last \(raft.lastIndex)/"
                    + "\(raft.lastTerm) configuration {\(raft.configuration.text)} from \(raft.configurationIndex)")
        }
    }
}

enum ShowLogs: Verb {
    static let name = "logs"
    static let usage = "logs: the terms of every node's entries; what is committed stands before the bar"

    static func run(_ arguments: Arguments, in world: World) throws {
        for id in world.nodeIDs {
            let raft = try world.node(id).raft
            let first = raft.compactedIndex + 1
            let committed = raft.entries(from: first, to: raft.commitIndex).map { "\($0.term)" }
            let open = raft.entries(from: raft.commitIndex + 1, to: raft.lastIndex).map { "\($0.term)" }
            let start = raft.compactedIndex == 0 ? "" : "(from \(first)) "
            world.print("\(id): " + start + (committed + ["|"] + open).joined(separator: " "))
        }
    }
}

enum ShowProgress: Verb {
    static let name = "progress"
    static let usage = "progress ID: what the leader knows of the others"

    static func run(_ arguments: Arguments, in world: World) throws {
        for peer in try world.node(try arguments.node(0)).raft.progress {
            world.print(
                "\(peer.node) \(peer.state) match \(peer.matchIndex) next \(peer.nextIndex)"
                    + (peer.inflightMessages == 0 ? "" : " inflight \(peer.inflightMessages)"))
        }
    }
}
