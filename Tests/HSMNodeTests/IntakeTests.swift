import HSMNode
import NodeEnvironment
@testable import PoolSimulator
import PoolState
import Raft
import Testing

/// What a leader takes from other nodes, and what it doesn't.
@Suite struct IntakeTests {
    private func envelope(id: [UInt8], proposer: UInt64) -> [UInt8] {
        ProposalEnvelope(
            proposalID: id, proposer: proposer, principal: nil, authentication: .node,
            stampedAt: 1_700_000_000_000, command: Write.assign(0)
        ).encode()
    }

    private func proof(
        _ id: [UInt8], proposer: UInt64, _ command: [UInt8], key: UInt64 = 1
    ) -> [UInt8] {
        SimulatedAuthenticator(key: key).proposalProof(proposer: NodeID(proposer), proposalID: id, command: command)
    }

    private func forwarded(_ id: [UInt8], proposer: UInt64, _ command: [UInt8]) -> ForwardedProposal {
        ForwardedProposal(
            proposalID: id, proposer: NodeID(proposer), command: command,
            proof: proof(id, proposer: proposer, command))
    }

    /// A disk and a certificate make a member, but only the pool's keys let it write.
    @Test func whoHasNotThePoolsKeysProposesNothing() throws {
        let bench = try Bench.running()
        bench.seal(1)
        bench.run(5)
        #expect(bench[1].standing?.isSealed == true)
        let id = bench.newID()
        let another = bench.newID()
        let last = bench[0].disk.lastIndex
        let command = envelope(id: id, proposer: 2)
        let genuine = proof(id, proposer: 2, command)
        var refusals: [PeerMessage] = []
        bench.route = { letter in
            if case .proposalRefused = letter.message { refusals.append(letter.message) }
            return .deliver
        }
        let forged: [[UInt8]] = [
            [], [UInt8](repeating: 0, count: 8), Array(genuine.dropLast()), genuine + [0],
            genuine.enumerated().map { $0 == 7 ? $1 ^ 1 : $1 },
            proof(id, proposer: 2, command, key: 2), proof(id, proposer: 3, command),
            proof(another, proposer: 2, command), proof(id, proposer: 2, Array(command.dropLast())),
            SimulatedAuthenticator(key: 1).entryTag(term: 2, index: 0, previous: id, payload: command),
        ]
        for proof in forged {
            let proposal = ForwardedProposal(proposalID: id, proposer: NodeID(2), command: command, proof: proof)
            bench.inject(.forwardedProposal(proposal), from: 1, to: 0)
        }
        bench.run(50)
        #expect(bench[0].alarms == Array(repeating: .forgedProposal(from: NodeID(2)), count: forged.count))
        #expect(bench[0].disk.lastIndex == last)
        let refusal = PeerMessage.proposalRefused(proposalID: id, reason: .malformed)
        #expect(refusals == Array(repeating: refusal, count: forged.count))
        // The same with a genuine proof is taken: nothing else was wrong with it.
        bench.inject(.forwardedProposal(forwarded(id, proposer: 2, command)), from: 1, to: 0)
        bench.run(50)
        #expect(bench.copies(of: id, on: 0) == 1)
    }

    @Test func aSealedNodeForwardsNothing() throws {
        let bench = try Bench.running()
        var forwards = 0
        bench.route = { letter in
            if case .forwardedProposal = letter.message { forwards += 1 }
            return .deliver
        }
        let before = bench.submit(Write.assign(0), at: 1)
        bench.run(50)
        #expect(before.outcome == .applied)
        #expect(forwards == 1)
        // One that waits when the keys go is given up, not sent on.
        bench.cut = [0]
        let waiting = bench.submit(Write.assign(1), at: 1)
        bench.run(1)
        bench.seal(1)
        let after = bench.submit(Write.assign(2), at: 1)
        bench.run(5)
        #expect(waiting.refusal == .timedOut(maybeApplied: true))
        #expect(after.refusal == .sealed)
        forwards = 0
        bench.cut = []
        bench.run(2_000)
        #expect(forwards == 0)
    }

    @Test func aNodeProposesOnlyInItsOwnName() throws {
        let bench = try Bench.running()
        let id = bench.newID()
        let last = bench[0].disk.lastIndex
        let forged = forwarded(id, proposer: 3, envelope(id: id, proposer: 3))
        bench.inject(.forwardedProposal(forged), from: 1, to: 0)
        bench.run(50)
        #expect(bench[0].alarms == [.malformedProposal(from: NodeID(2))])
        #expect(bench[0].disk.lastIndex == last)
    }

