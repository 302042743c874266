import AccessControl
import PoolState
import Testing

@Suite struct ExactlyOnceTests {
    private let id = [UInt8](repeating: 0x77, count: 16)

    @Test func aRepetitionHasTheFirstOutcomeAndChangesNothing() throws {
        var replica = Replica.activated()
        let first = replica.apply(id: id, .createKeyVersion(Fixture.key("a")))
        #expect(first.outcome == .key(name: "a", version: Fixture.version(1)) && !first.isRepetition)
        let root = replica.state.root
        replica.time += 1000
        let second = replica.apply(id: id, .createKeyVersion(Fixture.key("a")))
        #expect(second.outcome == first.outcome && second.isRepetition)
        #expect(second.rows.isEmpty && second.blobs.isEmpty)
        #expect(replica.state.root == root && replica.state.key("a")?.versions.count == 1)
    }

    @Test func aRefusalIsRememberedToo() {
        var replica = Replica.activated()
        #expect(replica.apply(id: id, .deleteKey(name: "a")).outcome == .refused(.keyNotFound))
        replica.apply(.createKeyVersion(Fixture.key("a")))
        #expect(replica.apply(id: id, .deleteKey(name: "a")).outcome == .refused(.keyNotFound))
        #expect(replica.state.key("a") != nil)
    }

    @Test func theMemorySurvivesARestart() throws {
        var replica = Replica.activated()
        replica.apply(id: id, .createKeyVersion(Fixture.key("a")))
        replica.state = try replica.reloaded()
        #expect(replica.state.outcome(ofProposal: id) == .key(name: "a", version: Fixture.version(1)))
        #expect(replica.apply(id: id, .createKeyVersion(Fixture.key("a"))).isRepetition)
    }

    @Test func aCopyForReadersHasTheRecordsAlone() {
        var replica = Replica.activated()
        replica.apply(id: id, .createKeyVersion(Fixture.key("a")))
        let copy = replica.state.forReaders
        #expect(copy.key("a") == replica.state.key("a") && copy.pool == replica.state.pool)
        #expect(copy.root.isEmpty && copy.outcome(ofProposal: id) == nil)
        #expect(replica.state.root.count == 32 && replica.state.outcome(ofProposal: id) != nil)
    }

    @Test func theLast8192AreRemembered() throws {
        var replica = Replica.activated()
        replica.apply(id: id, .deleteKey(name: "none"))
        for _ in 0..<8191 {
            replica.apply(.deleteKey(name: "none"))
        }
        #expect(replica.state.outcome(ofProposal: id) != nil)
        replica.apply(.deleteKey(name: "none"))
        #expect(replica.state.outcome(ofProposal: id) == nil)
        #expect(replica.rows.values.count { $0.table == RowTable.completedProposal.rawValue } == 8192)
        #expect(try replica.reloaded().root == replica.state.root)
    }

    @Test func anIdOfAnotherLengthIsRefusedAndNotRemembered() {
        var replica = Replica.activated()
        let root = replica.state.root
        let result = replica.apply(id: [1, 2, 3], .deleteKey(name: "a"))
        #expect(result.outcome == .refused(.invalidProposal) && result.rows.isEmpty)
        #expect(replica.state.root == root)
    }
}
