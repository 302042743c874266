@testable import HSMNode
import NodeEnvironment
@testable import PoolSimulator
import PoolState
import Raft
import Testing

/// What a node does without the pool's keys, and what it believes when it gets them.
@Suite struct SealTests {
    @Test func aSealedNodeStoresAndVotesButAppliesNothing() throws {
        let bench = try Bench()
        for number in 0..<3 { try bench.start(number) }
        bench.unseal(0)
        try bench.settle()
        let write = bench.submit(Write.assign(0), at: 0)
        try bench.run(until: "the answer") { !write.list.isEmpty }
        try bench.settle()
        #expect(write.outcome == .applied)
        for number in 1...2 {
            #expect(bench[number].standing?.lastIndex == bench[0].standing?.lastIndex)
            #expect(bench[number].standing?.appliedIndex == 0)
            #expect(bench[number].views.isEmpty && bench[number].disk.applied == nil)
        }
        let unsealed = bench.unseal(1)
        bench.run(2)
        #expect(unsealed.index == bench[0].standing?.commitIndex)
        #expect(bench[1].views.last?.isAssigned(0) == true)
    }

    @Test func aSealedNodeAnswersNothing() throws {
        let bench = try Bench.running()
        bench.seal(1)
        let write = bench.submit(Write.assign(0), at: 1)
        let read = bench.read(at: 1)
        bench.run(1)
        #expect(write.refusal == .sealed && read.refusal == .sealed)
    }

    @Test func sealingAnswersWhatWaits() throws {
        let bench = try Bench.running()
        bench.cut = [1]
        let sent = bench.submit(Write.assign(0), at: 1)
        bench.run(1)
        let unsent = bench.submit(Write.assign(1), at: 1)
        let read = bench.read(at: 1)
        bench.seal(1)
        bench.run(1)
        #expect(sent.refusal == .timedOut(maybeApplied: true))
        #expect(unsent.refusal == .sealed && read.refusal == .sealed)
        bench.cut = []
        bench.run(2_000)
        #expect(sent.list.count == 1 && unsent.list.count == 1 && read.list.count == 1)
    }

    @Test func unsealingGoesOnWhereSealingStopped() throws {
        let bench = try Bench.running()
        bench.seal(1)
        bench.run(1)
        let applied = try #require(bench[1].standing?.appliedIndex)
        let views = bench[1].views.count
        let write = bench.submit(Write.assign(0), at: 0)
        bench.run(200)
        #expect(write.outcome == .applied)
        #expect(bench[1].standing?.appliedIndex == applied && bench[1].views.count == views)
        let unsealed = bench.unseal(1)
        let again = bench.unseal(1)
        bench.run(1)
        #expect(unsealed.index == bench[0].standing?.commitIndex)
        #expect(again.refusal == .alreadyUnsealed)
        #expect(bench[1].views.last?.isAssigned(0) == true)
        #expect(bench.checker.violation == nil)
    }

    @Test func aSealedLeaderHandsOver() throws {
        let bench = try Bench.running()
        bench.seal(0)
        try bench.run(until: "another leader") { bench.leader != nil && bench.leader != 0 }
        let leader = try #require(bench.leader)
        #expect(bench[leader].standing?.isSealed == false)
        let write = bench.submit(Write.assign(0), at: leader)
        bench.run(100)
        #expect(write.outcome == .applied)
    }

