import AccessControl
import CryptographicModule
import PoolState
import Testing

/// A change of the root, step by step, and what is refused at each.
@Suite struct RootChangeTests {
    static let id = [UInt8](repeating: 0xC, count: 16)

    static func order(expires: Int64 = Fixture.start / 1000 + 3600) -> RootChangeOrder {
        RootChangeOrder(id: id, required: 2, officers: [[7], [8], [9]], expires: expires)
    }

    static func prepared(_ state: PoolState, seed: UInt8 = 1) -> PreparedRoot {
        PreparedRoot(
            base: Digest.sha256(state.pool?.keyring ?? []), keyring: [0x50, seed], bridge: [2, seed],
            wayBack: [3, seed],
            commitments: (0..<3).map { [UInt8](repeating: seed + $0, count: 32) }, encryptedData: [4, seed])
    }

    /// With keys outside of the pool that open the next root.
    static func tokens(_ count: Int) -> [UnsealKey] {
        (0..<count).map { number in
            UnsealKey(provider: 1, name: "token \(number)", point: [4] + [UInt8](repeating: UInt8(number), count: 64))
        }
    }

    static func vote(_ officer: UInt8) -> RootVote { RootVote(officer: officer, signature: [officer, 1]) }

    private var proposed: Replica {
        var replica = Replica.activated()
        #expect(replica.apply(.beginRootChange(Self.order())) == .applied)
        return replica
    }

    /// The fixture's officers are three, two of them a quorum.
    private var approved: Replica {
        var replica = proposed
        for officer in [UInt8(2), 1] {
            #expect(replica.apply(.approveRootChange(id: Self.id, Self.vote(officer))) == .applied)
        }
        return replica
    }

    private var readied: Replica {
        var replica = approved
        #expect(replica.apply(.prepareRoot(id: Self.id, Self.prepared(replica.state))) == .applied)
        return replica
    }

    private var committed: Replica {
        var replica = readied
        for officer in [UInt8(3), 1, 2] {
            #expect(replica.apply(.confirmRoot(id: Self.id, Self.vote(officer))) == .applied)
        }
        return replica
    }

