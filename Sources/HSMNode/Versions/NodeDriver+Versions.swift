import NodeEnvironment
import PoolState
import Raft

/// Members of different versions side by side: what the pool's log may hold, and what a node does that is too old.
extension NodeDriver {
    // MARK: At the leader

    /// Raises the pool's version to the highest that every member knows. Which members were asked stands in the
    /// command, and it fails if others belong to the pool when it is applied: so it doesn't matter who comes meanwhile.
    func tendVersion() {
        guard now >= versionDue, raft.role == .leader, raft.isEstablishedLeader, case .unsealed = seal,
            let view = published
        else { return }
        versionDue = now.advanced(by: options.statusInterval)
        let members = membersToAsk(of: view.state)
        let isAskingNobody = has(fault: .raisesVersionWithoutAsking)
        let known = members.map { isAskingNobody ? options.catalog.newest : knownVersion(of: $0) }
        guard let common = known.min(), common > view.state.version else { return }
        submit(.raisePoolVersion(common, knownBy: Set(members.map(\.rawValue))), origin: .node) { _ in }
    }

    /// Everybody who has the log, or is about to get it.
    private func membersToAsk(of state: PoolState) -> [NodeID] {
        raft.configuration.members.union(state.members.map { NodeID($0.node) }).sorted()
    }

    /// The highest version of a pool that the member has said it knows. A silent member may be another program by now.
    private func knownVersion(of node: NodeID) -> PoolVersion {
        node == id ? options.catalog.newest : peers.knownVersion(of: node, now: now) ?? .first
    }

    // MARK: At the node that answers the client

    /// Why the command can't be proposed yet; nil if it can.
    func refusal(of command: PoolCommand) -> PoolUnavailable? {
        let needed = options.catalog.since(command)
        guard needed > applied.state.version, !has(fault: .newerCommandsUngated) else { return nil }
        let holdouts = membersToAsk(of: applied.state).filter { knownVersion(of: $0) < needed }
        return .commandTooNew(heldBackBy: holdouts.map(\.rawValue))
    }

    // MARK: At a node that is too old

    /// The proposal in the entry; nil if it holds none that this program knows.
    func knownProposal(in entry: LogEntry) -> ProposalEnvelope? {
        guard let proposal = decoded.take(entry), options.catalog.knows(proposal.command) else { return nil }
        return proposal
    }

    /// The state belongs to a pool of a later version than this program knows. It would apply what follows otherwise
    /// than the others, so it must not go on. True if it has stopped.
    func haltIfTooOld(for state: PoolState) -> Bool {
        guard state.version > options.catalog.newest else { return false }
        halt(.poolIsNewer(state.version, known: options.catalog.newest))
        return true
    }
}
