import Testing

@testable import Raft

@Suite struct RaftLogTests {
    private func entry(_ index: LogIndex, _ term: Term, bytes: Int = 0) -> LogEntry {
        LogEntry(index: index, term: term, payload: .command(Array(repeating: 0, count: bytes)), tag: [UInt8(index)])
    }

    private func log(terms: [Term], compacted: (LogIndex, Term) = (0, 0)) throws -> RaftLog {
        let entries = terms.enumerated().map { entry(compacted.0 + 1 + LogIndex($0.offset), $0.element) }
        return try RaftLog(
            restored: .init(
                entries: entries, compactedIndex: compacted.0, compactedTerm: compacted.1, compactedTag: [9]))
    }

    @Test func knowsItsEnds() throws {
        let log = try log(terms: [2, 3], compacted: (4, 2))
        #expect(log.lastIndex == 6)
        #expect(log.term(at: 3) == nil)
        #expect(log.term(at: 4) == 2)
        #expect(log.tag(at: 4) == [9])
        #expect(log.entry(at: 4) == nil)
        #expect(log.term(at: 6) == 3)
        #expect(log.term(at: 7) == nil)
        #expect(log.lastTag == [6])
        #expect(log.entries(from: 0, through: 99).map(\.index) == [5, 6])
        #expect(log.entries(from: 6, through: 5).isEmpty)
    }

    /// Paper, Figure 7: where the leader's log and each follower's can agree, by a hint of the follower's.
    @Test func latestAgreementSkipsTerms() throws {
        let leader = try log(terms: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6])
        #expect(leader.latestAgreement(with: 11, term: 3) == 3)
        #expect(leader.latestAgreement(with: 7, term: 4) == 5)
        #expect(leader.latestAgreement(with: 12, term: 7) == 10)
        #expect(leader.latestAgreement(with: 2, term: 9) == 2)
        #expect(leader.latestAgreement(with: 9, term: 0) == 0)
    }

    @Test func byteLimitAllowsAtLeastOneEntry() throws {
        var log = try log(terms: [])
        for index in 1...4 as ClosedRange<LogIndex> { log.append(entry(index, 1, bytes: 100)) }
        #expect(log.entries(from: 1, byteLimit: 1).entries.count == 1)
        let size = entry(1, 1, bytes: 100).size
        #expect(log.entries(from: 1, byteLimit: 2 * size).entries.count == 2)
        #expect(log.entries(from: 1, byteLimit: 2 * size).bytes == 2 * size)
        #expect(log.entries(from: 3, byteLimit: 99 * size).entries.count == 2)
        #expect(log.entries(from: 5, byteLimit: size).entries.isEmpty)
        #expect(log.entries(from: 2, byteLimit: 99 * size, countLimit: 2).entries.map(\.index) == [2, 3])
        #expect(log.entries(from: 2, byteLimit: 99 * size, countLimit: 2).bytes == 2 * size)
        #expect(log.entries(from: 3, byteLimit: 99 * size, countLimit: 0).entries.count == 1)
    }

    @Test func compactionKeepsTheRest() throws {
        var log = try log(terms: [1, 1, 2, 2])
        log.compact(through: 3)
        #expect(log.compactedTerm == 2)
        #expect(log.compactedTag == [3])
        #expect(log.entries(from: 1, through: 9).map(\.index) == [4])
        log.compact(through: 2)
        log.compact(through: 7)
        #expect(log.compactedIndex == 3)
        log.truncate(from: 2)
        #expect(log.lastIndex == 4)
    }

    @Test func snapshotKeepsWhatFollowsFromIt() throws {
        var agreeing = try log(terms: [1, 1, 2, 2])
        agreeing.restart(at: 3, term: 2, tag: [7])
        #expect(agreeing.lastIndex == 4)
        var other = try log(terms: [1, 1, 1, 1])
        other.restart(at: 3, term: 2, tag: [7])
        #expect(other.lastIndex == 3)
        #expect(other.lastTerm == 2)
        #expect(other.lastTag == [7])
        #expect(!other.hasWrites)
    }
}
