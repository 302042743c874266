import Raft

/// One command of the trace language.
protocol Verb: SendableMetatype {
    static var name: String { get }
    /// What it does and takes, in one line.
    static var usage: String { get }
    static func run(_ arguments: Arguments, in world: World) throws
}

enum Verbs {
    static let all: [any Verb.Type] = [
        AddNode.self, AddNodes.self, Advance.self, Campaign.self, Compact.self, Cut.self, Deliver.self, Drop.self,
        Heal.self, HoldDisk.self, Install.self, Isolate.self, Messages.self, Propose.self, ProposeConfiguration.self,
        Read.self, ReleaseDisk.self, Repeat.self, Restart.self, Run.self, Settle.self, ShowLogs.self,
        ShowProgress.self, Status.self, Transfer.self,
    ]

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    static func run(_ command: String, in world: World) throws {
        let name = command.prefix { $0 != " " }
        guard let verb = byName[String(name)] else { throw TraceError("unknown verb \(name)") }
        try verb.run(Arguments(command.dropFirst(name.count)), in: world)
    }
}
