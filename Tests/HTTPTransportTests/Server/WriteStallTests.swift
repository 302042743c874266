import Testing

@testable import HTTPTransport

@Suite("Server: what is taken of what waits")
struct WriteStallTests {
    /// - Parameter looks: when, and what is left then.
    /// - Returns: whether the peer is to be left.
    private func look(_ looks: [(UInt64, Int)], from beginning: WriteStall) -> [Bool] {
        var stall = beginning
        var found: [Bool] = []
        for (now, left) in looks { found.append(stall.lasts(30, unsent: left, now: now)) }
        return found
    }

    private func waiting() -> WriteStall {
        var stall = WriteStall()
        stall.allWritten(now: 100)
        return stall
    }

    @Test func `counts from when something was taken last`() {
        let looks: [(UInt64, Int)] = [(110, 500_000), (125, 400_000), (140, 400_000), (154, 400_000), (155, 400_000)]
        #expect(look(looks, from: waiting()) == [false, false, false, false, true])
    }

    @Test func `counts from the beginning where nothing is taken, or next to nothing`() {
        #expect(look([(110, 500_000), (129, 500_000), (130, 500_000)], from: waiting()) == [false, false, true])
        // Each sip earns 9 of the 15 until the next.
        let sips: [(UInt64, Int)] = [(110, 500_000), (115, 495_000), (130, 490_000), (145, 485_000), (157, 485_000)]
        #expect(look(sips, from: waiting()) == [false, false, false, false, true])
        // Those that come to a record give all the time anew.
        let gulps: [(UInt64, Int)] = [(110, 500_000), (120, 490_000), (129, 483_616), (158, 483_616), (159, 483_616)]
        #expect(look(gulps, from: waiting()) == [false, false, false, false, true])
    }

    @Test func `goes on where less than a record leaves at a time, if often enough`() {
        let looks: [(UInt64, Int)] = [
            (101, 500_000), (127, 485_000), (131, 485_000), (154, 470_000), (158, 470_000), (181, 455_000),
            (184, 455_000), (210, 455_000), (211, 455_000),
        ]
        #expect(look(looks, from: waiting()) == Array(repeating: false, count: 8) + [true])
    }

    @Test func `doesn't take what is written meanwhile for progress, nor for a lack of it`() {
        let looks: [(UInt64, Int)] = [(110, 100_000), (120, 300_000), (125, 280_000), (154, 280_000), (155, 280_000)]
        #expect(look(looks, from: waiting()) == [false, false, false, false, true])
    }

    @Test func `is over when the channel takes more, unless that is the last`() {
        var stall = WriteStall()
        #expect(look([(1 << 62, 1), (1 << 63, 1)], from: stall) == [false, false])
        stall.turned(isWritable: false)
        stall.turned(isWritable: true)
        #expect(look([(1 << 62, 1), (1 << 63, 1)], from: stall) == [false, false])
        stall.turned(isWritable: false)
        #expect(look([(1 << 62, 1), (1 << 63, 1)], from: stall) == [false, true])
        var last = waiting()
        last.turned(isWritable: true)
        #expect(look([(110, 1), (130, 1)], from: last) == [false, true])
    }
}
