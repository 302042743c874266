import NodeEnvironment
import PoolState
import Raft

/// The way of a write: from the node that takes it to the leader, which judges it and puts it into the log.
extension NodeDriver {
    // MARK: At the node that answers the client

    func submit(_ command: PoolCommand, origin: ProposalOrigin, _ completion: @escaping SubmitCompletion) {
        guard writer != nil else { return completions.append { completion(.failure(.sealed)) } }
        guard !lacksRoom else { return completions.append { completion(.failure(.diskFull)) } }
        if let refusal = refusal(of: command) { return completions.append { completion(.failure(refusal)) } }
        guard let id = origin.proposalID.map(ProposalID.init) ?? .random(from: environment.random) else {
            // An id of another length than 16 is the caller's mistake: no leader would take it.
            return completions.append { completion(.failure(.timedOut(maybeApplied: false))) }
        }
        let envelope = ProposalEnvelope(
            proposalID: id.bytes, proposer: self.id.rawValue, principal: origin.principal,
            authentication: origin.authentication, stampedAt: environment.clock.unixMilliseconds(),
            command: command)
        guard submissions.add(id, command: envelope.encode(), now: now, completion) else {
            return completions.append { completion(.failure(.overloaded)) }
        }
    }

    /// Hands the writes that are due to whoever leads.
    func sendDueSubmissions() {
        guard let authenticator = writer else { return }
        for write in submissions.takeDue(now: now) {
            guard let leader = raft.leader else {
                submissions.postpone(write.id, now: now)
                continue
            }
            submissions.sent(write.id)
            let proof = leader == id ? [] : authenticator.proposalProof(
                proposer: id, proposalID: write.id.bytes, command: write.command)
            let proposal = ForwardedProposal(
                proposalID: write.id.bytes, proposer: id, command: write.command, proof: proof)
            if leader == id {
                receive(proposal, from: id)
            } else {
                environment.network.send(.forwardedProposal(proposal), to: leader)
            }
        }
    }

    /// Whoever was taken for the leader won't propose it.
    func refused(_ proposal: ProposalID, reason: ProposalRefusalReason) {
        switch reason {
        case .notLeader, .sealed, .commandTooNew:
            submissions.postpone(proposal, now: now)
        case .overloaded: answerRefused(proposal, .overloaded)
        case .clockSkew: answerRefused(proposal, .clockSkew)
        case .malformed: answerRefused(proposal, .timedOut(maybeApplied: false))
        }
    }

    private func answerRefused(_ proposal: ProposalID, _ reason: PoolUnavailable) {
        for completion in submissions.takeRefused(proposal) { completions.append { completion(.failure(reason)) } }
    }

    // MARK: At the leader

    func receive(_ proposal: ForwardedProposal, from sender: NodeID) {
        guard proposal.proposer == sender else {
            return environment.observer.alarm(.malformedProposal(from: sender))
        }
        if let reason = judge(proposal) { refuse(proposal, reason: reason) }
    }

    /// Takes a proposal to be put into the log at the end of the step, or says why not.
    private func judge(_ proposal: ForwardedProposal) -> ProposalRefusalReason? {
        guard raft.role == .leader, stalled == nil else {
            return .notLeader(hint: raft.role == .leader ? nil : raft.leader)
        }
        guard let authenticator = writer else { return .sealed }
        guard proposal.proposer == self.id || isProven(proposal, authenticator) else {
            environment.observer.alarm(.forgedProposal(from: proposal.proposer))
            return .malformed
        }
        // This node's own, too: an entry that nobody can decode would stop every node.
        guard let id = ProposalID(proposal.proposalID),
            let envelope = try? ProposalEnvelope(decoding: proposal.command), options.catalog.knows(envelope.command),
            envelope.proposalID == proposal.proposalID, envelope.proposer == proposal.proposer.rawValue
        else {
            environment.observer.alarm(.malformedProposal(from: proposal.proposer))
            return .malformed
        }
        if case .recoverPool = envelope.command {
            environment.observer.alarm(.malformedProposal(from: proposal.proposer))
            return .malformed
        }
        // The proposer may have applied more than this node.
        guard refusal(of: envelope.command) == nil else { return .commandTooNew }
        guard isRememberedIfApplied(by: proposal.proposer) else { return .notLeader(hint: self.id) }
        let here = environment.clock.unixMilliseconds()
        guard stampIsNear(envelope.stampedAt, here: here) else {
            environment.observer.alarm(
                .stampRefused(proposer: proposal.proposer, stampedAt: envelope.stampedAt, here: here))
            return .clockSkew
        }
        return intake.take(proposal, envelope, id: id, now: now)
    }