    @Test func aPoolOfSealedNodesKeepsItsLogAndWaits() throws {
        let bench = try Bench.running()
        let write = bench.submit(Write.assign(0), at: 0)
        bench.run(50)
        #expect(write.outcome == .applied)
        for number in 0..<3 {
            bench.crash(number)
            try bench.start(number)
        }
        try bench.settle()
        bench.run(2_000)
        for number in 0..<3 { #expect(bench[number].standing?.isSealed == true) }
        bench.unseal(2)
        try bench.run(until: "an unsealed leader") { bench.leader == 2 }
        let read = bench.read(at: 2)
        bench.run(100)
        #expect(read.view?.isAssigned(0) == true)
    }

    // MARK: Forged entries

    /// Node 1's log, and entries that node 0 could send behind it.
    private func forgery(on bench: Bench, payload: EntryPayload, tag: [UInt8]? = nil) throws -> RaftMessage {
        let standing = try #require(bench[0].standing)
        let disk = bench[1].disk
        let previous = try #require(disk.entry(at: disk.lastIndex))
        let entry = LogEntry(
            index: previous.index + 1, term: standing.term, payload: payload, tag: tag ?? previous.tag)
        return RaftMessage(
            from: NodeID(1), to: NodeID(2), term: standing.term,
            body: .append(
                AppendRequest(
                    prevIndex: previous.index, prevTerm: previous.term, entries: [entry], commit: previous.index + 1,
                    round: 0)))
    }

    private func command(_ bench: Bench, stampedAt: Int64 = 1_700_000_000_000) -> EntryPayload {
        .command(
            ProposalEnvelope(
                proposalID: bench.newID(), proposer: 1, principal: nil, authentication: .node, stampedAt: stampedAt,
                command: Write.assign(0)
            ).encode())
    }

    @Test func anUnsealedNodeTakesNoEntryWithoutItsTag() throws {
        let bench = try Bench.running()
        let last = bench[1].disk.lastIndex
        let payloads = [command(bench), .configuration(PoolConfiguration(voters: [NodeID(1)]))]
        for payload in payloads {
            bench.inject(.raft(try forgery(on: bench, payload: payload)), from: 0, to: 1)
            bench.inject(
                .raft(try forgery(on: bench, payload: payload, tag: [1, 2, 3, 4, 5, 6, 7, 8])), from: 0, to: 1)
        }
        // A no-op carries the tag before it and no other.
        bench.inject(.raft(try forgery(on: bench, payload: .noOp, tag: [9])), from: 0, to: 1)
        bench.tick()
        #expect(bench[1].alarms == Array(repeating: .forgedEntry(from: NodeID(1), index: last + 1), count: 5))
        #expect(bench[1].disk.lastIndex == last)
        bench.inject(.raft(try forgery(on: bench, payload: .noOp)), from: 0, to: 1)
        bench.tick()
        #expect(bench[1].disk.lastIndex == last + 1)
    }

    /// How a hostile leader parcels its entries makes no difference to who answers reads under it.
    @Test func whatComesBeforeAForgeryIsTaken() throws {
        let bench = try Bench.running()
        let standing = try #require(bench[0].standing)
        let previous = try #require(bench[1].disk.entry(at: bench[1].disk.lastIndex))
        let genuine = LogEntry(index: previous.index + 1, term: standing.term, payload: .noOp, tag: previous.tag)
        let forged = LogEntry(
            index: previous.index + 2, term: standing.term, payload: command(bench), tag: [1, 2, 3, 4, 5, 6, 7, 8])
        // The second time for whoever has lost the answer to the first: there is one, though nothing is new.
        for commit in [previous.index, forged.index] {
            let request = AppendRequest(
                prevIndex: previous.index, prevTerm: previous.term, entries: [genuine, forged], commit: commit,
                round: 0)
            bench.inject(
                .raft(RaftMessage(from: NodeID(1), to: NodeID(2), term: standing.term, body: .append(request))),
                from: 0, to: 1)
            bench.tick()
            #expect(bench[1].disk.entry(at: genuine.index) == genuine)
            #expect(bench[1].disk.lastIndex == genuine.index)
            #expect(bench[1].standing?.commitIndex == min(commit, genuine.index))
        }
        #expect(
            bench[1].alarms == Array(repeating: .forgedEntry(from: NodeID(1), index: forged.index), count: 2))
    }

    /// What a former leader had where the log has been cut since was perhaps never committed: its tags go with nothing
    /// here.
    @Test func whatAFormerLeaderSendsLateIsNoForgery() throws {
        let bench = try Bench.running {
            $0.logEntriesKept = 2
            $0.compactionStep = 3
        }
        let former = try #require(bench[0].standing).term
        bench.crash(0)
        try bench.settle()
        try bench.start(0)
        bench.unseal(0)
        try bench.settle()
        for generation in 1...UInt32(20) {
            let write = bench.submit(Write.rotate(to: generation), at: 1)
            try bench.run(until: "the answer") { !write.list.isEmpty }
            bench.run(100)
        }
        let cut = bench[1].disk.compactedIndex
        let last = bench[1].disk.lastIndex
        #expect(cut > 10)
        #expect(try #require(bench[1].disk.entry(at: cut + 1)).term > former)
        let entries = (1...cut + 1).map { LogEntry(index: $0, term: former, payload: command(bench), tag: [1, 2, 3]) }
        let request = AppendRequest(prevIndex: 0, prevTerm: 0, entries: entries, commit: 0, round: 0)
        bench.inject(
            .raft(RaftMessage(from: NodeID(1), to: NodeID(2), term: former, body: .append(request))), from: 0, to: 1)
        bench.run(2)
        #expect(bench[1].alarms.isEmpty)
        #expect(bench[1].disk.lastIndex == last)
    }

    @Test func anEntryFromTheFutureIsNotTaken() throws {
        let bench = try Bench.running()
        let standing = try #require(bench[0].standing)
        let previous = try #require(bench[1].disk.entry(at: bench[1].disk.lastIndex))
        for (ahead, isTaken) in [(Int64(61_000), false), (59_000, true)] {
            let here = bench[1].clock.unixMilliseconds()
            let payload = command(bench, stampedAt: here + ahead)
            let tag = EntryChain(authenticator: SimulatedAuthenticator(key: 1)).tag(
                of: payload, term: standing.term, index: previous.index + 1, previous: previous.tag)
            bench.inject(.raft(try forgery(on: bench, payload: payload, tag: tag)), from: 0, to: 1)
            bench.tick()
            #expect(bench[1].disk.lastIndex == previous.index + (isTaken ? 1 : 0))
        }
        #expect(bench[1].alarms.count == 1)
    }

