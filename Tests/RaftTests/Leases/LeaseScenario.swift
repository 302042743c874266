@testable import Raft
import Testing

/// A rule of leases as a short history of one node. It says whether the rule held, and by which known bugs it does not.
struct LeaseScenario: Sendable, CustomTestStringConvertible {
    typealias Preparation = (inout Raft.Options) -> Void

    let testDescription: String
    /// Raw values of `PlantedFault`.
    let brokenBy: [String]
    let holds: @Sendable (_ prepare: Preparation) throws -> Bool

    init(_ description: String, brokenBy: [String], holds: @escaping @Sendable (Preparation) throws -> Bool) {
        testDescription = description
        self.brokenBy = brokenBy
        self.holds = holds
    }

    static let all = granting + releasing + answering + leaving

    private static let first = LeaseRequestID(process: 7, counter: 1)

    private static let granting = [
        LeaseScenario(
            "a grant needs a quorum's answers to a round that began after the request",
            brokenBy: ["leaseWithoutRound", "leaseByEarlierRound"]
        ) { prepare in
            var node = try OneNode.leasingLeader(voters: 5, prepare)
            let before = node.round
            var early = node.report(from: 2, request: first).grants(to: 2)
            for peer in [3, 4, 5] as [UInt64] { early += node.report(from: peer, round: before).grants(to: 2) }
            let late = [2, 3].flatMap { node.report(from: $0).grants(to: 2) }
            return early.isEmpty && late.map(\.request) == [first]
        },
        LeaseScenario("a new leader grants nothing before it has committed", brokenBy: ["leaseBeforeTermCommit"]) {
            prepare in
            var node = try OneNode.leasing(log: [1], prepare)
            node.lead()
            func refuse(_ node: inout OneNode, request: LeaseRequestID?) -> RaftOutput {
                let response = AppendResponse(
                    outcome: .rejected(hintIndex: 0, hintTerm: 0), round: node.round, leaseRequest: request)
                return node.receive(.appendResponse(response), from: 2, term: node.raft.term)
            }
            _ = refuse(&node, request: first)
            _ = node.pass(milliseconds: 40)
            let early = refuse(&node, request: nil).grants(to: 2)
            // Its own lease neither.
            let own = node.raft.leases.newest
            let late = node.lend(to: 2, LeaseRequestID(process: 7, counter: 2))
            return early.isEmpty && own == nil && late.map(\.floor) == [2]
        },
        LeaseScenario("a lease counts from when its request was made", brokenBy: ["leaseCountedFromReceipt"]) {
            prepare in
            var node = try OneNode.leasing(log: [1], term: 4, prepare)
            guard let request = node.heartbeat(round: 1) else { return false }
            let end = node.now.advanced(by: 750_000_000)
            node.clock += 100
            node.receive(grant: request, floor: 1, leaderClock: 50)
            return node.raft.leases.newest == ReadGrant(floor: 1, end: end)
        },
        LeaseScenario("a grant is for the request that it names, once", brokenBy: ["leaseGrantNotMatched"]) {
            prepare in
            var node = try OneNode.leasing(log: [1], term: 4, prepare)
            guard let request = node.heartbeat(round: 1) else { return false }
            let strangers = [
                LeaseRequestID(process: request.process &+ 1, counter: request.counter),
                LeaseRequestID(process: request.process, counter: request.counter + 1),
            ]
            for stranger in strangers { node.receive(grant: stranger, floor: 1, leaderClock: 50) }
            let early = node.raft.leases
            node.receive(grant: request, floor: 1, leaderClock: 50)
            guard early.newest == nil, node.raft.leases.newest?.floor == 1 else { return false }
            node.receive(grant: request, floor: 0, leaderClock: 50)
            return node.raft.leases.newest?.floor == 1 && node.raft.leases.older == nil
        },
        LeaseScenario("a floor is the commit index of the granting", brokenBy: ["leaseFloorAtReceipt"]) { prepare in
            var node = try OneNode.leasingLeader(prepare)
            node.report(from: 3, round: 0, request: first)
            let index = node.raft.lastIndex + 1
            _ = node.raft.propose(.command([1]), tag: [])
            _ = node.take()
            let grants = node.report(from: 2).grants(to: 3)
            return node.raft.commitIndex == index && grants.map(\.floor) == [index]
        },
        LeaseScenario("a view from before the floor is not served", brokenBy: ["leaseFloorIgnored"]) { prepare in
            var node = try OneNode.leasing(log: [1], term: 4, prepare)
            guard let request = node.heartbeat(round: 1) else { return false }
            node.receive(grant: request, floor: 5, leaderClock: 50)
            let leases = node.raft.leases
            return !leases.serves(viewIndex: 4, now: node.now) && leases.serves(viewIndex: 5, now: node.now)
        },
    ]

