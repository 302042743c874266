import NodeEnvironment
import PoolState
import Raft

/// What the node says of itself, to its peers and to its owner.
extension NodeDriver {
    func sendStatusIfDue() {
        // A leader takes no write of a node that is too far behind for all it has heard.
        let isFarther = savedIndex >= statusIndex + PoolState.proposalsRemembered / 8
        guard now >= statusDue || isFarther, halted == nil else { return }
        statusDue = now.advanced(by: options.statusInterval)
        statusIndex = savedIndex
        for peer in raft.configuration.members.sorted() where peer != id { sendStatus(to: peer) }
    }

    func sendStatus(to peer: NodeID) {
        let status = NodeStatus(
            node: id, isSealed: seal.isSealed, processID: processID, appliedIndex: savedIndex,
            version: options.version,
            promise: NodeStatus.Promise(
                term: storedTerm, commitIndex: raft.commitIndex, lastIndex: raft.durableIndex),
            knownVersion: options.catalog.newest.rawValue)
        environment.network.send(.nodeStatus(status), to: peer)
    }

    /// Whether something waits for room on the disk: neither the log nor a view goes on until there is.
    var lacksRoom: Bool { stalled != nil || savingDue != .distantFuture }

    /// Whether the node lacks the pool's keys.
    public var isSealed: Bool { seal.isSealed }

    /// How the node stands.
    public func report() -> NodeStatusReport {
        NodeStatusReport(
            node: id, standing: standing, compactedIndex: raft.compactedIndex,
            poolVersion: applied.state.version, knownVersion: options.catalog.newest,
            pendingSubmissions: submissions.count, pendingReads: reads.count, configuration: raft.configuration,
            peers: raft.configuration.members.sorted().filter { $0 != id }.map { peers.report(of: $0, now: now) },
            halted: halted)
    }
}
