import Foundation
import Glibc
import Testing

@testable import Audit

@Suite struct WriterSchedulingTests {
    private func batch(turned: Int, mayGather: Bool) -> AuditBatch {
        var batch = AuditBatch()
        batch.turned = turned
        batch.mayGather = mayGather
        return batch
    }

    @Test func slowWorkIsNotInterruptedAndCrowdsDoNotWait() {
        #expect(WriterScheduling.precedence(for: batch(turned: 0, mayGather: false)) == .ordinary)
        #expect(WriterScheduling.precedence(for: batch(turned: 1, mayGather: false)) == .ordinary)
        #expect(WriterScheduling.precedence(for: batch(turned: 0, mayGather: true)) == .afterOthers)
        #expect(WriterScheduling.precedence(for: batch(turned: 1, mayGather: true)) == .afterOthers)
        #expect(WriterScheduling.precedence(for: batch(turned: 4, mayGather: false)) == .beforeOthers)
        #expect(WriterScheduling.precedence(for: batch(turned: 4, mayGather: true)) == .beforeOthers)
    }

    @Test func theThreadHurriesForWhatCannotWait() async {
        let policies = await withCheckedContinuation { (continuation: CheckedContinuation<[Int32], Never>) in
            // A thread of its own: its policy would stay with it.
            Thread.detachNewThread {
                var scheduling = WriterScheduling()
                var policies: [Int32] = []
                scheduling.begin(.afterOthers)
                policies.append(sched_getscheduler(0))
                scheduling.hurry()
                policies.append(sched_getscheduler(0))
                scheduling.begin(.ordinary)
                policies.append(sched_getscheduler(0))
                continuation.resume(returning: policies)
            }
        }
        let schedBatch: Int32 = 3
        #expect(policies == [schedBatch, SCHED_OTHER, SCHED_OTHER])
    }

    /// As root, or with `ulimit -r 1`; elsewhere the thread stays as it is.
    @Test func whereTheSystemRefusesTheThreadIsLikeAnyOther() async {
        let policies = await withCheckedContinuation { (continuation: CheckedContinuation<[Int32], Never>) in
            Thread.detachNewThread {
                var scheduling = WriterScheduling()
                scheduling.begin(.afterOthers)
                scheduling.begin(.beforeOthers)
                let policy = sched_getscheduler(0)
                scheduling.begin(.ordinary)
                continuation.resume(returning: [policy, sched_getscheduler(0)])
            }
        }
        let schedResetOnFork: Int32 = 0x4000_0000
        #expect([SCHED_RR, SCHED_RR | schedResetOnFork, SCHED_OTHER].contains(policies[0]))
        #expect(policies[1] == SCHED_OTHER)
    }
}
