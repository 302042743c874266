@testable import Raft
import Testing

/// What holders and leaders do with leases beside what `LeaseScenario` says.
@Suite struct LeaseTests {
    private func request(_ counter: UInt64, process: UInt64 = 7) -> LeaseRequestID {
        LeaseRequestID(process: process, counter: counter)
    }

    // MARK: Giving up

    @Test func aSurrenderEndsWhatItNames() throws {
        for (surrendered, ends) in [(request(1), true), (request(0), false), (request(1, process: 8), false)] {
            var node = try OneNode.leasingLeader()
            #expect(node.lend(to: 3, request(1)).count == 1)
            let index = node.write()
            #expect(node.raft.releasedIndex == index - 1)
            node.receive(.lease(.surrender(surrendered)), from: 3, term: node.raft.term)
            #expect((node.raft.releasedIndex == index) == ends)
        }
    }

    @Test func aSurrenderDoesNotEndWhatAnEarlierLeaderGranted() throws {
        var node = try OneNode.leasing()
        node.lead()
        node.accept(from: 2)
        _ = node.report(from: 2)
        #expect(node.raft.releasedIndex == 0)
        node.receive(.lease(.surrender(request(.max))), from: 3, term: node.raft.term)
        #expect(node.raft.releasedIndex == 0)
    }

    @Test func aNewProcessThatIsProvedLaterEndsTheLeasesOfTheOldOne() throws {
        var node = try OneNode.leasingLeader()
        #expect(node.lend(to: 3, request(1)).count == 1)
        let index = node.write()
        node.beat(from: [2])
        node.report(from: 3, published: 0, request: request(1, process: 8))
        #expect(node.raft.releasedIndex == index)
    }

    /// Its request may have been under way since before the process that holds the lease was started.
    @Test func anOldProcessThatComesLateEndsNothing() throws {
        var node = try OneNode.leasingLeader()
        let old = node.round
        node.beat()
        #expect(node.lend(to: 3, request(1)).count == 1)
        let index = node.write()
        node.report(from: 3, round: old, published: 0, request: request(1, process: 6))
        node.beat(from: [2])
        #expect(node.raft.releasedIndex == index - 1)
        // Nor can it make the lease end by a surrender: the booking is merged, and runs out.
        node.receive(.lease(.surrender(request(9, process: 6))), from: 3, term: node.raft.term)
        #expect(node.raft.releasedIndex == index - 1)
    }

    @Test func aHolderDropsFirstAndSaysSoAfterwards() throws {
        var node = try OneNode.leasing(log: [1], term: 4)
        let asked = try node.ask(round: 1)
        node.receive(grant: asked, floor: 1, leaderClock: 50)
        node.clock += 40
        let open = try node.ask(round: 2)
        node.raft.setMayHoldLeases(false, now: node.now)
        let output = node.take()
        #expect(output.leases == LeaseHolder())
        #expect(output.leaseMessages == [.surrender(open)])
        // What is under way has no effect, and nothing is asked any more.
        node.receive(grant: open, floor: 1, leaderClock: 90)
        #expect(node.raft.leases.newest == nil)
        node.clock += 40
        #expect(node.heartbeat(round: 3) == nil)
        node.raft.setMayHoldLeases(true, now: node.now)
        node.clock += 40
        let next = try node.ask(round: 4)
        #expect(next.counter == open.counter + 1)
    }

    /// Members of the pool before may hold leases, and no configuration names them: nobody's word shortens the wait.
    @Test(arguments: [false, true]) func behindALostQuorumFormerLeasesRunOutFirst(follows: Bool) throws {
        var node = try OneNode.leasing(voters: 1) { $0.followsLostQuorum = follows }
        node.lead(votes: [])
        _ = node.take()
        node.raft.published(through: node.raft.appliedIndex)
        #expect(node.raft.role == .leader && node.raft.commitIndex == 1)
        #expect(node.raft.releasedIndex == (follows ? 0 : 1))
        _ = node.pass(milliseconds: OneNode.booked - 2)
        #expect(node.raft.releasedIndex == (follows ? 0 : 1))
        #expect(!follows || node.raft.nextDeadline <= node.now.advanced(by: 2_000_000))
        _ = node.pass(milliseconds: 2)
        #expect(node.raft.releasedIndex == 1)
    }

