import AccessControl
import PoolState
import Testing

@Suite struct StateRowsTests {
    private func replica() -> Replica {
        var replica = Replica.activated()
        replica.apply(.createKeyVersion(Fixture.key("a", version: 1)))
        replica.apply(.createKeyVersion(Fixture.key("a", version: 2)))
        replica.apply(.createKeyVersion(Fixture.key("b")))
        replica.apply(.deleteKey(name: "b"))
        replica.apply(.putRoleDefinition(RoleDefinition(id: GUID(high: 7, low: 1), name: "", dataActions: ["*"])))
        replica.apply(
            .auditHead(AuditHead(node: 1, count: 3, hash: [UInt8](repeating: 1, count: 32), time: 5)))
        replica.apply(
            .unsealGranted(
                UnsealGrant(node: 2, bootNonce: [1], grantedBy: 1, ticketDigest: [UInt8](repeating: 1, count: 32))))
        replica.apply(.beginRootChange(RootChangeTests.order()))
        replica.configure(voters: [1, 2, 3])
        replica.apply(
            .inviteNode(
                NodeInvitation(
                    name: "node-4", ticketDigest: [UInt8](repeating: 2, count: 32),
                    expires: Fixture.start / 1000 + 60)))
        replica.apply(.setBackupSchedule(Fixture.schedule(hourly: 2)))
        replica.apply(.beginScheduledBackup(Fixture.job(2, .backup), schedule: Fixture.schedule().id, due: nil))
        replica.apply(.completeJob(id: Fixture.jobID(2), items: 1, bytes: 2, keys: 0, report: ""))
        replica.apply(.beginJob(Fixture.job(3, .restoreOrder)))
        let order = RestoreOrderCommand.order(job: Fixture.jobID(3), RestoreOrderTests.backup, consequences: ["a"])
        replica.apply(.restoreOrder(order))
        replica.apply(.restoreOrder(.approve(id: Fixture.jobID(3), RootChangeTests.vote(1))))
        replica.apply(.completeJob(id: Fixture.jobID(3), items: 1, bytes: 2, keys: 0, report: ""))
        replica.apply(.beginJob(Fixture.job(1, .keyRestore, key: "c")))
        replica.apply(.stageKeys(job: Fixture.jobID(1), [Fixture.staged("c", versions: [1, 2])]))
        replica.apply(.raisePoolVersion(PoolVersion(rawValue: 7), knownBy: [1, 2, 3]))
        return replica
    }

    @Test func everyTableIsWrittenAndReadBack() throws {
        let replica = replica()
        // What only a pool without keys can have is in NewPoolTests, what no backup can stand beside in
        // KeyEncryptionTests.
        let tables = RowTable.allCases.filter { ![.stagedPolicy, .keyEncryption, .rewrappedBatch].contains($0) }
        #expect(Set(replica.rows.values.map(\.table)) == Set(tables.map(\.rawValue)))
        #expect(try replica.reloaded().root == replica.state.root)
    }

    /// A row edited on the disk is either no row of a state, or changes the root, which is authenticated elsewhere.
    @Test func noEditGoesUnnoticed() {
        let replica = replica()
        var random = SplitMix(seed: 5)
        let rows = replica.rows.values.sorted { ($0.table, $0.key.count) < ($1.table, $1.key.count) }
        for position in rows.indices {
            for _ in 0..<25 {
                var edited = rows
                let row = rows[position]
                var value = row.value ?? []
                if value.isEmpty { continue }
                value[Int.random(in: 0..<value.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                edited[position] = RowChange(table: row.table, key: row.key, value: value)
                #expect((try? PoolState(rows: edited).root) != replica.state.root)
            }
            var missing = rows
            missing.remove(at: position)
            #expect((try? PoolState(rows: missing).root) != replica.state.root)
        }
    }

    @Test func rowsUnderAnotherKeyAreRefused() {
        let replica = replica()
        for row in replica.rows.values {
            let others = replica.rows.values.filter { $0 != row }
            let moved = RowChange(table: row.table, key: row.key + [1], value: row.value)
            #expect(throws: StateCorruption.self) { try PoolState(rows: others + [moved]) }
        }
    }

    @Test func rowsThatNoStateHas() {
        let rows = Array(replica().rows.values)
        #expect(throws: StateCorruption.unknownTable(99)) {
            try PoolState(rows: rows + [RowChange(table: 99, key: [], value: [])])
        }
        #expect(throws: StateCorruption.malformedRow(table: .key)) {
            try PoolState(rows: rows + [RowChange(table: RowTable.key.rawValue, key: [1], value: nil)])
        }
        for row in rows {
            #expect(throws: StateCorruption.self) { try PoolState(rows: rows + [row]) }
        }
        for table in [RowTable.key, .pool, .completedProposal, .progress] {
            #expect(throws: StateCorruption.self) {
                try PoolState(rows: rows.filter { $0.table != table.rawValue })
            }
        }
    }

    /// Without the pool's own row there is none of the others, but for refused proposals and who votes.
    @Test func beforeGenesisThereIsNoPoolsRow() throws {
        let rows = Array(replica().rows.values) + Array(KeyEncryptionTests.rewrapping.rows.values)
        let free: [RowTable] = [.completedProposal, .progress, .membership]
        for table in RowTable.allCases where !free.contains(table) && table != .pool {
            for row in rows where row.table == table.rawValue {
                #expect(throws: StateCorruption.self, "\(table)") { try PoolState(rows: [row]) }
            }
        }
        for table in [RowTable.keyEncryption, .rewrappedBatch, .nodeNumbers] {
            let row = try #require(rows.first { $0.table == table.rawValue })
            #expect(throws: StateCorruption.danglingRow(table: .pool)) { try PoolState(rows: [row]) }
        }
        let membership = try #require(rows.first { $0.table == RowTable.membership.rawValue })
        #expect(throws: Never.self) { try PoolState(rows: [membership]) }
    }

    @Test func randomRowsAreHarmless() {
        var random = SplitMix(seed: 17)
        for _ in 0..<20_000 {
            let value = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let table = UInt8.random(in: 0...51, using: &random)
            _ = try? PoolState(rows: [RowChange(table: table, key: [], value: value)])
        }
    }
}
