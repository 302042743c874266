import NodeEnvironment
import Raft

/// How an output of Raft is carried out: in one order, everywhere.
///
/// 1. Term, vote and entries are written, atomically and durably. A failed write stops the node; a full disk holds it
///    here until there is room. A leader's entries leave first: its followers write them at the same time.
/// 2. Violations of the protocol are reported.
/// 3. Leases are taken over, and what the written entries touch; then messages are sent: they speak of what was
///    written, of leases that were dropped, and of reads that wait.
/// 4. Committed entries are applied, if the node is unsealed.
/// 5. Confirmed reads are matched with what is applied; lost ones are asked again. A snapshot that is offered is asked
///    for.
///
/// Then, once for the whole step: the view is published, which may bring another output, and waiting calls are
/// answered. Last, and not in every step, the applied rows are saved.
extension NodeDriver {
    /// Carries out what there is. Each output may bring another one, but no step goes on without an end: what is left
    /// after so many is for the next step, which is due at once.
    func drainOutput() {
        var rounds = 0
        while halted == nil, stalled == nil, rounds < Self.outputsPerStep, let output = raft.nextOutput() {
            rounds += 1
            carryOut(output)
        }
        isOutputLeft = rounds == Self.outputsPerStep
    }

    private static var outputsPerStep: Int { 64 }

    /// Tries again to carry out an output that found no room. False while it is still held.
    func resumeStalled() -> Bool {
        guard let output = stalled else { return true }
        guard now >= stalledUntil else { return false }
        stalled = nil
        carryOut(output, isRetry: true)
        return halted == nil && stalled == nil
    }

    /// - Parameter isRetry: What may leave before the write has left. To send it again would be a sign of life, and
    ///   keep the others from electing a leader that has room.
    private func carryOut(_ output: RaftOutput, isRetry: Bool = false) {
        #if PLANTED_FAULTS
            for message in output.messagesBeforePersist { send(message) }
        #endif
        let writtenTerm = storedTerm
        if !isRetry {
            for message in output.messages where message.mayPrecedeWrite(in: writtenTerm) { send(message) }
        }
        guard write(has(fault: .termAndVoteInTwoWrites) ? output.withoutVote : output) else { return }
        for violation in output.violations { environment.observer.alarm(.protocolViolation(violation)) }
        let hasIncoming = expect(output)
        // Not those of the output: a full disk may have held it while the clock was found wrong and they were dropped.
        if output.leases != nil { leases = raft.leases }
        if hasIncoming || output.leases != nil { publishReads() }
        for message in output.messages where !message.mayPrecedeWrite(in: writtenTerm) { send(message) }
        guard !has(fault: .termAndVoteInTwoWrites) || write(output.onlyVote) else { return }
        if let change = output.roleChange { roleChanged(change) }
        applyCommitted(output.committed)
        for read in output.readStates { reads.confirm(id: read.id, index: read.index) }
        for id in output.failedReads { reads.fail(id: id, now: now) }
        if let offer = output.snapshotOffered { offered(offer) }
    }

    /// Step 1. False if the output must not be carried out further now.
    private func write(_ output: RaftOutput) -> Bool {
        guard output.hardState != nil || output.truncateFrom != nil || !output.entries.isEmpty else { return true }
        do {
            try environment.storage.persist(
                hardState: output.hardState, truncateFrom: output.truncateFrom, entries: output.entries)
        } catch .full {
            if stalledUntil.nanoseconds == 0 || now.since(stalledUntil) > options.statusInterval {
                environment.observer.alarm(.storageFull)
            }
            stalled = output
            stalledUntil = now.advanced(by: options.refusalPause)
            return false
        } catch {
            halt(error)
            return false
        }
        if let hardState = output.hardState { storedTerm = hardState.term }
        if let last = output.entries.last { raft.persisted(through: last.index, term: last.term) }
        return true
    }

    private func send(_ message: RaftMessage) {
        environment.network.send(.raft(message), to: message.to)
    }

    private func roleChanged(_ change: RoleChange) {
        if change.role != .leader {
            for accepted in intake.clear() { refuse(accepted.proposal, reason: .notLeader(hint: change.leader)) }
            membership.lostLeadership(to: change.leader).map { completions.append($0) }
        }
        if change.leader != nil {
            submissions.leaderChanged(now: now)
            reads.leaderChanged()
        }
        environment.observer.roleChanged(change)
    }
}

extension RaftMessage {
    /// Whether it may leave before the output that holds it is written. A leader's entries need not be on its own disk
    /// then (Ongaro 2014, section 10.2.1): it counts itself only once they are. All else that an append speaks of is
    /// its term.
    ///
    /// - Parameter writtenTerm: The term that is on the disk.
    fileprivate func mayPrecedeWrite(in writtenTerm: Term) -> Bool {
        guard case .append = body else { return false }
        return term == writtenTerm
    }
}

/// The two halves of one write, for the bug that makes two of it.
extension RaftOutput {
    fileprivate var withoutVote: RaftOutput {
        var first = self
        first.hardState?.vote = nil
        return first
    }

    fileprivate var onlyVote: RaftOutput {
        var second = RaftOutput()
        if let hardState, hardState.vote != nil { second.hardState = hardState }
        return second
    }
}