    /// A new leader would wait for what its predecessor may have granted, had it granted anything.
    @Test func whereThePoolReadsByRoundsNobodyIsWaitedFor() throws {
        var node = try OneNode.leasing()
        node.lead()
        node.accept(from: 2)
        _ = node.report(from: 2)
        #expect(node.raft.releasedIndex == 0 && node.raft.commitIndex > 0)
        node.raft.forgoLeases(now: node.now)
        #expect(node.raft.releasedIndex == node.raft.commitIndex)
        #expect(node.raft.leases == LeaseHolder())
        // It grants none, and asks for none as a follower.
        #expect(node.lend(to: 3, request(1)).isEmpty)
        var follower = try OneNode.leasing(log: [1], term: 4)
        follower.raft.forgoLeases(now: follower.now)
        #expect(follower.heartbeat(round: 1) == nil)
    }

    @Test func aHolderThatForgoesLeasesDropsIts() throws {
        var node = try OneNode.leasing(log: [1], term: 4)
        let asked = try node.ask(round: 1)
        node.receive(grant: asked, floor: 1, leaderClock: 50)
        #expect(node.raft.leases.newest != nil)
        node.raft.forgoLeases(now: node.now)
        #expect(node.take().leases == LeaseHolder())
    }

    @Test func aBoundCountsFromTheEndOfTheGrantThatCoversTheView() {
        var holder = LeaseHolder()
        holder.add(ReadGrant(floor: 5, end: Instant(nanoseconds: 100)), published: 5)
        holder.add(ReadGrant(floor: 9, end: Instant(nanoseconds: 200)), published: 5)
        func serves(_ view: LogIndex, at now: UInt64, staleness: Nanoseconds) -> Bool {
            holder.serves(viewIndex: view, now: Instant(nanoseconds: now), staleness: staleness)
        }
        #expect(serves(5, at: 149, staleness: 50) && !serves(5, at: 150, staleness: 50))
        #expect(serves(9, at: 249, staleness: 50) && !serves(9, at: 250, staleness: 50))
        #expect(!serves(4, at: 90, staleness: 50) && !serves(5, at: 100, staleness: 0))
    }

    @Test func aLeaderGivesUpItsOwn() throws {
        var node = try OneNode.leasingLeader()
        #expect(node.raft.leases.serves(viewIndex: node.raft.commitIndex, now: node.now))
        let index = node.raft.lastIndex + 1
        _ = node.raft.propose(.command([1]), tag: [])
        // Its own view lags behind.
        let response = AppendResponse(outcome: .accepted(matchIndex: index), round: 1, published: index)
        _ = node.take()
        for peer in [2, 3] as [UInt64] { node.receive(.appendResponse(response), from: peer, term: node.raft.term) }
        #expect(node.raft.commitIndex == index)
        #expect(node.raft.releasedIndex == index - 1)
        node.raft.setMayHoldLeases(false, now: node.now)
        #expect(node.take().released == index)
        #expect(node.raft.leases == LeaseHolder())
    }

    // MARK: Clocks

    @Test func aHolderWhoseClockStoodStillDropsItsLeases() throws {
        var node = try OneNode.leasing(log: [1], term: 4)
        let first = try node.ask(round: 1)
        node.receive(grant: first, floor: 1, leaderClock: 5000)
        node.clock += 100
        let second = try node.ask(round: 2)
        // 122 ms may pass there while 100 pass here, and not a second.
        node.receive(grant: second, floor: 1, leaderClock: 5122)
        #expect(node.raft.leases.newest != nil)
        node.clock += 100
        let third = try node.ask(round: 3)
        node.receive(grant: third, floor: 1, leaderClock: 6122)
        #expect(node.raft.leases == LeaseHolder())
        #expect(node.take().leaseMessages == [])
    }