    private static let releasing = [
        LeaseScenario(
            "a write waits for a holder that is silent, stretched by the drift",
            brokenBy: ["leaseBookedWithoutDrift", "leaseNotBooked", "releasedOnCommit"]
        ) { prepare in
            var node = try OneNode.leasingLeader(prepare)
            guard node.lend(to: 3, first).count == 1 else { return false }
            let index = node.write()
            guard node.raft.releasedIndex == index - 1 else { return false }
            _ = node.wait(milliseconds: OneNode.booked - 1)
            guard node.raft.role == .leader, node.raft.releasedIndex == index - 1 else { return false }
            return node.pass(milliseconds: 1).released == index
        },
        LeaseScenario(
            "a new leader waits for leases of its predecessor", brokenBy: ["newLeaderDoesNotWait", "releasedOnCommit"]
        ) { prepare in
            var node = try OneNode.leasing(prepare)
            node.clock += 2000
            node.raft.campaign(now: node.now)
            _ = node.take()
            node.receive(.preVoteResponse(granted: true), from: 2, term: 1)
            node.clock += 10
            node.receive(.voteResponse(granted: true, age: 300_000_000), from: 2, term: 1)
            node.accept(from: 2)
            guard node.raft.commitIndex == 1, node.raft.releasedIndex == 0 else { return false }
            _ = node.wait(milliseconds: OneNode.booked - 300 - 1)
            guard node.raft.releasedIndex == 0 else { return false }
            // Not for all of the rest, and not longer than it must.
            return node.pass(milliseconds: 1).released == 1
        },
    ]

    private static let answering = [
        LeaseScenario(
            "a node that has just started may have answered before", brokenBy: ["restartedElectorSaysNever"]
        ) { prepare in
            var node = try OneNode.leasing(prepare)
            node.clock += 100
            return node.voteAge(for: 2, term: 5) == 100_000_000
        },
        LeaseScenario("a leader answers itself as long as it leads", brokenBy: ["ownReignIsNoAnswer"]) { prepare in
            var node = try OneNode.leasingLeader(prepare)
            guard node.voteAge(for: 2, term: 5) == 0 else { return false }
            node.clock += 30
            return node.voteAge(for: 2, term: 6) == 30_000_000
        },
        LeaseScenario(
            "neither a term nor a vote clears the time of the last answer", brokenBy: ["answerTimeClearedByVote"]
        ) { prepare in
            var node = try OneNode.leasing(log: [1], term: 4, prepare)
            _ = node.heartbeat(round: 1)
            node.clock += 200
            guard node.voteAge(for: 2, term: 5) == 200_000_000 else { return false }
            node.clock += 100
            return node.voteAge(for: 3, term: 6) == 300_000_000
        },
        LeaseScenario("every answer counts, whatever for", brokenBy: ["onlyLeaseRoundsAreAnswers"]) { prepare in
            var node = try OneNode.leasing(log: [1], term: 4, prepare)
            guard node.heartbeat(round: 1) != nil else { return false }
            node.clock += 10
            let entry = LogEntry(index: 2, term: 4, payload: .noOp, tag: [])
            guard node.heartbeat(round: 1, entries: [entry]) == nil else { return false }
            node.clock += 200
            return node.voteAge(for: 2, term: 5) == 200_000_000
        },
    ]

    private static let leaving = [
        LeaseScenario("whoever leaves is waited for before the log lacks it", brokenBy: ["removedNotWaitedFor"]) {
            prepare in
            var node = try OneNode.leasingLeader(prepare)
            guard node.lend(to: 3, first).count == 1 else { return false }
            let joint = node.raft.configuration.joint(voters: [NodeID(1), NodeID(2)], learners: [])
            guard case .success = node.raft.propose(.configuration(joint), tag: []) else { return false }
            _ = node.take()
            for peer in [2, 3] as [UInt64] { node.report(from: peer) }
            // No renewal either, though it is a member still.
            node.report(from: 3, request: LeaseRequestID(process: 7, counter: 2))
            let early = node.beat().grants(to: 3)
            var waited = early.isEmpty && node.raft.configurationToLeaveJoint == nil
            for _ in 0..<21 { node.beat() }
            waited = waited && node.raft.configurationToLeaveJoint == nil
            let left = PoolConfiguration(voters: joint.voters)
            waited = waited && node.raft.propose(.configuration(left), tag: []) == .failure(.configurationChangePending)
            node.beat()
            return waited && node.raft.configurationToLeaveJoint == left
        },
        LeaseScenario("nobody gets a lease before it is admitted for good", brokenBy: ["leaseBeforeAdmission"]) {
            prepare in
            var node = try OneNode.leasingLeader(prepare)
            let next = PoolConfiguration(voters: node.raft.configuration.voters, learners: [NodeID(4)])
            guard case .success = node.raft.propose(.configuration(next), tag: []) else { return false }
            _ = node.take()
            let last = node.raft.lastIndex
            node.report(from: 4, request: first)
            _ = node.pass(milliseconds: 40)
            let early = node.report(from: 2, through: last - 1).grants(to: 4)
            node.report(from: 4, request: LeaseRequestID(process: 7, counter: 2))
            node.beat()
            return early.isEmpty && node.raft.commitIndex == last
        },
    ]
}
