import HashTreeCollections

/// Unsealing among peers. Whether a node may be unsealed is decided when the grant is applied, by the state and the
/// time of the log: a member that doesn't know the latest can't grant anything.
extension PoolState {
    /// What the pool knows of a member's continuity.
    public func continuity(of node: UInt64) -> NodeContinuity? { continuities[node] }

    /// Whether a member may be unsealed by a peer, and why.
    ///
    /// - Parameter now: Unix time in seconds.
    /// - Throws: what stands against it.
    public func basis(of claim: UnsealClaim, at now: Int64) throws(Refusal) -> UnsealBasis {
        guard let member = memberRecords[claim.node] else { throw .memberNotFound }
        guard member.standing == .member else { throw .nodeIsLeaving }
        guard let policy = peerUnsealPolicy, let known = continuities[claim.node] else { throw .invalidUnsealGrant }
        guard policy.settings.mode != .off else { throw .unsealByPeersOff }
        if known.transcript == claim.transcript { return .repetition }
        if let approval = known.approval, approval.transcript == claim.transcript, approval.expires > now {
            return .approval
        }
        if known.beginsUntil > now { return .admission }
        guard policy.settings.mode == .automatic else { throw .unsealAttended }
        switch claim.ticket {
        case .none: throw .unsealTicketMissing
        case .stale: throw .unsealTicketStale
        case .proven(let digest):
            guard digest == known.ticket?.digest || digest == known.former?.digest else { throw .unsealTicketStale }
        }
        guard known.machine.isEmpty || known.machine == claim.machine else { throw .unsealOtherMachine }
        guard now - known.lastSeen <= policy.settings.maxAbsence || now < policy.startUntil else {
            throw .unsealAbsentTooLong
        }
        return .ticket
    }

    // MARK: Commands

    mutating func executeOnPeerUnsealing(
        _ command: PeerUnsealCommand, by proposer: UInt64, _ changes: inout StateChanges
    ) throws(Refusal) {
        switch command {
        case .grant(let claim, let giver, let next): try grant(claim, by: giver, next: next, &changes)
        case .renew(let node, let ticket, let machine):
            guard node == proposer else { throw .ticketOfOtherNode }
            try renew(node, ticket, machine: machine, &changes)
        case .hold(let node, let digest):
            guard node == proposer else { throw .ticketOfOtherNode }
            try hold(node, digest: digest, &changes)
        case .approve(let node, let transcript): try approveUnsealing(of: node, transcript, &changes)
        case .openStart:
            guard var policy = peerUnsealPolicy else { throw .invalidPeerUnsealing }
            policy.startUntil = max(policy.startUntil, now + PeerUnsealRules.startWindow)
            set(policy, &changes)
        case .set(let settings): try setPeerUnsealing(settings, &changes)
        case .order(let order): try orderPeerUnsealing(order, &changes)
        case .vote(let id, let vote): try votePeerUnsealing(id, vote, &changes)
        }
    }

    /// The version that brought it has begun: whoever is a member now takes a first ticket.
    mutating func beginPeerUnsealing(_ changes: inout StateChanges) {
        set(PeerUnsealPolicy(settings: .initial), &changes)
        for node in memberRecords.keys.sorted() { beginContinuity(of: node, &changes) }
    }

    mutating func beginContinuity(of node: UInt64, _ changes: inout StateChanges) {
        guard peerUnsealPolicy != nil else { return }
        set(NodeContinuity(node: node, lastSeen: now, beginsUntil: now + PeerUnsealRules.beginning), &changes)
    }

    private mutating func set(_ policy: PeerUnsealPolicy, _ changes: inout StateChanges) {
        peerUnsealPolicy = policy
        changes.store(policy)
    }

    private mutating func set(_ continuity: NodeContinuity, _ changes: inout StateChanges) {
        continuities[continuity.node] = continuity
        changes.store(continuity)
    }

    // MARK: Tickets

    private mutating func grant(
        _ claim: UnsealClaim, by giver: UInt64, next: NodeContinuity.Ticket, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard memberRecords[giver] != nil else { throw .memberNotFound }
        guard PeerUnsealRules.isValid(claim), PeerUnsealRules.isValid(next) else { throw .invalidUnsealGrant }
        let basis = try basis(of: claim, at: now)
        guard var known = continuities[claim.node] else { throw .invalidUnsealGrant }
        known.lastSeen = now
        guard basis != .repetition else { return set(known, &changes) }
        // What the node has on its disk is what it has shown; the next one may not get there.
        switch claim.ticket {
        case .proven(let digest) where digest == known.ticket?.digest: known.former = known.ticket
        case .proven(let digest) where digest == known.former?.digest: break
        default:
            known.former = nil
            // No other ticket tells that the next one is only on its way. The beginning does, though it is over.
            if version >= .amendments, known.beginsUntil == 0 { known.beginsUntil = PeerUnsealRules.longOver }
        }
        (known.ticket, known.transcript, known.machine) = (next, claim.transcript, claim.machine)
        known.approval = nil
        set(known, &changes)
    }