    @Test func clocksAreCompared() {
        let parameters = LeaseParameters()
        func reading(_ milliseconds: UInt64, raw: UInt64, pause: UInt64 = 0) -> ClockCheck.Reading {
            ClockCheck.Reading(
                rawBefore: Instant(nanoseconds: raw * 1_000_000),
                lease: Instant(nanoseconds: milliseconds * 1_000_000),
                rawAfter: Instant(nanoseconds: (raw + pause) * 1_000_000))
        }
        func verdict(_ advance: UInt64, raw: UInt64, pause: UInt64 = 0) -> ClockCheck.Verdict {
            ClockCheck.compare(reading(500, raw: 10), reading(500 + advance, raw: 10 + raw, pause: pause), parameters)
        }
        #expect(verdict(1000, raw: 1000) == .good)
        #expect(verdict(900, raw: 1000) == .good)
        #expect(verdict(1100, raw: 1000) == .good)
        #expect(verdict(899, raw: 1000) == .slow)
        #expect(verdict(1101, raw: 1000) == .fast)
        #expect(verdict(0, raw: 1000) == .slow)
        // A pause between the readings of one sample accuses nobody.
        #expect(verdict(1101, raw: 1000, pause: 5) == .good)
    }

    @Test func aClockThatIsNotTrustedCountsForNothingThatItMeasured() throws {
        var node = try OneNode.leasingLeader()
        let index = node.write()
        #expect(node.raft.releasedIndex == index)
        node.raft.distrustClock(now: node.now)
        _ = node.take()
        let next = node.write()
        #expect(node.raft.commitIndex == next)
        #expect(node.raft.releasedIndex == index)
        node.report(from: 3)
        #expect(node.raft.releasedIndex == next)
        var elector = try OneNode.leasing()
        elector.clock += 500
        elector.raft.distrustClock(now: elector.now)
        #expect(elector.voteAge(for: 2, term: 5) == 0)
    }

    @Test func parametersAreThoseOfTheTable() {
        var parameters = LeaseParameters()
        #expect(parameters.bookedLength == 916_666_667)
        parameters.clockError = 0
        #expect(parameters.bookedLength == parameters.length)
        parameters.clockError = 100
        #expect(throws: RaftError.invalidOptions) { try OneNode { $0.leases = parameters } }
    }

    // MARK: Holding

