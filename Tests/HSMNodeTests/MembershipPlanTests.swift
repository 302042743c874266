@testable import HSMNode
import NodeEnvironment
import PoolState
import Raft
import Testing

/// From the members that are to those that are wanted; and who has forgotten what.
@Suite struct MembershipPlanTests {
    private static func member(
        _ node: UInt64, _ standing: MemberStanding = .member, replaces: UInt64? = nil
    ) -> MemberRecord {
        MemberRecord(
            node: node, name: "n\(node)", identityDigest: [], apiURL: "", peerAddress: "", replaces: replaces,
            standing: standing)
    }

    private static func nodes(_ numbers: UInt64...) -> Set<NodeID> { Set(numbers.map { NodeID($0) }) }

    private func plan(
        _ voters: Set<NodeID>, learners: Set<NodeID> = [], _ members: [MemberRecord], ready: Set<NodeID> = []
    ) -> MembershipPlan? {
        MembershipPlan(
            from: PoolConfiguration(voters: voters, learners: learners), members: members,
            isReady: { ready.contains($0) })
    }

    @Test func nothingIsChangedThatIsAsItShouldBe() {
        #expect(plan(Self.nodes(1, 2, 3), (1...3).map { Self.member($0) }) == nil)
    }

    @Test func whoIsNewComesAsALearner() {
        let next = plan(Self.nodes(1), [Self.member(1), Self.member(2)], ready: Self.nodes(2))
        #expect(next?.voters == Self.nodes(1) && next?.learners == Self.nodes(2))
    }

    @Test func aLearnerWaitsUntilItIsReady() {
        let members = [Self.member(1), Self.member(2)]
        #expect(plan(Self.nodes(1), learners: Self.nodes(2), members) == nil)
        let next = plan(Self.nodes(1), learners: Self.nodes(2), members, ready: Self.nodes(2))
        #expect(next?.voters == Self.nodes(1, 2) && next?.learners == [])
    }

    @Test func whoIsReplacedGoesInTheSameStep() {
        let members = (1...3).map { Self.member($0) } + [Self.member(4, replaces: 2)]
        let waiting = plan(Self.nodes(1, 2, 3), learners: Self.nodes(4), members)
        #expect(waiting == nil)
        let next = plan(Self.nodes(1, 2, 3), learners: Self.nodes(4), members, ready: Self.nodes(4))
        #expect(next?.voters == Self.nodes(1, 3, 4) && next?.learners == [])
    }

    @Test func whoIsToLeaveGoes() {
        let members = [Self.member(1), Self.member(2, .leaving), Self.member(3), Self.member(4, .leaving)]
        let next = plan(Self.nodes(1, 2, 3), learners: Self.nodes(4), members)
        #expect(next?.voters == Self.nodes(1, 3) && next?.learners == [])
    }

    /// What leaves a minority of those who live has to wait, and newcomers needn't.
    @Test func aStepIsForAMajorityToDecide() throws {
        let members = [
            Self.member(1), Self.member(2), Self.member(3, .leaving), Self.member(4, replaces: 2), Self.member(5),
        ]
        let (voters, learners) = (Self.nodes(1, 2, 3), Self.nodes(4))
        let waiting = try #require(plan(voters, learners: learners, members))
        #expect(waiting.voters == Self.nodes(1, 2))
        #expect(!waiting.isDecided { Self.nodes(1, 3, 4).contains($0) })
        #expect(waiting.isDecided { Self.nodes(1, 2).contains($0) })
        let part = waiting.withoutVoters(of: PoolConfiguration(voters: voters, learners: learners))
        #expect(part?.voters == voters && part?.learners == Self.nodes(4, 5))
        // Who would be promoted stays a learner in the part, and there is none if that is all.
        let next = try #require(plan(voters, learners: Self.nodes(4, 5), members, ready: Self.nodes(5)))
        #expect(next.voters == Self.nodes(1, 2, 5) && next.isDecided { Self.nodes(1, 3, 5).contains($0) })
        #expect(next.withoutVoters(of: PoolConfiguration(voters: voters, learners: Self.nodes(4, 5))) == nil)
    }

    @Test func whoForgotIsNeverPromoted() {
        let members = [Self.member(1), Self.member(2, .distrusted)]
        #expect(plan(Self.nodes(1), learners: Self.nodes(2), members, ready: Self.nodes(2)) == nil)
    }

    @Test func somebodyAlwaysDecides() {
        #expect(plan(Self.nodes(1), [Self.member(1, .leaving)]) == nil)
    }

    // MARK: Promises

    private func status(
        life: UInt8, term: Term, commit: LogIndex, last: LogIndex, applied: LogIndex = 0
    ) -> NodeStatus {
        NodeStatus(
            node: NodeID(2), isSealed: false, processID: [life], appliedIndex: applied, version: "",
            promise: NodeStatus.Promise(term: term, commitIndex: commit, lastIndex: last))
    }

    @Test func aLogMayLoseWhatWasNeverCommitted() {
        var promises = PeerPromises()
        let broken = [
            promises.areBroken(by: status(life: 1, term: 3, commit: 5, last: 9), acknowledged: 0),
            promises.areBroken(by: status(life: 2, term: 3, commit: 1, last: 5), acknowledged: 0),
            promises.areBroken(by: status(life: 3, term: 3, commit: 1, last: 4), acknowledged: 0),
        ]
        #expect(broken == [false, false, true])
    }

    @Test func whatALeaderHasSeenAcknowledgedStays() {
        var promises = PeerPromises()
        let broken = [
            promises.areBroken(by: status(life: 1, term: 3, commit: 0, last: 9), acknowledged: 8),
            promises.areBroken(by: status(life: 2, term: 3, commit: 0, last: 7), acknowledged: 0),
        ]
        #expect(broken == [false, true])
    }

    @Test func aTermNeverFalls() {
        var promises = PeerPromises()
        let broken = [
            promises.areBroken(by: status(life: 1, term: 3, commit: 5, last: 9), acknowledged: 0),
            promises.areBroken(by: status(life: 2, term: 2, commit: 5, last: 9), acknowledged: 0),
        ]
        #expect(broken == [false, true])
    }

    /// In one life an older status can come after a newer one.
    @Test func aLateStatusSaysNothing() {
        var promises = PeerPromises()
        let broken = [
            promises.areBroken(by: status(life: 1, term: 3, commit: 8, last: 9), acknowledged: 0),
            promises.areBroken(by: status(life: 1, term: 2, commit: 2, last: 3), acknowledged: 0),
        ]
        #expect(broken == [false, false])
    }

    /// A machine that was put back to an image together with its memory is still the process that it was.
    @Test func onANewConnectionTheSameLifeIsHeldToItsWord() {
        let fallsShort = [status(life: 1, term: 2, commit: 8, last: 9), status(life: 1, term: 3, commit: 2, last: 7)]
        for later in fallsShort {
            var promises = PeerPromises()
            let before = promises.areBroken(by: status(life: 1, term: 3, commit: 8, last: 9), acknowledged: 0)
            promises.connectionBegan()
            let after = promises.areBroken(by: later, acknowledged: 0)
            #expect(!before && after)
        }
        var promises = PeerPromises()
        promises.connectionBegan()
        let broken = [
            promises.areBroken(by: status(life: 1, term: 3, commit: 8, last: 9), acknowledged: 0),
            // Only the first word is known to be later than all before it.
            promises.areBroken(by: status(life: 1, term: 3, commit: 2, last: 3), acknowledged: 0),
        ]
        #expect(broken == [false, false])
    }
}
