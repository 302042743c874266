import HSMNode
import PoolState
import Raft

/// What a pool has to come to when nothing goes wrong any more.
extension World {
    /// The machines that have to be in step with the leader: the members, but for those whose disks are damaged.
    private var expected: [SimulatedNode] {
        guard let leader, let report = nodes[leader].process?.driver.report() else { return [] }
        return nodes.filter { report.configuration.isMember($0.id) && !$0.isLost && !$0.staysSealed }
    }

    /// Whether enough disks are intact for the pool to go on. Without them it must not: it waits for a person.
    var canRest: Bool {
        profile.keepsQuorumIntact || nodes.count { $0.disk.damage != nil } * 2 < nodes.count { $0.isInService }
    }

    var membersDisks: [SimulatedDisk] { expected.map(\.disk) }

    /// What keeps the pool from being at rest; nil if nothing does.
    var unrest: String? {
        guard let leader, let process = nodes[leader].process else { return "no leader" }
        let goal = process.driver.standing
        guard goal.commitIndex == goal.lastIndex else {
            return "leader \(leader + 1) has entries that aren't committed"
        }
        if process.driver.report().configuration.isJoint { return "the configuration is joint" }
        if isMixed, checker.state.version != SimulatedProgram.later.newest { return "the pool's version is not raised" }
        for node in expected {
            guard let standing = node.process?.driver.standing else { return "node \(node.id) is down" }
            if standing.isSealed { return "node \(node.id) is sealed" }
            if standing.term != goal.term { return "node \(node.id) is in another term" }
            if standing.appliedIndex != goal.commitIndex || standing.lastIndex != goal.lastIndex {
                return "node \(node.id) has applied \(standing.appliedIndex) of \(goal.commitIndex)"
            }
        }
        let open = checker.history.open
        return open > 0 ? "\(open) calls aren't answered" : nil
    }

    /// Asks every member the same; whether all of them answered is asked later.
    func askEveryone(_ kind: Probe.Kind) {
        note("every member is asked: \(kind)")
        probe = Probe(kind: kind)
        for node in expected {
            let operation = kind == .read ? read(at: node.number) : write(at: node.number)
            probe?.ask(operation)
        }
    }
}

/// A question to every member. After all faults have ended each of them has to answer: first a read, so that no write
/// helps a leader on that doesn't commit by itself, then a write.
struct Probe {
    enum Kind { case read, write }

    let kind: Kind
    private var asked: Set<Int> = []
    /// Whether the operations that have ended since were refused.
    private var refused: [Int: Bool] = [:]
    private var isAnyoneMissing = false

    init(kind: Kind) {
        self.kind = kind
    }

    /// A member was asked by this operation; nil if it wasn't there.
    mutating func ask(_ operation: Int?) {
        guard let operation else { return isAnyoneMissing = true }
        asked.insert(operation)
    }

    mutating func ends(_ operation: Int, refused isRefused: Bool) {
        refused[operation] = isRefused
    }

    var isDone: Bool { asked.allSatisfy { refused[$0] != nil } }
    var failed: Bool { isAnyoneMissing || asked.contains { refused[$0] == true } }
}
