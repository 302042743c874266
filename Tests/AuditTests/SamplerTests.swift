import Testing

@testable import Audit

@Suite struct SamplerTests {
    @Test func aFloodBecomesOneRecordAMinute() throws {
        let sampler = AnonymousSampler()
        var events: [AuditEvent] = []
        for request in 0..<100_000 {
            let time = 600_000 + Int64(request) * 120_000 / 100_000
            if let event = sampler.count(source: "10.0.\(request % 3).1", time: time) { events.append(event) }
        }
        #expect(events.count == 1)
        let last = try #require(sampler.flush(time: 720_000))
        #expect(sampler.flush(time: 900_000) == nil)
        let counts = (events + [last]).map { event in event.details.extra.first?.value }
        #expect(counts == ["50000", "50000"])
        #expect(last.details.extra.contains { $0.name.hasPrefix("source 10.0.") })
    }

    @Test func memoryIsBoundedAndNothingIsLost() throws {
        let sampler = AnonymousSampler()
        for request in 0..<5000 { #expect(sampler.count(source: "s\(request)", time: 0) == nil) }
        let event = try #require(sampler.drain())
        #expect(event.details.extra.first?.value == "5000")
        #expect(event.details.extra.contains(.init("fromFurtherSources", "3976")))
        #expect(event.details.extra.count <= 3 + AnonymousSampler.namedSources)
        #expect(sampler.drain() == nil)
    }

    @Test func aClockThatIsSetBackSplitsNothing() {
        let sampler = AnonymousSampler()
        #expect(sampler.count(source: "a", time: 600_000) == nil)
        #expect(sampler.count(source: "a", time: 60_000) == nil)
        #expect(sampler.flush(time: 660_000)?.details.extra.first?.value == "2")
    }

    /// What is counted after the correction isn't kept back until the wrong time has come.
    @Test func aClockThatWasFarAheadKeepsNothingBack() throws {
        let sampler = AnonymousSampler()
        let now: Int64 = 1_800_000_000_000
        #expect(sampler.count(source: "a", time: now + 365 * 86_400_000) == nil)
        let ahead = try #require(sampler.count(source: "a", time: now))
        #expect(ahead.details.extra.first?.value == "1" && ahead.time == now + 365 * 86_400_000)
        #expect(sampler.count(source: "a", time: now + 1) == nil)
        #expect(sampler.flush(time: now + 60_000)?.details.extra.first?.value == "2")
    }
}
