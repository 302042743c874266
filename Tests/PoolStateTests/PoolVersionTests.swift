import PoolState
import Testing

/// The pool's own version only rises, and only over members that were all asked.
@Suite struct PoolVersionTests {
    private let second = PoolVersion(rawValue: 2)
    private let ticket = [UInt8](repeating: 9, count: 32)

    private func pool() -> Replica {
        var replica = Replica()
        replica.apply(.initializePool(Fixture.genesis()))
        replica.configure(voters: [1, 2, 3])
        return replica
    }

    private func invited() -> Replica {
        var replica = pool()
        let invitation = NodeInvitation(name: "node-4", ticketDigest: ticket, expires: Fixture.start / 1000 + 60)
        #expect(replica.apply(.inviteNode(invitation)) == .applied)
        return replica
    }

    @Test func itRisesAndNeverFalls() throws {
        var replica = pool()
        #expect(replica.state.version == .first)
        // Pools of the first version have no row for it: their roots are what they were before there were versions.
        #expect(replica.rows.values.allSatisfy { $0.table != RowTable.poolVersion.rawValue })
        #expect(replica.apply(.raisePoolVersion(second, knownBy: [1, 2, 3])) == .applied)
        #expect(replica.state.version == second)
        #expect(replica.apply(.raisePoolVersion(.first, knownBy: [1, 2, 3])) == .applied)
        #expect(replica.apply(.raisePoolVersion(second, knownBy: [])) == .applied)
        #expect(replica.state.version == second)
        let reloaded = try replica.reloaded()
        #expect(reloaded.version == second && reloaded.root == replica.state.root)
        #expect(PoolVersion(ofRows: replica.rows.values) == second)
        #expect(PoolState.root(ofRows: replica.rows.values) == replica.state.root)
    }

    @Test func everyMemberWasAsked() {
        var replica = pool()
        #expect(replica.apply(.raisePoolVersion(second, knownBy: [1, 2])) == .refused(.versionNotKnownByAll))
        // A learner counts, and so does one that is on its way out.
        replica.configure(voters: [1, 2, 3], learners: [5])
        #expect(replica.apply(.raisePoolVersion(second, knownBy: [1, 2, 3])) == .refused(.versionNotKnownByAll))
        replica.configure(voters: [1, 2], outgoing: [1, 2, 3, 6])
        #expect(replica.apply(.raisePoolVersion(second, knownBy: [1, 2, 3])) == .refused(.versionNotKnownByAll))
        #expect(replica.state.version == .first)
        #expect(replica.apply(.raisePoolVersion(second, knownBy: [1, 2, 3, 6])) == .applied)
    }

    /// The leader asked everybody before the node was admitted, and its command comes after that.
    @Test func whoWasAdmittedMeanwhileIsNotPassedOver() {
        var replica = invited()
        #expect(replica.apply(.admitNode(Fixture.admission(knows: 1))) == .applied)
        #expect(replica.apply(.raisePoolVersion(second, knownBy: [1, 2, 3])) == .refused(.versionNotKnownByAll))
        #expect(replica.apply(.raisePoolVersion(second, knownBy: [1, 2, 3, 4])) == .applied)
    }

    @Test func whoIsTooOldDoesNotComeIn() {
        var replica = invited()
        #expect(replica.apply(.raisePoolVersion(second, knownBy: [1, 2, 3])) == .applied)
        #expect(replica.apply(.admitNode(Fixture.admission(knows: 1))) == .refused(.nodeTooOld))
        #expect(replica.apply(.admitNode(Fixture.admission(knows: 2))) == .applied)
        // Nor when it asks once more, with the ticket that it was admitted by.
        #expect(replica.apply(.admitNode(Fixture.admission(knows: 1))) == .refused(.nodeTooOld))
    }

    @Test func catalogs() {
        let former = CommandCatalog(newest: .first) { command in
            if case .deleteKey = command { PoolVersion(rawValue: 2) } else { .first }
        }
        #expect(former.knows(.recoverKey(name: "a")) && !former.knows(.deleteKey(name: "a")))
        #expect(CommandCatalog.current.newest == .newest)
        #expect(CommandCatalog.current.knows(.deleteKey(name: "a")))
        // A root for officers alone is of the form that came first.
        var order = RootChangeTests.order()
        #expect(CommandCatalog.current.since(.beginRootChange(order)) == .rootChanges)
        order.unsealKeys = RootChangeTests.tokens(1)
        #expect(CommandCatalog.current.since(.beginRootChange(order)) == .unsealKeys)
        var prepared = RootChangeTests.prepared(PoolState())
        #expect(CommandCatalog.current.since(.prepareRoot(id: [1], prepared)) == .rootChanges)
        prepared.unsealRecords = [[1]]
        #expect(CommandCatalog.current.since(.prepareRoot(id: [1], prepared)) == .unsealKeys)
    }

    /// What a former program can't apply, or not in this form, waits for all to know it.
    @Test func newFormsOfCommandsAreLater() {
        let since = CommandCatalog.current.since
        #expect(since(.beginJob(Fixture.job(1, .backup))) == .first)
        #expect(since(.beginJob(Fixture.identityJob)) == .backupSchedules)
        for command in [
            PoolCommand.setBackupSchedule(nil), .retireBackup([]), .forgetBackup([]),
            .beginScheduledBackup(Fixture.job(1, .backup), schedule: [], due: nil),
        ] {
            #expect(since(command) == .backupSchedules)
        }
    }

    /// A former program takes no more than 64 KiB of it, with what a proposal has beside it.
    @Test func largeStepsOfRestoresAreLater() {
        let former = CommandCatalog(newest: .unsealKeyHolders, since: CommandCatalog.current.since)
        for command in [
            NewPoolFixture.stagingKeyring(of: 62 << 10), .stagePolicy(job: [1], NewPoolFixture.everything),
        ] {
            #expect(former.knows(command) && CommandCatalog.current.since(command) == .first)
        }
        for size in [64 << 10, 512 << 10] {
            let command = NewPoolFixture.stagingKeyring(of: size)
            #expect(!former.knows(command) && CommandCatalog.current.since(command) == .amendments)
        }
    }

    /// A former program would take the key for one of a token.
    @Test func aKeyThatNoTokenHoldsNeedsTheVersionThatBroughtIt() {
        let former = CommandCatalog(newest: .restoreOrders, since: CommandCatalog.current.since)
        var order = RootChangeTests.order()
        order.unsealKeys = RootChangeTests.tokens(2)
        #expect(former.knows(.beginRootChange(order)))
        order.unsealKeys[1].provider = 2
        #expect(!former.knows(.beginRootChange(order)) && CommandCatalog.current.knows(.beginRootChange(order)))
    }
}
