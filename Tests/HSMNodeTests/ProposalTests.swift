import HSMNode
import NodeEnvironment
@testable import PoolSimulator
import PoolState
import Raft
import Testing

/// A write is answered exactly once, on the node that took it, with what the log makes of it.
@Suite struct ProposalTests {
    @Test func everyNodeTakesWrites() throws {
        let bench = try Bench.running()
        for number in 0..<3 {
            let write = bench.submit(Write.assign(number), at: number)
            try bench.run(until: "the answer") { !write.list.isEmpty }
            let committed = try #require(try? write.list[0].get())
            #expect(committed.outcome == .applied)
            #expect(committed.view.isAssigned(number) && committed.view.appliedIndex == committed.index)
        }
        try bench.settle()
        #expect(bench.checker.violation == nil)
        for number in 0..<3 { #expect((0..<3).allSatisfy(bench[number].views.last?.isAssigned ?? { _ in false })) }
    }

    /// What is published with it may undo it: the answer tells of the state as the write left it.
    @Test func anAnswerShowsNothingOfLaterWrites() throws {
        let bench = try Bench.running()
        let writes = (0..<3).map { bench.submit(Write.assign($0), at: 1) }
        bench.run(100)
        for (number, write) in writes.enumerated() {
            let committed = try #require(try? write.list[0].get())
            #expect(committed.view.appliedIndex == committed.index)
            #expect((0..<3).map(committed.view.isAssigned) == (0..<3).map { $0 <= number })
        }
    }

    @Test func aRefusedCommandIsAnsweredAsRefused() throws {
        let bench = try Bench.running()
        let writes = [bench.submit(Write.assign(0), at: 1), bench.submit(Write.assign(0), at: 1)]
        bench.run(100)
        #expect(writes[0].outcome == .applied)
        #expect(writes[1].outcome == .refused(.roleAssignmentExists))
    }

    /// All disks work at the same time. The leader counts itself only when its own has the entry.
    @Test func entriesLeaveBeforeTheLeaderHasWrittenThem() throws {
        let bench = try Bench.running()
        let id = bench.newID()
        bench[0].disk.refusals = .max
        let write = bench.submit(Write.assign(0), at: 0, id: id)
        bench.run(5)
        #expect((0..<3).map { bench.copies(of: id, on: $0) } == [0, 1, 1])
        #expect(write.list.isEmpty && bench[0].standing?.isStalled == true)
        // Those who have it commit it without the one whose disk is full.
        try bench.run(until: "another leader") { bench.leader.map { $0 != 0 } ?? false }
        bench[0].disk.refusals = 0
        try bench.settle()
        #expect((0..<3).map { bench.copies(of: id, on: $0) } == [1, 1, 1])
        #expect(bench[2].views.last?.isAssigned(0) == true)
        #expect(bench.checker.violation == nil)
    }

    /// The old leader's entry survives it: the successor commits it, and the node that waits is told.
    @Test func aWriteOutlivesItsLeader() throws {
        let bench = try Bench.running()
        let id = bench.newID()
        bench.route = { $0.to == 0 && $0.message.isAppendResponse ? .lose : .deliver }
        let write = bench.submit(Write.rotate(to: 1), at: 1, id: id)
        try bench.run(until: "the entry") { bench.copies(of: id, on: 1) == 1 && bench.copies(of: id, on: 2) == 1 }
        #expect(write.list.isEmpty)
        bench.cut = [0]
        try bench.run(until: "the answer") { !write.list.isEmpty }
        bench.cut = []
        bench.release()
        try bench.settle()
        bench.run(1_000)
        #expect(write.outcome == .applied)
        for number in 0..<3 { #expect(bench[number].views.last?.generation == 1) }
        #expect(bench.checker.violation == nil)
    }

    /// The old leader's entry dies with it: the node that waits sends the write to the successor.
    @Test func aWriteLostWithItsLeaderIsSentAgain() throws {
        let bench = try Bench.running()
        let id = bench.newID()
        bench.route = { $0.from == 0 && !$0.entries.isEmpty ? .lose : .deliver }
        let write = bench.submit(Write.rotate(to: 1), at: 1, id: id)
        try bench.run(until: "the entry") { bench.copies(of: id, on: 0) == 1 }
        bench.cut = [0]
        bench.release()
        try bench.run(until: "the answer") { !write.list.isEmpty }
        bench.cut = []
        try bench.settle()
        bench.run(1_000)
        #expect(write.outcome == .applied)
        for number in 0..<3 {
            #expect(bench.copies(of: id, on: number) == 1)
            #expect(bench[number].views.last?.generation == 1)
        }
        #expect(bench.checker.violation == nil)
    }

    @Test func anIDIsAppliedOnceWhereverItIsSubmitted() throws {
        let bench = try Bench.running()
        let id = bench.newID()
        let together = [
            bench.submit(Write.rotate(to: 1), at: 1, id: id), bench.submit(Write.rotate(to: 1), at: 1, id: id),
            bench.submit(Write.rotate(to: 1), at: 2, id: id),
        ]
        bench.run(100)
        let later = bench.submit(Write.rotate(to: 1), at: 0, id: id)
        bench.run(100)
        for write in together + [later] { #expect(write.outcome == .applied) }
        #expect(bench[0].views.last?.generation == 1)
        let another = bench.submit(Write.rotate(to: 1), at: 0)
        bench.run(100)
        #expect(another.outcome == .refused(.credentialGenerationMismatch))
    }

    @Test func aMessageThatComesTwiceMakesOneEntry() throws {
        let bench = try Bench.running()
        let id = bench.newID()
        bench.route = { letter in
            if case .forwardedProposal = letter.message {
                bench.inject(letter.message, from: letter.from, to: letter.to)
            }
            return .deliver
        }
        let write = bench.submit(Write.assign(0), at: 1, id: id)
        try bench.run(until: "the answer") { !write.list.isEmpty }
        #expect(bench.copies(of: id, on: 0) == 1)
    }

    /// The second copy comes when the leader is busy and has long forgotten the first one.
    @Test func aRepeatedMessageDoesNotRefuseWhatWasApplied() throws {
        let bench = try Bench.running { $0.maximumProposalsInFlight = 1 }
        var copy: PeerMessage?
        bench.route = { letter in
            if case .forwardedProposal = letter.message { copy = letter.message }
            // Node 1 hears of nothing that is committed.
            return letter.from == 0 && letter.to == 1 && letter.message.isAppend ? .hold : .deliver
        }
        let write = bench.submit(Write.assign(0), at: 1)
        try bench.run(until: "the leader's view") { bench[0].views.last?.isAssigned(0) == true }
        bench.route = { $0.message.isAppend || $0.message.isAppendResponse ? .hold : .deliver }
        let other = bench.submit(Write.assign(1), at: 0)
        bench.run(5)
        bench.inject(try #require(copy), from: 1, to: 0)
        bench.run(5)
        #expect(write.list.isEmpty && other.list.isEmpty)
        bench.release()
        try bench.run(until: "the answers") { !write.list.isEmpty && !other.list.isEmpty }
        #expect(write.outcome == .applied && other.outcome == .applied)
    }

    /// Its first copy is so far back in the log that the pool has forgotten the id: put there once more, it would undo
    /// what was acknowledged since.
    @Test func aWriteOfANodeFarBehindIsNotAppliedAgain() throws {
        let bench = try Bench.running { $0.submitTimeout = 60_000_000_000 }
        try bench.makeKey()
        let first = bench.submit(Write.enable(false), at: 0)
        try bench.run(until: "the first answer") { first.outcome == .applied }
        // Node 1 is heard, and hears nothing.
        bench.route = { $0.to == 1 ? .lose : .deliver }
        let id = bench.newID()
        let write = bench.submit(Write.enable(true), at: 1, id: id)
        try bench.run(until: "the write") { bench[0].views.last?.isKeyEnabled == true }
        for _ in 0...PoolState.proposalsRemembered / 1_000 {
            let others = (0..<1_000).map { _ in bench.submit(Write.enable(false), at: 0) }
            try bench.run(until: "other answers") { others.allSatisfy { $0.outcome == .applied } }
        }
        // It learns who leads, and sends its write again before it has caught up.
        bench.route = { $0.to == 1 && !$0.entries.isEmpty ? .lose : .deliver }
        bench.run(1_500)
        #expect(write.list.isEmpty && bench.copies(of: id, on: 0) == 1)
        var largest = 0
        bench.route = { letter in
            largest = max(largest, letter.entries.count)
            return .deliver
        }
        try bench.run(until: "the answer") { !write.list.isEmpty }
        try bench.settle()
        bench.run(1_000)
        #expect(write.outcome == .applied)
        for number in 0..<3 {
            #expect(bench.copies(of: id, on: number) == 1)
            #expect(bench[number].views.last?.isKeyEnabled == false)
        }
        #expect(largest == Raft.Options(id: NodeID(1), randomSeed: 1).maxEntriesPerMessage)
        #expect(bench.checker.violation == nil)
        let next = bench.submit(Write.enable(true), at: 1)
        try bench.run(until: "the next answer") { next.outcome == .applied }
    }

    // MARK: No answer

    @Test func aWriteThatNobodyWasSentHasNotHappened() throws {
        let bench = try Bench.running { $0.submitTimeout = 300_000_000 }
        bench.cut = [1]
        try bench.run(until: "a node without a leader") { bench[1].standing?.leader == nil }
        let write = bench.submit(Write.assign(0), at: 1)
        bench.run(290)
        #expect(write.list.isEmpty)
        bench.run(50)
        #expect(write.refusal == .noLeader)
        bench.cut = []
        try bench.settle()
        bench.run(1_000)
        #expect(bench[1].views.last?.isAssigned(0) == false)
        #expect(write.list.count == 1)
    }

    @Test func aWriteThatWasSentMayHaveHappened() throws {
        let bench = try Bench.running { $0.submitTimeout = 300_000_000 }
        bench.cut = [0]
        let write = bench.submit(Write.assign(0), at: 0)
        try bench.run(until: "the answer") { !write.list.isEmpty }
        #expect(write.refusal == .timedOut(maybeApplied: true))
        bench.cut = []
        try bench.settle()
        #expect(write.list.count == 1)
    }

    @Test func aNodeThatStopsAnswersEveryCall() throws {
        let bench = try Bench.running()
        bench.cut = [1]
        let sent = bench.submit(Write.assign(0), at: 1)
        bench.run(2)
        try bench.run(until: "a node without a leader") { bench[1].standing?.leader == nil }
        let unsent = bench.submit(Write.assign(1), at: 1)
        let read = bench.read(at: 1)
        bench.run(2)
        bench[1].stop()
        #expect(sent.refusal == .timedOut(maybeApplied: true))
        #expect(unsent.refusal == .shuttingDown && read.refusal == .shuttingDown)
        let late = (bench.submit(Write.assign(2), at: 1), bench.read(at: 1), bench.unseal(1))
        bench.run(2)
        #expect(late.0.refusal == .shuttingDown && late.1.refusal == .shuttingDown && late.2.refusal == .halted)
        #expect(bench[1].driver?.halted == .stopped && bench[1].driver?.nextDeadline == .distantFuture)
    }

    /// A change of the members and a recovery, which a full disk holds up. A node that was sealed can be recovered.
    @Test(arguments: [false, true]) func aNodeThatStopsAnswersWhatItsDiskHoldsUp(seals: Bool) throws {
        let bench = try Bench.running()
        bench[0].disk.refusals = .max
        _ = bench.submit(Write.assign(0), at: 0)
        bench.run(2)
        #expect(bench[0].standing?.isStalled == true)
        let change = Answers<ProposalRefusal?>()
        let recovery = Answers<Result<LogIndex, PoolRecoveryRefusal>>()
        let keys = SimulatedAuthenticator(key: 1)
        bench[0].inbox.append(
            .changeMembers(voters: [NodeID(1)], learners: [], completion: { change.list.append($0) }))
        bench[0].inbox.append(
            .recover(PoolRecoveryRequest(former: keys, next: keys, epoch: 2)) { recovery.list.append($0) })
        bench.run(2)
        #expect(change.list.isEmpty && recovery.list.isEmpty)
        if seals { bench.seal(0) }
        bench.run(2)
        #expect(change.list.count == (seals ? 1 : 0) && recovery.list.isEmpty)
        bench[0].stop()
        #expect(change.list == [.notLeader(leader: nil)] && recovery.list == [.failure(.halted)])
    }

    // MARK: Applied, and no room to save it

    /// The log has what the rows are made from: who waits for the write need not wait for them.
    @Test func aWriteIsAnsweredBeforeItsRowsAreStored() throws {
        let bench = try Bench.running()
        try bench.makeKey()
        let write = try appliedWithoutRoom(bench, Write.enable(false))
        #expect(write.list.count == 1)
        #expect(bench[0].alarms.contains(.storageFull))
        #expect(bench[0].views.last?.isKeyEnabled == false)
    }

    @Test func aWriteThatFindsNoRoomIsAnsweredInTime() throws {
        let bench = try Bench.running { $0.submitTimeout = 300_000_000 }
        try bench.activate()
        let write = try appliedWithoutRoom(bench, Write.createKey)
        #expect(write.list.isEmpty)
        bench.run(350)
        #expect(write.refusal == .timedOut(maybeApplied: true))
        #expect(bench[0].alarms.contains(.storageFull))
        #expect(bench[0].views.last?.hasKey == false)
        bench[0].disk.refusals = 0
        try bench.settle()
        #expect(bench[0].views.last?.hasKey == true)
        #expect(write.list.count == 1)
    }

    /// Nothing but the next attempt is due then, however long ago a word to the others was.
    @Test func aNodeWhoseDiskIsFullSleepsBetweenAttempts() throws {
        let bench = try Bench.running()
        bench[0].disk.refusals = .max
        _ = bench.submit(Write.assign(0), at: 0)
        bench.run(400)
        let driver = try #require(bench[0].driver)
        #expect(driver.standing.isStalled && driver.nextDeadline > bench[0].clock.now())
    }

    /// Who asks is told at once, and can ask another node.
    @Test func aNodeWhoseDiskIsFullSaysSo() throws {
        let bench = try Bench.running()
        bench[1].disk.refusals = .max
        _ = bench.submit(Write.assign(0), at: 0)
        bench.run(5)
        #expect(bench[1].standing?.isStalled == true)
        let (write, read) = (bench.submit(Write.assign(1), at: 1), bench.read(at: 1))
        bench.run(2)
        #expect(write.refusal == .diskFull && read.refusal == .diskFull)
        bench[1].disk.refusals = 0
        try bench.settle()
        let next = bench.submit(Write.assign(1), at: 1)
        try bench.run(until: "the answer") { next.outcome == .applied }
    }

    /// The log has room, and the state has none.
    @Test func aNodeThatCanSaveNothingSaysSo() throws {
        let bench = try Bench.running()
        try bench.activate()
        let storage = try #require(bench[1].storage)
        storage.refusesSaving = true
        let first = bench.submit(Write.createKey, at: 0)
        try bench.run(until: "the answer") { first.outcome != nil }
        bench.run(10)
        #expect(bench[1].standing?.isStalled == false && bench[1].views.last?.hasKey == false)
        let write = bench.submit(Write.assign(1), at: 1)
        bench.run(2)
        #expect(write.refusal == .diskFull)
        storage.refusesSaving = false
        try bench.settle()
        let next = bench.submit(Write.assign(1), at: 1)
        try bench.run(until: "the next answer") { next.outcome == .applied }
    }

    /// Each attempt hashes and writes all that has gathered.
    @Test func savingWithoutRoomIsTriedAgainAfterAPause() throws {
        let bench = try Bench.running { $0.refusalPause = 5_000_000 }
        try bench.activate()
        let storage = try #require(bench[1].storage)
        storage.refusesSaving = true
        _ = bench.submit(Write.createKey, at: 0)
        try bench.run(until: "the first attempt") { bench[1].alarms.contains(.storageFull) }
        // A step each millisecond, an attempt every fifth of them.
        let before = storage.savings
        bench.run(100)
        #expect(storage.savings == before + 20)
        storage.refusesSaving = false
        bench.run(5)
        #expect(bench[1].views.last?.hasKey == true)
        #expect(bench[1].alarms.count { $0 == .storageFull } == 1)
    }

    @Test(arguments: [false, true]) func aWriteThatFindsNoRoomIsAnsweredAtTheEnd(seals: Bool) throws {
        let bench = try Bench.running()
        try bench.activate()
        let write = try appliedWithoutRoom(bench, Write.createKey)
        #expect(write.list.isEmpty)
        if seals { bench.seal(0) } else { bench[0].stop() }
        bench.run(2)
        #expect(write.refusal == .timedOut(maybeApplied: true))
        bench[0].disk.refusals = 0
        bench.unseal(0)
        bench.run(100)
        #expect(write.list.count == 1)
    }

    /// A write at the leader that is committed and applied, while its disk takes nothing any more.
    private func appliedWithoutRoom(
        _ bench: Bench, _ command: PoolCommand
    ) throws -> Answers<Result<Committed, PoolUnavailable>> {
        let id = bench.newID()
        let write = bench.submit(command, at: 0, id: id)
        try bench.run(until: "the entry") { bench.copies(of: id, on: 0) == 1 }
        bench[0].disk.refusals = .max
        bench.run(100)
        return write
    }
}
