import HSMNode
import ManagementAPI
import PoolState
import Raft

/// Answers the management plane's questions about this node.
struct NodeControlPanel: NodeControl {
    let configuration: NodeConfiguration
    let directory: MemberDirectory
    let runtime: NodeRuntime
    let vault: KeyVault
    let officers: OfficerUnsealing
    let recovery: OfficerUnsealing
    let epoch: UInt64

    /// Members tell of themselves every second or so. Nanoseconds.
    private static let longSilence: UInt64 = 5_000_000_000

    func health() -> NodeHealth {
        let standing = runtime.latestStanding
        return NodeHealth(
            node: configuration.nodeName, role: "\(standing.role)", isSealed: vault.unsealed == nil,
            phase: "\(runtime.latestView.state.phase)", term: standing.term,
            leader: standing.leader.flatMap { directory.member($0) }?.name,
            commitIndex: standing.commitIndex, appliedIndex: standing.appliedIndex,
            lastIndex: standing.lastIndex, lastTerm: standing.lastTerm, epoch: epoch, holdsLease: runtime.holdsLease)
    }

    func recoveryInvitation() async throws(UnsealRequestRefusal) -> CeremonyInvitation {
        try recovery.invitation(now: SystemClock().unixMilliseconds() / 1000)
    }

    func acceptRecoveryShare(_ envelope: [UInt8]) async throws(UnsealRequestRefusal) -> UnsealProgress {
        try await recovery.accept(envelope, now: SystemClock().unixMilliseconds() / 1000)
    }

    func members() async -> [MemberHealth] {
        let report = await runtime.report()
        return directory.members.map { member in
            let isSelf = member.id == configuration.nodeID
            let peer = report.peers.first { $0.node == member.id }
            let isSilent = !isSelf && (peer?.silentFor ?? .max) > Self.longSilence
            let role = isSilent ? "unreachable" : report.standing.leader == member.id ? "leader" : "follower"
            return MemberHealth(
                node: member.id.rawValue, name: member.name, endpoint: member.endpoint, role: role,
                isSealed: isSelf ? vault.unsealed == nil : peer?.isSealed,
                appliedIndex: isSelf ? report.standing.appliedIndex : peer?.appliedIndex ?? 0,
                version: isSelf ? NodeService.version : peer?.version,
                silentForMilliseconds: isSelf ? nil : peer?.silentFor.map { $0 / 1_000_000 })
        }
    }

    func unsealInvitation() async throws(UnsealRequestRefusal) -> CeremonyInvitation {
        try officers.invitation(now: SystemClock().unixMilliseconds() / 1000)
    }

    func acceptShare(_ envelope: [UInt8]) async throws(UnsealRequestRefusal) -> UnsealProgress {
        try await officers.accept(envelope, now: SystemClock().unixMilliseconds() / 1000)
    }
}
