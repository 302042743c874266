@testable import HSMNode
import NodeEnvironment
@testable import PoolSimulator
import PoolState
import Raft
import Testing

/// Every command that a change of the root is made of.
private enum RootChanging {
    static let id = [UInt8](repeating: 0xC, count: 16)
    static let begin = PoolCommand.beginRootChange(
        RootChangeOrder(
            id: id, required: 2, officers: [[7], [8], [9]], expires: 1_700_003_600))
    private static let vote = RootVote(officer: 1, signature: [1])
    static let all = [
        begin, .approveRootChange(id: id, vote),
        .prepareRoot(
            id: id,
            PreparedRoot(
                base: [UInt8](repeating: 1, count: 32), keyring: [1], bridge: [2], wayBack: [3], commitments: [],
                encryptedData: [4])),
        .confirmRoot(id: id, vote), .commitRoot(id: id), .abortRootChange(id: id), .holdRoot(id: id, node: 1),
    ]
}

/// Members that run programs of two versions.
@Suite struct VersionTests {
    /// Which nodes have the later program; the others have the former one.
    private final class Programs {
        var later: Set<Int>
        private let catalogs: (former: CommandCatalog, later: CommandCatalog)

        init(
            later: Set<Int>,
            of catalogs: (former: CommandCatalog, later: CommandCatalog) = (
                SimulatedProgram.former, SimulatedProgram.later
            )
        ) {
            self.later = later
            self.catalogs = catalogs
        }

        func adjust(_ options: inout NodeOptions) {
            let isLater = later.contains(Int(options.raft.id.rawValue) - 1)
            options.catalog = isLater ? catalogs.later : catalogs.former
            options.peerSilence = 500_000_000
            options.logEntriesKept = 3
            options.compactionStep = 1
        }
    }

    private let second = SimulatedProgram.later.newest

    private func pool(nodes: Int = 3, founders: Int? = nil, _ programs: Programs) throws -> Bench {
        try Bench.running(nodes: nodes, founders: founders) { programs.adjust(&$0) }
    }

    private func version(_ bench: Bench, _ number: Int) -> PoolVersion? { bench[number].driver?.report().poolVersion }

    /// Stops a node and starts it with another program.
    private func restart(_ bench: Bench, _ number: Int, _ programs: Programs, later: Bool) throws {
        bench.crash(number)
        if later { programs.later.insert(number) } else { programs.later.remove(number) }
        try bench.start(number)
        bench.unseal(number)
    }

    @Test func thePoolGoesOnWhenTheLastMemberIsUpgraded() throws {
        let programs = Programs(later: [0, 1])
        let bench = try pool(programs)
        bench.run(2_000)
        #expect((0..<3).allSatisfy { version(bench, $0) == .first })
        for number in 0..<3 {
            let early = bench.submit(Write.rotate(to: 1), at: number)
            bench.run(20)
            #expect(early.refusal == .commandTooNew(heldBackBy: [3]))
        }
        // What both know goes on.
        let other = bench.submit(Write.assign(0), at: 2)
        bench.run(100)
        #expect(other.outcome == .applied)
        try restart(bench, 2, programs, later: true)
        try bench.run(until: "the second version") { (0..<3).allSatisfy { version(bench, $0) == second } }
        let write = bench.submit(Write.rotate(to: 1), at: 2)
        bench.run(100)
        #expect(write.outcome == .applied)
        #expect(bench.checker.violation == nil)
    }

    /// The commands of this program, and one that ends with the first version.
    @Test func noRootIsChangedBeforeEveryMemberKnowsHow() throws {
        let former = CommandCatalog(newest: .first, since: CommandCatalog.current.since)
        let programs = Programs(later: [0, 1], of: (former, .current))
        let bench = try pool(programs)
        for command in [
            PoolCommand.securityDomainPrepared(Workload.securityDomain), .securityDomainActivated(generation: 0),
        ] {
            let write = bench.submit(command, at: 0)
            bench.run(50)
            #expect(write.outcome == .applied)
        }
        for (number, command) in RootChanging.all.enumerated() {
            let early = bench.submit(command, at: number % 3)
            bench.run(20)
            #expect(early.refusal == .commandTooNew(heldBackBy: [3]), "\(command)")
        }
        try restart(bench, 2, programs, later: true)
        try bench.run(until: "the version of changed roots") {
            (0..<3).allSatisfy { version(bench, $0) == .newest }
        }
        let write = bench.submit(RootChanging.begin, at: 2)
        bench.run(100)
        #expect(write.outcome == .applied)
        try bench.settle()
        #expect((0..<3).allSatisfy { bench[$0].views.last?.state.rootChange?.id == RootChanging.id })
    }

