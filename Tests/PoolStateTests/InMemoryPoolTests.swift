import PoolState
import RequestTesting
import Testing

@Suite struct InMemoryPoolTests {
    private let origin = ProposalOrigin(principal: Fixture.administrator, authentication: .token)

    @Test func whatIsSubmittedIsRead() async throws {
        let pool = InMemoryPool()
        let committed = try await pool.submit(.initializePool(Fixture.genesis()), origin: origin)
        #expect(committed.outcome == .applied && committed.index == 1)
        #expect(try await pool.read().state.pool?.name == "pool-1")
        #expect(pool.latestView === committed.view)
        let refused = try await pool.submit(.deleteKey(name: "a"), origin: origin)
        #expect(refused.outcome == .refused(.notActivated) && refused.view.appliedIndex == 2)
    }

    @Test func viewsDoNotChange() throws {
        let pool = InMemoryPool()
        pool.submitNow(.initializePool(Fixture.genesis()))
        let before = pool.latestView
        pool.submitNow(.securityDomainPrepared(Fixture.securityDomain()))
        #expect(before.state.phase == .provisioned && pool.latestView.state.phase == .activating)
    }

    @Test func aGivenProposalIdIsAppliedOnce() async throws {
        let pool = InMemoryPool(state: Replica.activated().state)
        var origin = origin
        origin.proposalID = [UInt8](repeating: 3, count: 16)
        let first = try await pool.submit(.createKeyVersion(Fixture.key("a")), origin: origin)
        let second = try await pool.submit(.createKeyVersion(Fixture.key("a")), origin: origin)
        #expect(first.outcome == second.outcome && second.view.state.key("a")?.versions.count == 1)
        let key = try #require(second.view.state.key("a"))
        #expect(pool.blob(digest: key.latest.recordDigest) == Fixture.key("a").record)
    }

    @Test func whatCannotBeEncodedIsRefused() {
        let pool = InMemoryPool(state: Replica.activated().state)
        var key = Fixture.key("a")
        key.record = [UInt8](repeating: 1, count: 100 << 10)
        let result = pool.submitNow(.createKeyVersion(key))
        #expect((try? result.get())?.outcome == .refused(.invalidProposal))
    }

    @Test func unavailability() async {
        let pool = InMemoryPool()
        pool.setUnavailable(.timedOut(maybeApplied: true))
        await #expect(throws: PoolUnavailable.timedOut(maybeApplied: true)) { try await pool.read() }
        await #expect(throws: PoolUnavailable.timedOut(maybeApplied: true)) {
            try await pool.submit(.deleteKey(name: "a"), origin: origin)
        }
        pool.setUnavailable(nil)
        await #expect(throws: Never.self) { try await pool.read() }
    }

    @Test func timeMovesOnlyWhenTold() throws {
        let pool = InMemoryPool(milliseconds: 1000)
        pool.submitNow(.initializePool(Fixture.genesis()))
        pool.advance(toMilliseconds: 9000)
        pool.submitNow(.deleteKey(name: "a"))
        #expect(pool.latestView.state.pool?.created == 1 && pool.latestView.state.logTime == 9000)
    }
}