    @Test func theFormerRootRulesUntilTheLastConfirmation() throws {
        var replica = readied
        let before = try #require(replica.state.pool)
        let former = try #require(replica.state.securityDomain)
        for officer in [UInt8(3), 1] { replica.apply(.confirmRoot(id: Self.id, Self.vote(officer))) }
        #expect(replica.state.pool == before && replica.state.securityDomain == former)
        #expect(replica.state.rootChange?.confirmations.map(\.officer) == [1, 3])
        #expect(replica.apply(.confirmRoot(id: Self.id, Self.vote(2))) == .applied)

        let (pool, domain) = (try #require(replica.state.pool), try #require(replica.state.securityDomain))
        #expect(pool.rootGeneration == 1 && pool.keyring == [0x50, 1] && pool.rootBridge == [2, 1])
        #expect(pool.formerRoots == [[3, 1]] && domain.generation == 1 && domain.officers == [[7], [8], [9]])
        let change = try #require(replica.state.rootChange)
        #expect(change.former == former && change.formerKeyring == before.keyring && change.committed != nil)
        #expect(try replica.reloaded().root == replica.state.root)
        #expect(try replica.reloaded().rootChange == change)
    }

    @Test func itEndsWhenEveryMemberHasFollowed() throws {
        var replica = committed
        for node in [UInt64(2), 1, 2] {
            #expect(replica.apply(.holdRoot(id: Self.id, node: node)) == .applied)
            #expect(replica.state.rootChange != nil)
        }
        #expect(replica.apply(.holdRoot(id: Self.id, node: 9)) == .refused(.memberNotFound))
        #expect(replica.apply(.holdRoot(id: Self.id, node: 3)) == .applied)
        #expect(replica.state.rootChange == nil && replica.state.pool?.rootBridge == [])
        #expect(replica.state.pool?.formerRoots == [[3, 1]])
        #expect(try replica.reloaded().root == replica.state.root)
        #expect(replica.apply(.holdRoot(id: Self.id, node: 3)) == .refused(.rootChangeNotFound))
        // And a next one can begin.
        #expect(replica.apply(.beginRootChange(Self.order())) == .applied)
        #expect(replica.state.rootChange?.generation == 1)
    }

    @Test func keysOutsideOfThePoolAreThoseOfTheOrder() throws {
        var replica = Replica.activated()
        var order = Self.order()
        order.unsealKeys = Self.tokens(2)
        #expect(replica.apply(.beginRootChange(order)) == .applied)
        for officer in [UInt8(2), 1] { replica.apply(.approveRootChange(id: Self.id, Self.vote(officer))) }
        var prepared = Self.prepared(replica.state)
        for wrong in [[], [[1]], [[1], []], [[1], [2], [3]], [[1], [UInt8](repeating: 1, count: 513)]] {
            prepared.unsealRecords = wrong
            #expect(replica.apply(.prepareRoot(id: Self.id, prepared)) == .refused(.invalidRootChange))
        }
        prepared.unsealRecords = [[1], [2]]
        #expect(replica.apply(.prepareRoot(id: Self.id, prepared)) == .applied)
        #expect(replica.state.securityDomain?.unsealKeys == [])
        for officer in [UInt8(3), 1, 2] { replica.apply(.confirmRoot(id: Self.id, Self.vote(officer))) }
        let domain = try #require(replica.state.securityDomain)
        #expect(domain.unsealKeys == Self.tokens(2) && domain.unsealRecords == [[1], [2]])
        #expect(try replica.reloaded().root == replica.state.root)
        #expect(try replica.reloaded().securityDomain == domain)
        #expect(domain.withoutUnsealKeys.unsealKeys == [] && domain.withoutUnsealKeys.unsealRecords == [])
    }

    @Test func onlySoManyDifferentKeysAreTaken() {
        let tokens = Self.tokens(PoolLimits.unsealKeys + 1)
        var nameless = tokens[0]
        nameless.name = ""
        var short = tokens[0]
        short.point.removeLast()
        var unknown = tokens[0]
        unknown.provider = 0
        for wrong in [tokens, [tokens[0], tokens[0]], [nameless], [short], [unknown]] {
            var replica = Replica.activated()
            var order = Self.order()
            order.unsealKeys = wrong
            #expect(replica.apply(.beginRootChange(order)) == .refused(.invalidRootChange))
        }
    }

    @Test func aMemberThatWasRemovedIsNotWaitedFor() {
        var replica = committed
        for node in [UInt64(1), 2] { replica.apply(.holdRoot(id: Self.id, node: node)) }
        replica.configure(voters: [1, 2, 3])
        #expect(replica.apply(.removeNode(3)) == .applied)
        #expect(replica.apply(.holdRoot(id: Self.id, node: 1)) == .applied)
        #expect(replica.state.rootChange == nil)
    }

    @Test func nothingHappensWithoutAQuorum() {
        var replica = proposed
        #expect(
            replica.apply(.prepareRoot(id: Self.id, Self.prepared(replica.state))) == .refused(.rootNotApproved))
        // The same officer twice is one officer.
        for _ in 0..<2 { replica.apply(.approveRootChange(id: Self.id, Self.vote(1))) }
        #expect(
            replica.apply(.prepareRoot(id: Self.id, Self.prepared(replica.state))) == .refused(.rootNotApproved))
        #expect(replica.apply(.confirmRoot(id: Self.id, Self.vote(1))) == .refused(.rootNotPrepared))
        #expect(replica.apply(.commitRoot(id: Self.id)) == .refused(.rootNotConfirmed))
        for officer in [UInt8(0), 4] {
            #expect(
                replica.apply(.approveRootChange(id: Self.id, Self.vote(officer))) == .refused(.invalidRootChange))
        }
        #expect(
            replica.apply(.approveRootChange(id: [1], Self.vote(2))) == .refused(.rootChangeNotFound))
        #expect(replica.state.pool?.rootGeneration == 0)
    }

    @Test func aQuorumOfTheNextOfficersIsEnoughWhereSomebodySaysSo() {
        var replica = readied
        replica.apply(.confirmRoot(id: Self.id, Self.vote(1)))
        #expect(replica.apply(.commitRoot(id: Self.id)) == .refused(.rootNotConfirmed))
        replica.apply(.confirmRoot(id: Self.id, Self.vote(3)))
        #expect(replica.apply(.commitRoot(id: Self.id)) == .applied)
        #expect(replica.state.pool?.rootGeneration == 1)
        #expect(replica.apply(.commitRoot(id: Self.id)) == .refused(.rootChangeCommitted))
        #expect(replica.apply(.abortRootChange(id: Self.id)) == .refused(.rootChangeCommitted))
        #expect(replica.apply(.beginRootChange(Self.order())) == .refused(.rootChangeUnderWay))
    }

    @Test func whatIsPreparedAnewNeedsNewConfirmations() {
        var replica = readied
        for officer in [UInt8(1), 2] { replica.apply(.confirmRoot(id: Self.id, Self.vote(officer))) }
        #expect(replica.apply(.prepareRoot(id: Self.id, Self.prepared(replica.state, seed: 9))) == .applied)
        #expect(replica.state.rootChange?.confirmations == [])
        #expect(replica.apply(.confirmRoot(id: Self.id, Self.vote(3))) == .applied)
        #expect(replica.state.pool?.rootGeneration == 0)
    }

    @Test func anAbortLeavesNothing() throws {
        var replica = readied
        let (pool, domain) = (replica.state.pool, replica.state.securityDomain)
        #expect(replica.apply(.abortRootChange(id: Self.id)) == .applied)
        #expect(replica.state.rootChange == nil && replica.state.pool == pool)
        #expect(replica.state.securityDomain == domain)
        #expect(replica.apply(.confirmRoot(id: Self.id, Self.vote(1))) == .refused(.rootChangeNotFound))
        #expect(try replica.reloaded().root == replica.state.root)
    }

    @Test func timeRunsOutBeforeThePreparation() {
        var replica = proposed
        replica.apply(.approveRootChange(id: Self.id, Self.vote(1)))
        replica.advance(seconds: 3600)
        #expect(replica.apply(.approveRootChange(id: Self.id, Self.vote(2))) == .refused(.rootChangeExpired))
        // Then another one takes its place.
        let later = Self.order(expires: Fixture.start / 1000 + 7200)
        #expect(replica.apply(.beginRootChange(later)) == .applied)
        #expect(replica.state.rootChange?.approvals == [])
    }

    @Test func aBackupUnderWayHoldsTheCommitBack() {
        var replica = readied
        replica.apply(.beginJob(Fixture.job(1, .backup)))
        for officer in [UInt8(1), 2] { replica.apply(.confirmRoot(id: Self.id, Self.vote(officer))) }
        #expect(replica.apply(.confirmRoot(id: Self.id, Self.vote(3))) == .refused(.jobRunning))
        #expect(
            replica.apply(.completeJob(id: Fixture.jobID(1), items: 0, bytes: 0, keys: 0, report: "")) == .applied)
        #expect(replica.apply(.confirmRoot(id: Self.id, Self.vote(3))) == .applied)
        #expect(replica.state.pool?.rootGeneration == 1)
    }

    @Test func malformedOnesAreRefused() {
        var replica = Replica.activated()
        for edit: (inout RootChangeOrder) -> Void in [
            { $0.id = [1] }, { $0.required = 4 }, { $0.required = 0 }, { $0.officers = [] },
            { $0.officers = [[7], [7]] }, { $0.officers = [[7], []] }, { $0.expires = Fixture.start / 1000 },
            { $0.expires += 8 * 86_400 },
        ] {
            var order = Self.order()
            edit(&order)
            #expect(replica.apply(.beginRootChange(order)) == .refused(.invalidRootChange))
        }
        replica = approved
        for edit: (inout PreparedRoot) -> Void in [
            { $0.keyring = [] }, { $0.bridge = [] }, { $0.wayBack = [] }, { $0.commitments.removeLast() },
            { $0.commitments[0] = [1] }, { $0.encryptedData = [] }, { $0.base = [1] },
        ] {
            var prepared = Self.prepared(replica.state)
            edit(&prepared)
            #expect(replica.apply(.prepareRoot(id: Self.id, prepared)) == .refused(.invalidRootChange))
        }
        var foreign = Self.prepared(replica.state)
        foreign.base = [UInt8](repeating: 0, count: 32)
        #expect(replica.apply(.prepareRoot(id: Self.id, foreign)) == .refused(.rootGenerationMismatch))
    }

    @Test func aPoolWithoutOfficersHasNobodyToApprove() {
        var replica = Replica()
        replica.apply(.initializePool(Fixture.genesis()))
        #expect(replica.apply(.beginRootChange(Self.order())) == .refused(.notActivated))
    }
}