    @Test func twoGrantsAreKeptAndNeverMixed() {
        func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds) }
        var holder = LeaseHolder()
        holder.add(ReadGrant(floor: 5, end: at(100)), published: 5)
        holder.add(ReadGrant(floor: 9, end: at(200)), published: 5)
        #expect(holder.serves(viewIndex: 5, now: at(99)))
        #expect(!holder.serves(viewIndex: 5, now: at(100)))
        #expect(!holder.serves(viewIndex: 8, now: at(150)))
        #expect(holder.serves(viewIndex: 9, now: at(199)))
        // One that nothing here can use yet does not displace the one in use.
        holder.add(ReadGrant(floor: 12, end: at(300)), published: 5)
        #expect(holder.serves(viewIndex: 5, now: at(99)))
        #expect(!holder.serves(viewIndex: 9, now: at(150)))
        // A late one does not displace a better one.
        holder.add(ReadGrant(floor: 4, end: at(50)), published: 5)
        #expect(holder.serves(viewIndex: 5, now: at(99)))
    }

    @Test func neitherAVoteNorATermEndsALease() throws {
        var node = try OneNode.leasing(log: [1], term: 4)
        let asked = try node.ask(round: 1)
        node.receive(grant: asked, floor: 1, leaderClock: 50)
        let held = node.raft.leases
        #expect(node.voteAge(for: 3, term: 5) == 0)
        #expect(node.raft.leases == held)
    }

    @Test func aDeposedLeadersGrantIsIgnored() throws {
        var node = try OneNode.leasing(log: [1], term: 4)
        let asked = try node.ask(round: 1)
        _ = node.voteAge(for: 3, term: 5)
        node.receive(grant: asked, floor: 1, leaderClock: 50)
        #expect(node.raft.leases.newest == nil)
    }

    @Test func processesDiffer() throws {
        var processes: Set<UInt64> = []
        for seed in 1...20 as ClosedRange<UInt64> {
            var node = try OneNode.leasing(log: [1], term: 4) { $0.randomSeed = seed }
            processes.insert(try node.ask(round: 1).process)
        }
        #expect(processes.count == 20)
    }

    // MARK: Discipline

    @Test func aHolderThatDoesNotApplyIsSuspendedForLongerEachTime() {
        let unit: Nanoseconds = 750_000_000
        var discipline = HolderDiscipline()
        var clock: UInt64 = 1_000_000_000
        func now() -> Instant { Instant(nanoseconds: clock) }
        #expect(discipline.isSuspended(at: now()))
        discipline.watch(isInSync: true, isBooked: false, now: now(), unit: unit)
        #expect(!discipline.isSuspended(at: now()))
        for pause in [unit, 2 * unit, 4 * unit, 8 * unit, 16 * unit, 32 * unit, 64 * unit, 60_000_000_000] {
            discipline.watch(isInSync: false, isBooked: true, now: now(), unit: unit)
            discipline.watch(isInSync: false, isBooked: true, now: now(), unit: unit)
            #expect(discipline.isSuspended(at: now()))
            clock += 1
            discipline.watch(isInSync: true, isBooked: false, now: now(), unit: unit)
            clock += pause - 1
            #expect(discipline.isSuspended(at: now()))
            clock += 1
            #expect(!discipline.isSuspended(at: now()))
        }
        clock += 120_000_000_000
        discipline.watch(isInSync: false, isBooked: true, now: now(), unit: unit)
        discipline.watch(isInSync: true, isBooked: false, now: now(), unit: unit)
        clock += unit
        #expect(!discipline.isSuspended(at: now()))
    }

    @Test func whoLagsBehindGetsNoLease() throws {
        var node = try OneNode.leasingLeader()
        let behind = node.write() - 1
        // Not yet: it may be on its way.
        #expect(node.report(from: 3, published: behind, request: request(1)).grants(to: 3).isEmpty)
        var grants = node.report(from: 2).grants(to: 3)
        #expect(grants.count == 1)
        for counter in 2...8 as ClosedRange<UInt64> {
            _ = node.pass(milliseconds: 40)
            grants = node.report(from: 3, published: behind, request: request(counter)).grants(to: 3)
            grants += node.report(from: 2).grants(to: 3)
        }
        #expect(grants.isEmpty)
        // In sync again, and for long enough.
        var again: [LeaseGrant] = []
        for counter in 9...24 as ClosedRange<UInt64> {
            again += node.pass(milliseconds: 40).grants(to: 3)
            again += node.report(from: 3, request: request(counter)).grants(to: 3)
            again += node.report(from: 2).grants(to: 3)
        }
        #expect(again.isEmpty)
        for counter in 25...30 as ClosedRange<UInt64> {
            _ = node.pass(milliseconds: 40)
            again += node.report(from: 3, request: request(counter)).grants(to: 3)
            again += node.report(from: 2).grants(to: 3)
        }
        #expect(!again.isEmpty)
    }

    // MARK: Release

    @Test func releaseTravelsBesideTheCommitIndex() throws {
        var node = try OneNode.leasingLeader()
        #expect(node.lend(to: 3, request(1)).count == 1)
        let index = node.write()
        #expect(node.raft.releasedIndex == index - 1)
        let told = node.receive(.lease(.published(index)), from: 3, term: node.raft.term)
        #expect(told.released == index)
        #expect(told.leaseMessages == [.released(index), .released(index)])
        #expect(node.pass(milliseconds: 40).appends.map(\.released) == [index, index])
        // A stranger's word counts for nothing.
        var other = try OneNode.leasingLeader()
        _ = other.lend(to: 3, request(1))
        let next = other.write()
        other.receive(.lease(.published(next)), from: 9, term: other.raft.term)
        #expect(other.raft.releasedIndex == next - 1)
    }

    /// An older version would refuse such a message, and with it the connection.
    @Test func whoNeverSpokeOfLeasesIsToldNothingOfThem() throws {
        var node = try OneNode.leasing()
        node.lead()
        for _ in 0..<30 {
            _ = node.pass(milliseconds: 40)
            for peer in [2, 3] as [UInt64] {
                let response = AppendResponse(outcome: .accepted(matchIndex: node.raft.lastIndex), round: node.round)
                let output = node.receive(.appendResponse(response), from: peer, term: node.raft.term)
                #expect(output.leaseMessages.isEmpty)
            }
        }
        #expect(node.raft.releasedIndex == 1)
    }

    @Test func aFollowerTakesOverWhatIsReleasedAndSaysWhatItHasPublished() throws {
        var node = try OneNode.leasing(log: [1, 1], term: 4)
        _ = node.heartbeat(round: 1, released: 1)
        #expect(node.raft.commitIndex == 2)
        #expect(node.raft.releasedIndex == 1)
        node.raft.published(through: 2)
        #expect(node.raft.hasOutput)
        #expect(node.take().leaseMessages == [.published(2)])
        #expect(!node.raft.hasOutput)
        node.receive(.lease(.released(2)), from: 3, term: 4)
        #expect(node.raft.releasedIndex == 1)
        #expect(node.receive(.lease(.released(2)), from: 2, term: 4).released == 2)
        node.receive(.lease(.released(1)), from: 2, term: 4)
        #expect(node.raft.releasedIndex == 2)
    }

    /// A snapshot can come before the first word of what is released.
    @Test func aSnapshotReleasesNothing() throws {
        var node = try OneNode.leasing(term: 4)
        let snapshot = SnapshotDescriptor(index: 9, term: 3, configuration: node.raft.configuration)
        node.receive(.snapshotOffer(snapshot), from: 2, term: 4)
        node.raft.installed(snapshot, tag: [], now: node.now)
        _ = node.take()
        #expect(node.raft.commitIndex == 9)
        #expect(node.raft.releasedIndex == 0)
    }

    @Test func withoutLeasesAllThatIsCommittedIsReleased() throws {
        var node = try OneNode()
        node.lead()
        let output = node.accept(from: 2)
        #expect(output.released == 1)
        #expect(output.appends.allSatisfy { $0.released == nil })
        #expect(output.leaseMessages.isEmpty)
        // Nobody is granted anything, whoever asks.
        let asked = node.report(from: 2, request: request(1))
        #expect(asked.leaseMessages.isEmpty)
        #expect(node.beat().leaseMessages.isEmpty)
        #expect(node.raft.leases == LeaseHolder())
        // A member that would hold leases asks for none, and goes by the commit index.
        var member = try OneNode.leasing(log: [1, 1], term: 4)
        #expect(member.heartbeat(round: 1, released: nil) == nil)
        #expect(member.raft.releasedIndex == 2)
        member.raft.published(through: 2)
        #expect(member.take().leaseMessages.isEmpty)
    }

    @Test func aLoneVoterLendsToItself() throws {
        var node = try OneNode.leasing(voters: 1)
        node.raft.campaign(now: node.now)
        _ = node.take()
        _ = node.take()
        node.raft.published(through: 1)
        for _ in 0..<24 { _ = node.pass(milliseconds: 40) }
        #expect(node.raft.releasedIndex == 1)
        #expect(node.raft.leases.serves(viewIndex: 1, now: node.now))
    }

    /// A learner that is simply left out could be forgotten by the next leader.
    @Test func learnersLeaveInTwoSteps() throws {
        var node = try OneNode.leasingLeader()
        let founders = node.raft.configuration
        var with = founders
        with.learners = [NodeID(4)]
        _ = node.raft.propose(.configuration(with), tag: [])
        _ = node.take()
        node.report(from: 2)
        #expect(node.raft.propose(.configuration(founders), tag: []) == .failure(.invalidConfiguration))
        let forgetful = PoolConfiguration(voters: founders.voters, outgoingVoters: founders.voters)
        #expect(node.raft.propose(.configuration(forgetful), tag: []) == .failure(.invalidConfiguration))
        let joint = with.joint(voters: founders.voters, learners: [])
        #expect(joint.outgoingLearners == [NodeID(4)])
        #expect(joint.isMember(NodeID(4)) && !joint.isStaying(NodeID(4)))
        _ = try node.raft.propose(.configuration(joint), tag: []).get()
        _ = node.take()
        node.report(from: 2)
        #expect(node.raft.configurationToLeaveJoint == founders)
    }
}
