import Testing

@testable import Audit

/// The decisions of when to write, one after the other as the queue's lock puts them.
@Suite struct FlushScheduleTests {
    private let interval: UInt64 = 2_000_000

    /// One that has written nothing yet, and sleeps.
    private func resting() -> FlushSchedule {
        var schedule = FlushSchedule()
        #expect(schedule.next(waiting: 0, now: 1, deadline: nil, hasSlept: false) == .sleep(until: nil))
        return schedule
    }

    /// Takes so many records at a time, and begins their flush.
    private func write(
        _ schedule: inout FlushSchedule, _ count: Int, turned: Int = 0, mayGather: Bool = false, now: UInt64
    ) {
        #expect(schedule.next(waiting: count, now: now, deadline: nil, hasSlept: true) == .write)
        var batch = AuditBatch()
        batch.ends = Array(1...count)
        batch.turned = turned
        batch.mayGather = mayGather
        schedule.begin(batch, now: now, interval: interval)
    }

    private func sleeps(_ schedule: inout FlushSchedule, _ waiting: Int, now: UInt64, until end: UInt64?) -> Bool {
        schedule.next(waiting: waiting, now: now, deadline: nil, hasSlept: false) == .sleep(until: end)
    }

    @Test func whatCanNotWaitWakesTheWriter() {
        var schedule = resting()
        #expect(schedule.record(.immediate) && schedule.isDue)
        // The writer is on its way.
        #expect(schedule.record(.immediate) == false)
        write(&schedule, 2, now: 10)
        #expect(!schedule.isDue && sleeps(&schedule, 0, now: 11, until: nil))
    }

    @Test func aTurnsRecordsWakeTheWriterTogether() {
        var schedule = resting()
        for _ in 1...10 { #expect(schedule.record(.atEndOfTurn) == false) }
        #expect(schedule.endTurn(waiting: 10) == true)
        write(&schedule, 10, turned: 10, now: 10)
        // They weren't a crowd: nothing gathers.
        #expect(sleeps(&schedule, 0, now: 11, until: nil))
        #expect(schedule.endTurn(waiting: 0) == false)
        #expect(!schedule.record(.atEndOfTurn) && schedule.endTurn(waiting: 1))
    }

    /// One that can wait is written at once while nothing was written of late; the next ones gather until their time
    /// comes, or one that can't wait.
    @Test func whatCanWaitGathersUntilSomethingCanNot() {
        var schedule = resting()
        #expect(schedule.record(.withOthers) && !schedule.isDue)
        write(&schedule, 1, mayGather: true, now: 10)
        #expect(!schedule.record(.withOthers) && sleeps(&schedule, 1, now: 20, until: 10 + interval))
        #expect(!schedule.record(.withOthers) && !schedule.isDue)
        #expect(schedule.record(.immediate) && schedule.isDue)
        write(&schedule, 3, now: 30)
        // The one that couldn't wait is no reason to gather.
        #expect(sleeps(&schedule, 0, now: 31, until: nil) && schedule.record(.withOthers))
    }

    @Test func whatGathersIsWrittenWhenItsTimeComes() {
        var schedule = resting()
        #expect(schedule.record(.withOthers) == true)
        write(&schedule, 1, mayGather: true, now: 10)
        #expect(!schedule.record(.withOthers) && sleeps(&schedule, 1, now: 9 + interval, until: 10 + interval))
        #expect(schedule.next(waiting: 1, now: 10 + interval, deadline: nil, hasSlept: true) == .write)
    }

    /// Behind a crowd a turn's records wait for as many others, or for one that can't wait.
    @Test(arguments: [false, true])
    func aCrowdsTurnsShareAFlush(endsWithOneThatCanNotWait: Bool) {
        var schedule = resting()
        let crowd = FlushSchedule.crowd
        #expect(schedule.endTurn(waiting: crowd) == true)
        write(&schedule, crowd, turned: crowd, now: 10)
        #expect(sleeps(&schedule, 0, now: 20, until: 10 + interval))
        #expect(!schedule.endTurn(waiting: crowd - 4) && sleeps(&schedule, crowd - 4, now: 30, until: 10 + interval))
        #expect(!schedule.endTurn(waiting: crowd - 1) && !schedule.isDue)
        if endsWithOneThatCanNotWait {
            #expect(schedule.record(.immediate) == true)
        } else {
            #expect(schedule.endTurn(waiting: crowd) == true)
        }
        write(&schedule, crowd, turned: crowd, now: 40)
    }

    @Test func fewerThanACrowdAreNotWaitedFor() {
        var schedule = resting()
        #expect(schedule.endTurn(waiting: FlushSchedule.crowd - 1) == true)
        write(&schedule, FlushSchedule.crowd - 1, turned: FlushSchedule.crowd - 1, now: 10)
        #expect(sleeps(&schedule, 0, now: 20, until: nil) && schedule.endTurn(waiting: 1))
    }

    /// What comes during a flush is written behind it, and doesn't wake anybody.
    @Test func whatComesDuringAFlushIsWrittenBehindIt() {
        var schedule = resting()
        #expect(schedule.record(.immediate) == true)
        write(&schedule, 1, now: 10)
        #expect(!schedule.record(.immediate) && !schedule.record(.atEndOfTurn) && !schedule.endTurn(waiting: 2))
        #expect(schedule.next(waiting: 2, now: 20, deadline: nil, hasSlept: false) == .write)
    }

    /// Records never keep the deadline from being met for ever, and without either nothing wakes the writer.
    @Test func theDeadlineIsMetAfterOneSleep() {
        var schedule = FlushSchedule()
        #expect(schedule.next(waiting: 0, now: 50, deadline: 40, hasSlept: false) == .sleep(until: 40))
        #expect(schedule.next(waiting: 0, now: 50, deadline: 40, hasSlept: true) == .meetDeadline)
        #expect(schedule.next(waiting: 0, now: 50, deadline: 60, hasSlept: true) == .sleep(until: 60))
        #expect(schedule.next(waiting: 0, now: 50, deadline: nil, hasSlept: true) == .sleep(until: nil))
        // Whichever comes first.
        #expect(schedule.record(.withOthers) == true)
        write(&schedule, 1, mayGather: true, now: 100)
        #expect(schedule.next(waiting: 1, now: 110, deadline: 120, hasSlept: false) == .sleep(until: 120))
        #expect(schedule.next(waiting: 1, now: 110, deadline: .max, hasSlept: false) == .sleep(until: 100 + interval))
    }

    @Test func whatWaitsIsWrittenAtTheEnd() {
        var schedule = resting()
        #expect(schedule.record(.withOthers) == true)
        write(&schedule, 1, mayGather: true, now: 10)
        #expect(!schedule.record(.withOthers) && sleeps(&schedule, 1, now: 20, until: 10 + interval))
        #expect(schedule.close() && !schedule.close())
        #expect(schedule.next(waiting: 1, now: 30, deadline: nil, hasSlept: true) == .write)
        #expect(schedule.next(waiting: 0, now: 40, deadline: nil, hasSlept: false) == .end)
    }
}