    /// Whether an unsealed member has made the proposal. A member's identity alone is not enough: a sealed node has it.
    private func isProven(_ proposal: ForwardedProposal, _ authenticator: any StateAuthenticator) -> Bool {
        if has(fault: .proposalProofUnchecked) { return true }
        let proof = authenticator.proposalProof(
            proposer: proposal.proposer, proposalID: proposal.proposalID, command: proposal.command)
        // Without keys there is no proof, and nothing is equal to none.
        return !proof.isEmpty && authenticator.tagsAreEqual(proof, proposal.proof)
    }

    /// Whether a write that still waits at `proposer`, and may be in the log already, will be recognised if it is put
    /// there again. It waits only while its node hasn't applied it, so if it was applied, then behind what the node is
    /// known to have applied. One that is farther behind than proposals are remembered has to catch up first, and asks
    /// again: else an old write could undo what was acknowledged since.
    private func isRememberedIfApplied(by proposer: NodeID) -> Bool {
        let applied = proposer == self.id ? applied.position.index : peers.appliedIndex(of: proposer)
        return raft.lastIndex + UInt64(intake.waiting) < applied + PoolState.proposalsRemembered
    }

    /// A stamp far from the clock could purge, expire or rotate something long before its time.
    private func stampIsNear(_ stamp: Int64, here: Int64) -> Bool {
        let (difference, overflow) = stamp.subtractingReportingOverflow(here)
        return !overflow && difference.magnitude <= UInt64(options.stampTolerance)
    }

    func refuse(_ proposal: ForwardedProposal, reason: ProposalRefusalReason) {
        if reason.isFinal, applied.state.outcome(ofProposal: proposal.proposalID) != nil {
            // The message came twice. To call a write refused that has been applied would be a lie.
            return
        }
        if proposal.proposer == id {
            if let id = ProposalID(proposal.proposalID) { refused(id, reason: reason) }
        } else {
            environment.network.send(
                .proposalRefused(proposalID: proposal.proposalID, reason: reason), to: proposal.proposer)
        }
    }

    /// Puts everything that was taken into the log, each entry with its tag, if its time has come.
    func proposeQueued() {
        guard raft.role == .leader, let authenticator = writer else { return }
        let chain = EntryChain(authenticator: authenticator)
        let isIdle = raft.commitIndex == raft.lastIndex
        let isDue = now >= intake.due(isIdle: isIdle, interval: options.gatheringInterval)
        for accepted in isDue ? intake.takeQueue(now: now) : [] {
            if let refusal = propose(.command(accepted.proposal.command), chain: chain) {
                intake.forget(accepted.id)
                refuse(accepted.proposal, reason: Self.reason(for: refusal))
            } else {
                decoded.keep(accepted.envelope, index: raft.lastIndex, term: raft.term)
            }
        }
        proposeMembership(chain: chain)
    }

    /// Proposes one entry; nil if it stands in the log.
    func propose(_ payload: EntryPayload, chain: EntryChain) -> ProposalRefusal? {
        let tag = chain.tag(of: payload, term: raft.term, index: raft.lastIndex + 1, previous: raft.lastTag)
        switch raft.propose(payload, tag: tag) {
        case .success: return nil
        case .failure(let refusal): return refusal
        }
    }

    private static func reason(for refusal: ProposalRefusal) -> ProposalRefusalReason {
        switch refusal {
        case .notLeader(let leader): .notLeader(hint: leader)
        case .transferring(let target): .notLeader(hint: target)
        case .overloaded, .configurationChangePending, .invalidConfiguration: .overloaded
        }
    }
}

extension ProposalRefusalReason {
    /// Whether the proposer gives the write up for it; else it asks again.
    fileprivate var isFinal: Bool {
        switch self {
        case .notLeader, .sealed, .commandTooNew: false
        case .clockSkew, .overloaded, .malformed: true
        }
    }
}