    @Test func theMessageAndTheEnvelopeAgree() throws {
        let bench = try Bench.running()
        let id = bench.newID()
        let last = bench[0].disk.lastIndex
        let genuine = envelope(id: id, proposer: 2)
        for command in [[], [0xFF, 0xFF], Array(genuine.dropLast()), envelope(id: id, proposer: 3)] {
            bench.inject(.forwardedProposal(forwarded(id, proposer: 2, command)), from: 1, to: 0)
        }
        bench.inject(.forwardedProposal(forwarded(bench.newID(), proposer: 2, genuine)), from: 1, to: 0)
        bench.run(50)
        #expect(bench[0].alarms == Array(repeating: .malformedProposal(from: NodeID(2)), count: 5))
        #expect(bench[0].disk.lastIndex == last)
        bench.inject(.forwardedProposal(forwarded(id, proposer: 2, genuine)), from: 1, to: 0)
        bench.run(50)
        #expect(bench[0].disk.lastIndex == last + 1)
    }

    @Test func aClockThatIsFarOffWritesNothing() throws {
        let bench = try Bench.running(civilOffsets: [0, 61_000, -61_000])
        for number in 1...2 {
            let write = bench.submit(Write.assign(0), at: number)
            bench.run(50)
            #expect(write.refusal == .clockSkew)
        }
        #expect(bench[0].alarms.count == 2)
        for alarm in bench[0].alarms {
            guard case .stampRefused = alarm else { return #expect(Bool(false), "\(alarm)") }
        }
    }

    @Test func aFollowerThatIsAskedNamesTheLeader() throws {
        let bench = try Bench.running()
        let id = bench.newID()
        var answer: PeerMessage?
        bench.route = { letter in
            if letter.from == 1, case .proposalRefused = letter.message { answer = letter.message }
            return .deliver
        }
        bench.inject(
            .forwardedProposal(forwarded(id, proposer: 3, envelope(id: id, proposer: 3))), from: 2, to: 1)
        bench.run(3)
        #expect(answer == .proposalRefused(proposalID: id, reason: .notLeader(hint: NodeID(1))))
    }

    // MARK: Bounds

    @Test func tooManyWritesAreRefusedByName() throws {
        let bench = try Bench.running { $0.maximumSubmissions = 2 }
        let writes = (0..<3).map { bench.submit(Write.assign($0), at: 1) }
        bench.run(1)
        #expect(writes[0].list.isEmpty && writes[1].list.isEmpty)
        #expect(writes[2].refusal == .overloaded)
        bench.run(50)
        #expect(writes[0].outcome == .applied && writes[1].outcome == .applied)
        let later = bench.submit(Write.assign(2), at: 1)
        bench.run(50)
        #expect(later.outcome == .applied)
    }

    @Test func tooManyReadsAreRefusedByName() throws {
        let bench = try Bench.running { $0.maximumReads = 2 }
        let reads = (0..<3).map { _ in bench.read(at: 1) }
        bench.run(1)
        #expect(reads[2].refusal == .overloaded)
        bench.run(50)
        #expect(reads[0].view != nil && reads[1].view != nil)
        let later = bench.read(at: 1)
        bench.run(50)
        #expect(later.view != nil)
    }

    @Test func aLeaderWithTooMuchInFlightSaysSo() throws {
        let bench = try Bench.running { $0.maximumProposalsInFlight = 2 }
        bench.route = { $0.message.isAppendResponse ? .hold : .deliver }
        let writes = (0..<3).map { bench.submit(Write.assign($0), at: 1) }
        bench.run(10)
        #expect(writes[0].list.isEmpty && writes[1].list.isEmpty)
        #expect(writes[2].refusal == .overloaded)
        bench.release()
        bench.run(50)
        #expect(writes[0].outcome == .applied && writes[1].outcome == .applied)
        #expect(bench[0].views.last?.isAssigned(2) == false)
    }
}

extension PeerMessage {
    var isAppend: Bool {
        if case .raft(let raft) = self, case .append = raft.body { return true }
        return false
    }

    var isAppendResponse: Bool {
        if case .raft(let raft) = self, case .appendResponse = raft.body { return true }
        return false
    }
}
