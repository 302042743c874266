import Raft

/// A pool in a test tube: nodes with disks that keep what they are given, a network that delivers when told to, and a
/// clock that stands still until it is moved.
final class World {
    var nodes: [NodeID: TraceNode] = [:]
    /// In the order of sending.
    var network: [RaftMessage] = []
    /// Messages from and to these vanish.
    var isolated: Set<NodeID> = []
    /// Messages over these links, each from a node to a node, vanish.
    var cutLinks: Set<[NodeID]> = []
    /// Milliseconds.
    var clock: UInt64 = 1000
    var printed: [String] = []
    /// Changes the options of each node that is made.
    var prepare: (inout Raft.Options) -> Void = { _ in }

    var now: Instant { Instant(nanoseconds: clock * 1_000_000) }
    var nodeIDs: [NodeID] { nodes.keys.sorted() }

    func print(_ line: String) {
        printed.append(line)
    }

    func node(_ id: NodeID) throws -> TraceNode {
        guard let node = nodes[id] else { throw TraceError("no node \(id)") }
        return node
    }

    /// Feeds a node one event and carries out what follows from it.
    func with(_ id: NodeID, _ event: (inout Raft) -> Void) throws {
        let node = try node(id)
        event(&node.raft)
        carryOut(node)
    }

    /// Takes outputs in the documented order until there are none.
    func carryOut(_ node: TraceNode) {
        var rounds = 0
        while node.raft.hasOutput {
            rounds += 1
            guard rounds < 100 else {
                print("error: \(node.id) always has more to do")
                return
            }
            let output = node.raft.takeOutput()
            describe(output, of: node.id)
            node.disk.write(output)
            if let last = output.entries.last {
                node.unconfirmed.append(last)
                if !node.diskIsHeld { node.confirmWrites() }
            }
            send(output.messages)
            node.disk.applied += output.committed
            if let last = output.committed.last { node.raft.applied(through: last.index) }
            if let offer = output.snapshotOffered { node.offer = offer }
        }
    }

    private func send(_ messages: [RaftMessage]) {
        for message in messages where !loses(message) { network.append(message) }
    }

    func loses(_ message: RaftMessage) -> Bool {
        !isolated.isDisjoint(with: [message.from, message.to]) || cutLinks.contains([message.from, message.to])
    }

    func deliver(_ message: RaftMessage) throws {
        guard nodes[message.to] != nil, !loses(message) else { return }
        try with(message.to) { $0.step(message, now: now) }
    }

    private func describe(_ output: RaftOutput, of id: NodeID) {
        if let change = output.roleChange { print("\(id) is \(change.text)") }
        if let from = output.truncateFrom { print("\(id) cuts from \(from)") }
        if let hard = output.hardState {
            let entries = output.entries.map(\.text).joined(separator: " ")
            print("\(id) writes \(hard.text)" + (entries.isEmpty ? "" : " entries " + entries))
        }
        for violation in output.violations { print("\(id) reports \(violation)") }
        for message in output.messages {
            print(message.text + (loses(message) ? "  (lost)" : ""))
        }
        for entry in output.committed { print("\(id) applies \(entry.text)") }
        for read in output.readStates { print("\(id) read \(read.id) at \(read.index)") }
        for read in output.failedReads { print("\(id) read \(read) failed") }
        if let offer = output.snapshotOffered { print("\(id) is offered snapshot \(offer.descriptor.text)") }
    }
}

struct TraceError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

final class TraceNode {
    let id: NodeID
    var raft: Raft
    let options: Raft.Options
    var disk: Disk
    /// Writes whose confirmation the node has not been told.
    var unconfirmed: [LogEntry] = []
    var diskIsHeld = false
    var offer: SnapshotOffer?

    init(options: Raft.Options, disk: Disk, now: Instant) throws {
        id = options.id
        self.options = options
        self.disk = disk
        raft = try Raft(options: options, restored: disk.restored, now: now)
    }

    func confirmWrites() {
        for entry in unconfirmed { raft.persisted(through: entry.index, term: entry.term) }
        unconfirmed = []
    }
}

/// What survives a restart.
struct Disk {
    var hardState = HardState()
    var entries: [LogEntry] = []
    var compactedIndex: LogIndex = 0
    var compactedTerm: Term = 0
    var configuration = PoolConfiguration.empty
    var applied: [LogEntry] = []
    /// What was applied before the disk's history begins.
    var appliedBase: LogIndex = 0

    mutating func write(_ output: RaftOutput) {
        if let hardState = output.hardState { self.hardState = hardState }
        if let from = output.truncateFrom { entries.removeAll { $0.index >= from } }
        entries += output.entries
    }

    var restored: Raft.Restored {
        Raft.Restored(
            hardState: hardState, entries: entries, compactedIndex: compactedIndex, compactedTerm: compactedTerm,
            configuration: configuration, appliedIndex: applied.last?.index ?? appliedBase)
    }
}