    /// A sealed node can't tell; it must not apply what it took once it can.
    @Test func aForgeryTakenWhileSealedKeepsTheNodeSealed() throws {
        let bench = try Bench.running()
        bench.seal(1)
        bench.run(1)
        let last = bench[1].disk.lastIndex
        bench.inject(.raft(try forgery(on: bench, payload: command(bench))), from: 0, to: 1)
        bench.cut = [1]
        bench.tick()
        #expect(bench[1].disk.lastIndex == last + 1)
        let views = bench[1].views.count
        let unsealed = bench.unseal(1)
        bench.run(50)
        #expect(unsealed.refusal == .entryForged(index: last + 1))
        #expect(bench[1].driver?.isSealed == true && bench[1].views.count == views)
    }

    // MARK: An edited disk

    enum Edit: CaseIterable {
        case row, rowAdded, rowRemoved, markRoot, markIndex, markRemoved, entry, entryTag, wrongKey

        func apply(to stored: inout StoredNode) {
            let mark = stored.applied
            var rows = Array(stored.rows)
            defer { stored.rows = StoredRows(rows) }
            switch self {
            case .row: rows[0] = StateRow(table: rows[0].table, key: rows[0].key, value: [])
            case .rowAdded: rows.append(StateRow(table: 200, key: [1], value: [1]))
            case .rowRemoved: rows.removeLast()
            case .markRoot:
                stored.applied = mark.map {
                    AppliedMark(
                        index: $0.index, term: $0.term, chainTag: $0.chainTag, stateRoot: $0.stateRoot.reversed(),
                        tag: $0.tag)
                }
            case .markIndex:
                stored.applied = mark.map {
                    AppliedMark(
                        index: $0.index - 1, term: $0.term, chainTag: $0.chainTag, stateRoot: $0.stateRoot,
                        tag: $0.tag)
                }
            case .markRemoved: stored.applied = nil
            case .entry: change(&stored) { ($0 + [0], $1) }
            case .entryTag: change(&stored) { ($0, $1.reversed()) }
            case .wrongKey: break
            }
        }

        /// Changes the last command of the log.
        private func change(_ stored: inout StoredNode, _ edit: ([UInt8], [UInt8]) -> ([UInt8], [UInt8])) {
            guard let position = stored.entries.lastIndex(where: { $0.payload.isCommand }) else { return }
            let entry = stored.entries[position]
            guard case .command(let bytes) = entry.payload else { return }
            let (payload, tag) = edit(bytes, entry.tag)
            stored.entries[position] = LogEntry(
                index: entry.index, term: entry.term, payload: .command(payload), tag: tag)
        }

        func names(_ refusal: UnsealRefusal) -> Bool {
            switch (self, refusal) {
            case (.row, .rowsMalformed), (.row, .rowsForged), (.rowAdded, .rowsMalformed): true
            case (.rowRemoved, .rowsForged), (.rowRemoved, .rowsMalformed): true
            case (.markRoot, .markForged), (.markIndex, .markForged), (.wrongKey, .markForged): true
            case (.markRemoved, .markMissing): true
            case (.entry, .entryForged), (.entryTag, .entryForged): true
            default: false
            }
        }
    }

    @Test(arguments: Edit.allCases) func anEditedDiskIsNotBelieved(edit: Edit) throws {
        let bench = try Bench.running()
        let early = bench.submit(Write.assign(0), at: 0)
        try bench.run(until: "the answer") { !early.list.isEmpty }
        try bench.settle()
        // What follows is in the log of node 1 and not in its state.
        bench.seal(1)
        let write = bench.submit(Write.assign(1), at: 0)
        try bench.run(until: "the answer") { !write.list.isEmpty }
        try bench.settle()
        bench.crash(1)
        try bench.run(until: "the mark on disk") {
            bench[1].disk.applied != nil
        }
        bench.cut = [1]
        bench[1].edit = edit.apply
        try bench.start(1)
        let views = bench[1].views.count
        let unsealed = bench.unseal(1, key: edit == .wrongKey ? 2 : 1)
        bench.run(50)
        let refusal = try #require(unsealed.refusal)
        #expect(edit.names(refusal), "\(refusal)")
        #expect(bench[1].driver?.isSealed == true && bench[1].views.count == views)
        bench.crash(1)
        bench[1].edit = { _ in }
        try bench.start(1)
        bench.cut = []
        let genuine = bench.unseal(1)
        bench.run(50)
        #expect(genuine.index != nil)
        #expect(bench[1].views.last?.isAssigned(1) == true)
    }
}

extension EntryPayload {
    fileprivate var isCommand: Bool {
        if case .command = self { return true }
        return false
    }
}
