import NodeEnvironment
import PoolState
import Raft

/// Sealing, unsealing, and what a sealed node leaves to the others.
extension NodeDriver {
    // MARK: Unsealing

    func requestUnseal(
        _ authenticator: any StateAuthenticator, _ completion: @escaping (Result<LogIndex, UnsealRefusal>) -> Void
    ) {
        guard !isRemoved else { return completions.append { completion(.failure(.removed)) } }
        guard seal.isSealed, unsealRequest == nil else {
            return completions.append { completion(.failure(.alreadyUnsealed)) }
        }
        unsealRequest = UnsealRequest(authenticator: authenticator, completion: completion)
    }

    /// Checks everything that the node holds, then applies what is committed. Runs when all output of the step is
    /// written, so that nothing is applied that isn't in the log on disk.
    func performUnseal() {
        guard halted == nil, stalled == nil, let request = unsealRequest, case .sealed(let evidence) = seal else {
            return
        }
        unsealRequest = nil
        do {
            try unseal(from: evidence, authenticator: request.authenticator)
        } catch {
            if case .poolIsNewer(let version) = error { halt(.poolIsNewer(version, known: options.catalog.newest)) }
            completions.append { request.completion(.failure(error)) }
            return
        }
        // What is behind the stored state may be of a later version.
        guard halted == nil else { return completions.append { request.completion(.failure(.halted)) } }
        let index = applied.position.index
        completions.append { request.completion(.success(index)) }
        statusDue = now
    }

    func unseal(
        from evidence: SealState.Evidence, authenticator: any StateAuthenticator
    ) throws(UnsealRefusal) {
        let check = StoredStateCheck(authenticator: authenticator, raft: raft, newest: options.catalog.newest)
        var restored = applied
        if case .stored(let mark, let rows) = evidence { restored = try check.restored(mark: mark, rows: rows) }
        try check.checkLog(after: restored.position)
        applied = restored
        seal = .unsealed(authenticator)
        effects.addUnknown(through: restored.position.index)
        expectWholeLog()
        raft.setMayHoldLeases(true, now: now)
        if applied.position.index < raft.commitIndex {
            applyCommitted(raft.entries(from: applied.position.index + 1, to: raft.commitIndex))
        }
        membershipApplied()
    }

    // MARK: Sealing

    /// Forgets the keys. What was applied stays in memory, unread, for the next unsealing.
    func sealNow() {
        guard case .unsealed = seal else { return }
        publishApplied()
        save()
        seal = .sealed(.memory)
        published = nil
        publishReads()
        raft.setMayHoldLeases(false, now: now)
        decoded.clear()
        fetch.genuine = nil
        for accepted in intake.clear() { refuse(accepted.proposal, reason: .sealed) }
        giveUp(.sealed)
        statusDue = now
    }

    // MARK: Writing

    /// With what this node tags what it writes. Nil without the pool's keys: then it writes nothing.
    var writer: (any StateAuthenticator)? {
        if case .unsealed(let authenticator) = seal { return authenticator }
        #if PLANTED_FAULTS
            if has(fault: .writesWhileSealed) { return InventedTags() }
        #endif
        return nil
    }

    // MARK: Leadership

    /// A sealed node campaigns late where somebody unsealed could lead, and hands leadership on if it has it.
    func tendLeadership() {
        guard seal.isSealed, !has(fault: .writesWhileSealed) else { return raft.setMayLead(true) }
        let heirs = peers.unsealedVoters(of: raft.configuration, besides: id, now: now)
        raft.setMayLead(heirs.isEmpty)
        guard raft.role == .leader, let heir = heirs.first, now >= transferNotBefore else { return }
        transferNotBefore = now.advanced(by: options.retryInterval)
        raft.transferLeadership(to: heir, now: now)
    }

    // MARK: Entries from others

    /// The request as it may be fed to Raft: every entry in it that isn't in this log yet has a genuine tag. What comes
    /// before one that has not is taken, as it would be had it come alone; nil if there is nothing.
    ///
    /// Entries behind a previous entry that this log doesn't hold are left out, and those of a leader whose term is
    /// over. Raft answers such a request in the same way with and without them, and nothing unverified comes near the
    /// log.
    func verified(_ request: AppendRequest, in term: Term, from sender: NodeID) -> AppendRequest? {
        guard case .unsealed(let authenticator) = seal, !request.entries.isEmpty else { return request }
        guard term >= raft.term else { return request.withoutEntries }
        // What was cut off is committed, hence the same in the log of every leader since. A former one may have had
        // others, whose tags don't go with it.
        let start = max(request.prevIndex, raft.compactedIndex)
        guard start > request.prevIndex || raft.term(at: start) == request.prevTerm,
            var previous = raft.tag(at: start)
        else {
            return request.withoutEntries
        }
        var fresh = request.entries.drop { $0.index <= start }
        while let held = fresh.first, raft.term(at: held.index) == held.term, let tag = raft.tag(at: held.index) {
            previous = tag
            fresh.removeFirst()
        }
        let chain = EntryChain(authenticator: authenticator)
        if let forged = chain.firstForgery(in: fresh, after: previous), !has(fault: .entryTagsUnchecked) {
            environment.observer.alarm(.forgedEntry(from: sender, index: forged))
            let genuine = request.keepingEntries(before: forged)
            let isTaken = stampsAreCredible(fresh.prefix { $0.index < forged })
            return isTaken && !genuine.entries.isEmpty ? genuine : nil
        }
        guard stampsAreCredible(fresh) else { return nil }
        return request
    }

    /// An entry from far in the future would expire or purge things before their time. Old entries are just old.
    private func stampsAreCredible(_ entries: ArraySlice<LogEntry>) -> Bool {
        let here = environment.clock.unixMilliseconds()
        let latest = here.addingReportingOverflow(options.stampTolerance).partialValue
        for entry in entries {
            guard case .command(let bytes) = entry.payload, let envelope = try? ProposalEnvelope(decoding: bytes) else {
                continue
            }
            guard envelope.stampedAt > latest else {
                decoded.keep(envelope, index: entry.index, term: entry.term)
                continue
            }
            environment.observer.alarm(
                .stampRefused(proposer: NodeID(envelope.proposer), stampedAt: envelope.stampedAt, here: here))
            return false
        }
        return true
    }
}
