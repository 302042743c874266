import AccessControl
import PoolState
import Testing

/// The same log gives the same state everywhere, and rows are all that there is to it.
@Suite struct DeterminismTests {
    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func replicasAgreeAndRowsRebuildTheState(_ seed: UInt64) throws {
        var commands = RandomCommands(seed: seed)
        var first = Replica.activated()
        var second = Replica.activated()
        var applied = 0
        for step in 0..<600 {
            let command = commands.next(first.state)
            first.time += Int64(step % 7) * 40_000_000
            second.time = first.time
            if case .refused = first.apply(command) {} else { applied += 1 }
            second.apply(command)
            #expect(first.state.root == second.state.root)
            if step % 60 == 0 {
                // A restart in the middle changes nothing.
                second.state = try second.reloaded()
                #expect(second.state.root == first.state.root)
            }
        }
        #expect(applied > 150 && applied < 550)
        #expect(first.rows == second.rows && first.blobs == second.blobs)
        expectEqual(first.state, try first.reloaded())
        expectBlobsMatch(first)
    }

    /// Rows that change often are hashed once for many entries.
    @Test func theRootMayFollowLater() {
        var commands = RandomCommands(seed: 7)
        var replica = Replica.activated()
        var late = replica.state
        var changed: [[UInt8]: RowChange] = [:]
        for step in 1...200 {
            let command = commands.next(replica.state)
            let proposal = ProposalEnvelope(
                proposalID: GUID(high: 0x1d, low: UInt64(1_000 + step)).bytes, proposer: 1,
                principal: Fixture.administrator, authentication: .token, stampedAt: replica.time, command: command)
            replica.apply(proposal)
            let before = late.root
            let result = late.apply(index: replica.index, term: 1, proposal, updatingRoot: false)
            #expect(late.root == before)
            for row in result.rows { changed[[row.table] + row.key] = row }
            guard step % 9 == 0 else { continue }
            for _ in 1...2 { late.updateRoot(with: Array(changed.values)) }
            #expect(late.root == replica.state.root)
            changed = [:]
        }
    }

    @Test func aRefusedCommandChangesOnlyTimeAndMemory() {
        var replica = Replica.activated()
        let result = replica.apply(id: [UInt8](repeating: 7, count: 16), .deleteKey(name: "none"))
        #expect(result.outcome == .refused(.keyNotFound))
        #expect(Set(result.rows.map(\.table)) == [RowTable.completedProposal.rawValue, RowTable.progress.rawValue])
        #expect(result.blobs.isEmpty)
    }

    @Test func aPublishedCopyStaysAsItWas() {
        var replica = Replica.activated()
        replica.apply(.createKeyVersion(Fixture.key("a")))
        let published = replica.state
        let root = published.root
        replica.apply(.deleteKey(name: "a"))
        #expect(published.key("a") != nil && published.root == root && published.keyCount == 1)
        #expect(replica.state.key("a") == nil && replica.state.root != root)
    }

    @Test func theRootOfTheEmptyStateIsThatOfNoRows() throws {
        #expect(PoolState().root == (try PoolState(rows: [])).root)
    }

    @Test func timeNeverFalls() {
        var replica = Replica.activated()
        replica.time = Fixture.start + 5000
        replica.apply(.deleteKey(name: "none"))
        replica.time = Fixture.start - 1_000_000
        replica.apply(.deleteKey(name: "none"))
        #expect(replica.state.logTime == Fixture.start + 5000)
        replica.time = .min
        replica.apply(.deleteKey(name: "none"))
        #expect(replica.state.logTime == Fixture.start + 5000)
        replica.time = .max
        replica.apply(.deleteKey(name: "none"))
        #expect(replica.state.logTime == .max)
    }

    private func expectEqual(_ left: PoolState, _ right: PoolState) {
        #expect(left.root == right.root)
        #expect(left.pool == right.pool && left.members == right.members && left.principals == right.principals)
        #expect(left.keys(limit: .max) == right.keys(limit: .max))
        #expect(left.deletedKeys(limit: .max) == right.deletedKeys(limit: .max))
        #expect(left.keys(limit: .max).map(\.name) == left.keys(limit: .max).map(\.name).sorted())
        #expect(left.keyCount == left.keys(limit: .max).count)
        #expect(Set(left.permissions.assignments) == Set(right.permissions.assignments))
        #expect(left.permissions.roleDefinitions == right.permissions.roleDefinitions)
        #expect(left.securityDomain == right.securityDomain && left.auditHeads == right.auditHeads)
        #expect(left.logTime == right.logTime)
    }

    /// Every blob that the state names, of staged keys too, is there and no other.
    private func expectBlobsMatch(_ replica: Replica) {
        let digests = Array(replica.state.recordDigests)
        #expect(Set(digests) == Set(replica.blobs.keys))
        #expect(Set(digests).count == digests.count)
    }
}