    @Test func aFormerLeaderRaisesNothing() throws {
        let programs = Programs(later: [1, 2])
        let bench = try pool(programs)
        bench.run(2_000)
        #expect(bench.leader == 0)
        #expect((0..<3).allSatisfy { version(bench, $0) == .first })
    }

    /// It knew the version once; it may be another program by now.
    @Test func aSilentMemberIsNotTakenForKnowing() throws {
        let programs = Programs(later: [1, 2])
        let bench = try pool(programs)
        bench.run(500)
        bench.cut = [2]
        // Longer than a member may be silent and still be counted on.
        bench.run(600)
        try restart(bench, 0, programs, later: true)
        bench.run(3_000)
        #expect(version(bench, 0) == .first && version(bench, 1) == .first)
        let early = bench.submit(Write.rotate(to: 1), at: 1)
        bench.run(20)
        #expect(early.refusal == .commandTooNew(heldBackBy: [3]))
        bench.cut = []
        try bench.run(until: "the second version") { (0..<3).allSatisfy { version(bench, $0) == second } }
    }

    @Test func aLearnerHoldsThePoolBack() throws {
        let programs = Programs(later: [1, 2])
        let bench = try pool(nodes: 4, founders: 3, programs)
        try bench.start(3)
        bench.unseal(3)
        bench[0].inbox.append(
            .changeMembers(voters: [NodeID(1), NodeID(2), NodeID(3)], learners: [NodeID(4)]) { _ in })
        bench.run(500)
        try restart(bench, 0, programs, later: true)
        bench.run(2_500)
        let early = bench.submit(Write.rotate(to: 1), at: 1)
        bench.run(20)
        #expect(early.refusal == .commandTooNew(heldBackBy: [4]))
        try restart(bench, 3, programs, later: true)
        try bench.run(until: "the second version") { (0..<4).allSatisfy { version(bench, $0) == second } }
        #expect(bench.checker.violation == nil)
    }

    // MARK: A node that is too old

    @Test func aFormerProgramStopsOnALaterState() throws {
        let programs = Programs(later: [0, 1, 2])
        let bench = try pool(programs)
        try bench.run(until: "the second version") { (0..<3).allSatisfy { version(bench, $0) == second } }
        bench[2].alarms = []
        try restart(bench, 2, programs, later: false)
        bench.run(1_000)
        let reason = HaltReason.poolIsNewer(second, known: .first)
        #expect(bench[2].alarms == [.halted(reason)] && bench[2].driver?.halted == reason)
        // The right program goes on where it stopped.
        let write = bench.submit(Write.rotate(to: 1), at: 0)
        bench.run(100)
        #expect(write.outcome == .applied)
        try restart(bench, 2, programs, later: true)
        try bench.settle()
        #expect(bench[2].views.last?.generation == 1)
    }

    /// What is stored is of the first version, and the log goes on to the second.
    @Test func aFormerProgramStopsWhereThePoolIsRaised() throws {
        let programs = Programs(later: [0, 1])
        let bench = try pool(programs)
        bench.run(100)
        let stored = try #require(bench[2].standing?.appliedIndex)
        // Asked in its later days, which it spends sealed.
        programs.later.insert(2)
        bench.crash(2)
        try bench.start(2)
        try bench.run(until: "the second version") { version(bench, 0) == second }
        bench.run(200)
        bench[2].alarms = []
        try restart(bench, 2, programs, later: false)
        bench.run(200)
        let reason = HaltReason.poolIsNewer(second, known: .first)
        #expect(bench[2].alarms == [.halted(reason)] && bench[2].driver?.halted == reason)
        #expect((bench[2].disk.applied?.index ?? 0) <= stored)
        try restart(bench, 2, programs, later: true)
        try bench.settle()
        #expect(version(bench, 2) == second)
    }

