@testable import HSMNode
import Raft
import Testing

/// How much of the log stays.
@Suite struct CompactionPolicyTests {
    private func policy(_ adjust: (inout NodeOptions) -> Void = { _ in }) -> CompactionPolicy {
        var options = NodeOptions(raft: Raft.Options(id: NodeID(1), randomSeed: 1), version: "test")
        (options.logEntriesKept, options.compactionStep) = (100, 10)
        (options.logBytesKept, options.logBytesHeld) = (1_000, 3_000)
        options.logAgeKept = 80
        adjust(&options)
        return CompactionPolicy(options: options)
    }

    private func situation(
        saved: LogIndex, compacted: LogIndex = 0, bytes: Int = 500, living: LogIndex = .max, readers: LogIndex = .max,
        now: UInt64 = 1, byteCut: LogIndex = 0
    ) -> CompactionPolicy.Situation {
        CompactionPolicy.Situation(
            saved: saved, compacted: compacted, bytes: bytes, living: living, readers: readers,
            now: Instant(nanoseconds: now), byteCut: { byteCut })
    }

    @Test func aStockStays() {
        var policy = policy()
        #expect(policy.cut(situation(saved: 105)) == nil)
        #expect(policy.cut(situation(saved: 150)) == 50)
        #expect(policy.cut(situation(saved: 155, compacted: 50)) == nil)
    }

    @Test func whoIsAliveIsWaitedForWhileTheLogIsSmall() {
        var policy = policy()
        #expect(policy.cut(situation(saved: 200, living: 30)) == 30)
        #expect(policy.cut(situation(saved: 200, living: 0)) == nil)
        #expect(policy.cut(situation(saved: 200, bytes: 2_900, living: 0, byteCut: 150)) == nil)
        #expect(policy.cut(situation(saved: 200, bytes: 3_001, living: 0, byteCut: 150)) == 150)
    }

    /// While somebody is behind, the question comes with every step.
    @Test func bytesAreCountedOnlyWhereSomeMayGo() {
        var policy = policy()
        var counts = 0
        var asked = situation(saved: 200, compacted: 30, bytes: 2_900, living: 30)
        asked.byteCut = {
            counts += 1
            return 150
        }
        #expect(policy.cut(asked) == nil)
        #expect(counts == 0)
        asked.living = 40
        #expect(policy.cut(asked) == 40)
        #expect(counts == 1)
    }

    @Test func whoReadsASnapshotFindsItsContinuation() {
        var policy = policy()
        #expect(policy.cut(situation(saved: 200, readers: 70)) == 70)
        #expect(policy.cut(situation(saved: 200, bytes: 3_001, readers: 70, byteCut: 150)) == 150)
    }

    @Test func largeEntriesGoSooner() {
        var policy = policy()
        #expect(policy.cut(situation(saved: 60, bytes: 1_001, byteCut: 40)) == 40)
        #expect(policy.cut(situation(saved: 60, bytes: 1_001, byteCut: 70)) == 60)
    }

    @Test func oldEntriesGoThoughTheyAreFew() {
        var policy = policy()
        #expect(policy.cut(situation(saved: 20, now: 100)) == nil)
        #expect(policy.cut(situation(saved: 30, now: 150)) == nil)
        #expect(policy.cut(situation(saved: 40, now: 181)) == 20)
        #expect(policy.cut(situation(saved: 40, compacted: 20, now: 231)) == 30)
        #expect(policy.cut(situation(saved: 40, compacted: 30, living: 15, now: 400)) == nil)
    }

    @Test func oldEntriesDoNotWaitForMoreToGoWithThem() {
        var policy = policy { $0.compactionStep = NodeOptions(raft: $0.raft, version: "test").compactionStep }
        #expect(policy.cut(situation(saved: 20, now: 100)) == nil)
        #expect(policy.cut(situation(saved: 40, now: 150)) == nil)
        #expect(policy.cut(situation(saved: 40, now: 181)) == 20)
        #expect(policy.cut(situation(saved: 40, compacted: 20, now: 185)) == nil)
        // Once there is something to cut, it is cut by number too.
        #expect(policy.cut(situation(saved: 600, compacted: 20, now: 231)) == 500)
    }

    @Test func aCutThatFoundNoRoomIsNotDueAtOnce() {
        var policy = policy { $0.refusalPause = 50 }
        #expect(policy.isDue(saved: 200, compacted: 0, bytes: 100, now: Instant(nanoseconds: 100)))
        policy.foundNoRoom(now: Instant(nanoseconds: 100))
        #expect(!policy.isDue(saved: 200, compacted: 0, bytes: 100, now: Instant(nanoseconds: 149)))
        #expect(policy.isDue(saved: 200, compacted: 0, bytes: 100, now: Instant(nanoseconds: 150)))
    }

    @Test func theRestOfACutIsDueAtOnce() {
        var policy = policy()
        _ = policy.cut(situation(saved: 20, now: 100))
        policy.leftSome()
        let soon = Instant(nanoseconds: 105)
        #expect(policy.isDue(saved: 50, compacted: 0, bytes: 100, now: soon))
        #expect(policy.cut(situation(saved: 50, now: 105)) == nil)
        #expect(!policy.isDue(saved: 50, compacted: 0, bytes: 100, now: soon))
    }

    @Test func theLookIsCheapUntilThereIsSomething() {
        var policy = policy()
        _ = policy.cut(situation(saved: 20, now: 100))
        let soon = Instant(nanoseconds: 105)
        #expect(!policy.isDue(saved: 50, compacted: 0, bytes: 100, now: soon))
        #expect(policy.isDue(saved: 110, compacted: 0, bytes: 100, now: soon))
        #expect(policy.isDue(saved: 50, compacted: 0, bytes: 1_001, now: soon))
        #expect(policy.isDue(saved: 50, compacted: 0, bytes: 100, now: Instant(nanoseconds: 111)))
    }
}
