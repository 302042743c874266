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
    let token: AutoUnsealing
    let unsealing: PeerUnsealing
    let sealing: NodeSealing
    let restoring: OfficerRestoring
    let epoch: UInt64

    func autoUnseal() -> AutoUnsealStanding { token.standing }

    /// Members tell of themselves every second or so. Nanoseconds.
    private static let longSilence: UInt64 = 5_000_000_000

    func health() -> NodeHealth {
        let standing = runtime.latestStanding
        return NodeHealth(
            node: configuration.nodeName, role: "\(standing.role)", isSealed: vault.unsealed == nil,
            phase: "\(runtime.latestView.state.phase)", term: standing.term,
            leader: standing.leader.flatMap { directory.member($0) }?.name,
            commitIndex: standing.commitIndex, appliedIndex: standing.appliedIndex,
            lastIndex: standing.lastIndex, lastTerm: standing.lastTerm, epoch: epoch, holdsLease: runtime.holdsLease,
            isDiskFull: standing.isStalled, waiting: unsealing.asking.waiting)
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
                knownVersion: isSelf ? report.knownVersion : peer?.knownVersion,
                silentForMilliseconds: isSelf ? nil : peer?.silentFor.map { $0 / 1_000_000 })
        }
    }

    func unsealTranscript(of node: UInt64, code: String) async throws(UnsealRequestRefusal) -> [UInt8] {
        try unsealing.requests.transcript(
            of: NodeID(node), code: code, granted: runtime.latestView.state.continuity(of: node)?.transcript,
            now: SystemClock().now())
    }

    func store() async -> Bool { await runtime.save() }

    /// By what the others have last said of themselves: a guard against a slip. Two of them that are sealed at the same
    /// moment each see the other open.
    func seal(evenTheLast: Bool) async throws(UnsealRequestRefusal) {
        let others = await members().filter { $0.node != configuration.nodeID.rawValue }
        guard evenTheLast || others.contains(where: { $0.isSealed == false && $0.role != "unreachable" }) else {
            throw UnsealRequestRefusal(
                "This is the last unsealed node: with it the pool is sealed, and only its officers open it. Say so "
                    + "with 'last': true (hsmctl node seal --last).", isConflict: true)
        }
        try await sealing.seal()
    }

    func beginRestoration(_ outline: [UInt8]) async throws(UnsealRequestRefusal) -> CeremonyInvitation {
        try restoring.begin(outline, now: SystemClock().unixMilliseconds() / 1000)
    }

    func restorationInvitation() async throws(UnsealRequestRefusal) -> CeremonyInvitation {
        try restoring.invitation(now: SystemClock().unixMilliseconds() / 1000)
    }

    func acceptRestorationShare(
        _ envelope: [UInt8], certificate: [UInt8]
    ) async throws(UnsealRequestRefusal) -> UnsealProgress {
        try await restoring.accept(
            envelope, certificate: certificate, now: SystemClock().unixMilliseconds() / 1000)
    }

    func unsealInvitation() async throws(UnsealRequestRefusal) -> CeremonyInvitation {
        try officers.invitation(now: SystemClock().unixMilliseconds() / 1000)
    }

    func acceptShare(_ envelope: [UInt8]) async throws(UnsealRequestRefusal) -> UnsealProgress {
        try await officers.accept(envelope, now: SystemClock().unixMilliseconds() / 1000)
    }
}