    /// A snapshot of a later pool is not taken for a forged one, nor is it installed.
    @Test func aFormerProgramInstallsNoLaterSnapshot() throws {
        let programs = Programs(later: [1, 2])
        let bench = try pool(programs)
        // It is heard, and hears nothing.
        bench.route = { $0.to == 2 ? .lose : .deliver }
        try restart(bench, 0, programs, later: true)
        try bench.run(until: "the second version") { version(bench, 0) == second && version(bench, 1) == second }
        bench.crash(2)
        let end = bench[2].disk.lastIndex
        let stored = bench[2].disk.applied?.index
        bench.run(1_500)
        let leader = try #require(bench.leader)
        for number in 0..<3 {
            let write = bench.submit(Write.assign(number), at: leader)
            try bench.run(until: "the answer") { !write.list.isEmpty }
        }
        bench.run(200)
        #expect(bench[leader].disk.compactedIndex > end)
        bench.route = { _ in .deliver }
        bench[2].alarms = []
        try restart(bench, 2, programs, later: false)
        try bench.run(until: "its end") { bench[2].driver?.halted != nil }
        let reason = HaltReason.poolIsNewer(second, known: .first)
        #expect(bench[2].driver?.halted == reason && bench[2].alarms == [.halted(reason)])
        #expect(bench[2].disk.applied?.index == stored)
    }

    /// The row that names the version is part of what the mark vouches for: it stops nobody whose disk was edited.
    @Test func aForgedVersionIsForged() throws {
        let bench = try pool(Programs(later: []))
        // Stored before it is shown.
        let write = bench.submit(Write.assign(0), at: 0)
        bench.run(200)
        #expect(write.outcome == .applied)
        bench.crash(2)
        bench[2].edit = { stored in
            stored.rows.append(table: RowTable.poolVersion.rawValue, key: [], value: [8, 9])
        }
        try bench.start(2)
        let unsealed = bench.unseal(2)
        bench.run(100)
        #expect(unsealed.refusal == .rowsForged(index: bench[2].disk.applied?.index ?? 0))
        #expect(bench[2].driver?.halted == nil)
    }

    #if PLANTED_FAULTS
        /// Who leads doesn't rely on what a member forwards.
        @Test func aLeaderProposesNothingTooNew() throws {
            let programs = Programs(later: [0, 1])
            let bench = try Bench.running { options in
                programs.adjust(&options)
                if options.raft.id == NodeID(2) { options.plantedFault = .newerCommandsUngated }
            }
            let end = bench[0].disk.lastIndex
            let write = bench.submit(Write.rotate(to: 1), at: 1)
            bench.run(1_500)
            #expect(bench.leader == 0 && bench[0].disk.lastIndex == end && write.list.isEmpty)
            try restart(bench, 2, programs, later: true)
            try bench.run(until: "the answer") { !write.list.isEmpty }
            #expect(write.outcome == .applied && bench.checker.violation == nil)
        }

        /// Where the gate is missing, the node that doesn't know the command stops before it, and skips nothing.
        @Test func anUnknownCommandIsNotSkipped() throws {
            let programs = Programs(later: [0, 1])
            let bench = try Bench.running { options in
                programs.adjust(&options)
                options.plantedFault = .newerCommandsUngated
            }
            let write = bench.submit(Write.rotate(to: 1), at: 0)
            let next = bench.submit(Write.assign(1), at: 1)
            bench.run(1_500)
            #expect(write.outcome == .applied && next.outcome == .applied)
            guard case .unknownCommand(let index, known: .first)? = bench[2].driver?.halted else {
                Issue.record("\(String(describing: bench[2].driver?.halted))")
                return
            }
            #expect((bench[2].disk.applied?.index ?? 0) < index)
            #expect(bench[2].views.allSatisfy { $0.appliedIndex < index })
        }
    #endif
}