    private mutating func renew(
        _ node: UInt64, _ ticket: NodeContinuity.Ticket, machine: [UInt8], _ changes: inout StateChanges
    ) throws(Refusal) {
        guard memberRecords[node]?.standing == .member else { throw .memberNotFound }
        guard PeerUnsealRules.isValid(ticket), machine.count == 32, var known = continuities[node] else {
            throw .invalidPeerUnsealing
        }
        // Its disk may have either: a third one would make that worthless.
        guard known.former == nil else { throw .ticketNotHeld }
        (known.former, known.ticket) = (known.ticket, ticket)
        (known.machine, known.lastSeen) = (machine, now)
        set(known, &changes)
    }

    private mutating func hold(_ node: UInt64, digest: [UInt8], _ changes: inout StateChanges) throws(Refusal) {
        guard var known = continuities[node] else { throw .memberNotFound }
        guard known.ticket?.digest == digest else { throw .unsealTicketStale }
        (known.former, known.beginsUntil, known.lastSeen) = (nil, 0, now)
        set(known, &changes)
    }

    private mutating func approveUnsealing(
        of node: UInt64, _ transcript: [UInt8], _ changes: inout StateChanges
    ) throws(Refusal) {
        guard let member = memberRecords[node], var known = continuities[node] else { throw .memberNotFound }
        guard member.standing == .member else { throw .nodeIsLeaving }
        guard peerUnsealPolicy?.settings.mode != .off else { throw .unsealByPeersOff }
        guard transcript.count == 32 else { throw .invalidPeerUnsealing }
        known.approval = UnsealApproval(transcript: transcript, expires: now + PeerUnsealRules.approval)
        set(known, &changes)
    }

    // MARK: Settings

    private mutating func setPeerUnsealing(
        _ settings: PeerUnsealSettings, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard settings.isValid, var policy = peerUnsealPolicy else { throw .invalidPeerUnsealing }
        guard settings.areNoLooser(than: policy.settings) else { throw .officersHaveToApprove }
        policy.settings = settings
        (policy.order, policy.approvals) = (nil, [])
        set(policy, &changes)
    }

    private mutating func orderPeerUnsealing(
        _ order: PeerUnsealOrder, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard order.id.count == 16, order.settings.isValid, order.expires > now,
            order.expires <= now + RootChangeRules.longestLife, var policy = peerUnsealPolicy
        else { throw .invalidPeerUnsealing }
        // Without officers in office there is nobody to approve.
        guard record?.phase == .activated, securityDomain != nil else { throw .notActivated }
        (policy.order, policy.approvals) = (order, [])
        set(policy, &changes)
    }

    /// There are other officers now: what the former ones have approved counts no more.
    mutating func dropPeerUnsealOrder(_ changes: inout StateChanges) {
        guard var policy = peerUnsealPolicy, policy.order != nil else { return }
        (policy.order, policy.approvals) = (nil, [])
        set(policy, &changes)
    }

    private mutating func votePeerUnsealing(
        _ id: [UInt8], _ vote: RootVote, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard var policy = peerUnsealPolicy, let order = policy.order, order.id == id else {
            throw .peerUnsealOrderNotFound
        }
        guard order.expires > now else { throw .peerUnsealOrderExpired }
        guard let domain = securityDomain, RootChangeRules.isValid(vote, officers: domain.officers.count) else {
            throw .invalidPeerUnsealing
        }
        if !policy.approvals.contains(where: { $0.officer == vote.officer }) {
            policy.approvals = RootChangeRules.ordered(policy.approvals + [vote])
        }
        if policy.approvals.count >= domain.required {
            policy.settings = order.settings
            (policy.order, policy.approvals) = (nil, [])
        }
        set(policy, &changes)
    }
}

/// Times, in seconds, and forms.
enum PeerUnsealRules {
    /// How long after it was let in a node's first unsealing needs neither ticket nor approval.
    static let beginning: Int64 = 3600
    /// The end of a beginning that is over whatever the time is. Not 0, which says that the node holds its ticket.
    static let longOver: Int64 = 1
    /// How long an approval is good for.
    static let approval: Int64 = 900
    /// How long, after officers have opened a node, the others may follow however long they were away.
    static let startWindow: Int64 = 900

    static func isValid(_ claim: UnsealClaim) -> Bool {
        guard claim.transcript.count == 32, claim.machine.count == 32 else { return false }
        if case .proven(let digest) = claim.ticket { return digest.count == 32 }
        return true
    }

    static func isValid(_ ticket: NodeContinuity.Ticket) -> Bool {
        ticket.nonce.count == 32 && ticket.digest.count == 32
    }
}
