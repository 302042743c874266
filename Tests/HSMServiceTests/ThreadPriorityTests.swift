import Foundation
import Glibc
import Synchronization
import Testing

@testable import HSMService

@Suite struct ThreadPriorityTests {
    /// A thread for slow work that the runtime starts from the thread of consensus must not hold up the machine.
    @Test func onlyTheThreadItselfGoesFirst() async {
        let policies: (isFirst: Bool, own: Int32, started: Int32) = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let isFirst = ThreadPriority.goFirst()
                let own = Self.policy
                Thread.detachNewThread { continuation.resume(returning: (isFirst, own, Self.policy)) }
            }
        }
        // Who runs the tests may not be let: then nothing has changed.
        #expect(policies.own == (policies.isFirst ? SCHED_RR : SCHED_OTHER))
        #expect(policies.started == SCHED_OTHER)
    }

    /// Of the calling thread, without the flags beside it.
    private static var policy: Int32 { sched_getscheduler(0) & 0xFF }
}
