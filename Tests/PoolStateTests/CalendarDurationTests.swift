import PoolState
import Testing

@Suite struct CalendarDurationTests {
    @Test(arguments: [
        ("P90D", 90 * 86_400), ("P3M", 90 * 86_400), ("P1Y10D", 375 * 86_400), ("PT48H", 172_800), ("P2W", 1_209_600),
        ("P1Y2M3DT4H5M6S", (365 + 60 + 3) * 86_400 + 4 * 3600 + 5 * 60 + 6), ("P14M", (365 + 60) * 86_400),
        ("PT1S", 1), ("P0Y1D", 86_400),
    ] as [(String, Int64)])
    func reads(_ text: String, _ seconds: Int64) throws {
        let duration = try #require(CalendarDuration(text))
        #expect(duration.text == text && duration.nominalSeconds == seconds)
    }

    @Test(arguments: [
        "", "P", "PT", "P1", "1D", "P1DT", "PD", "P-1D", "P+1D", "P1.5D", "P1H", "PT1D", "P1D1M", "P1D1D", "PT1H1H",
        "p1d", "P1d", " P1D", "P1D ", "P1DT1HT1M", "P0D", "P0Y0DT0S", "P100001D", "P1Y1W1M", "P٣D",
        "P99999999999999999999D", "P1Y1M1W1DT1H1M1SX", "P0000000000000000000000000000001D",
    ])
    func refuses(_ text: String) {
        #expect(CalendarDuration(text) == nil)
    }

    /// 2023-11-14T22:13:20Z and what lies around it, by the calendar.
    @Test func countsByTheCalendar() throws {
        func after(_ text: String, _ time: Int64) throws -> Int64 { try #require(CalendarDuration(text)).after(time) }
        func before(_ text: String, _ time: Int64) throws -> Int64 { try #require(CalendarDuration(text)).before(time) }
        #expect(try after("P1M", 1_700_000_000) == 1_702_592_000)  // 2023-12-14
        #expect(try after("P3M", 1_700_000_000) == 1_707_948_800)  // 2024-02-14
        #expect(try after("P1Y", 1_700_000_000) == 1_731_622_400)  // 2024-11-14, over a leap day
        #expect(try before("P1Y", 1_700_000_000) == 1_668_464_000)  // 2022-11-14
        #expect(try before("P1M", 1_700_000_000) == 1_697_321_600)  // 2023-10-14
        #expect(try after("P1M", 1_706_659_200) == 1_709_164_800)  // 2024-01-31 -> 2024-02-29
        #expect(try after("P1M", 1_675_123_200) == 1_677_542_400)  // 2023-01-31 -> 2023-02-28
        #expect(try before("P1M", 1_711_843_200) == 1_709_164_800)  // 2024-03-31 -> 2024-02-29
        #expect(try after("P1Y", 1_709_164_800) == 1_740_700_800)  // 2024-02-29 -> 2025-02-28
        #expect(try before("P1Y", 0) == -31_536_000 && after("P1Y", -31_536_000) == 0)
        #expect(try after("P1DT1H", 10) == 90_010)
    }

    /// Whatever a record says of its time.
    @Test(arguments: [Int64.min, -1, 0, .max])
    func neverOverflows(_ time: Int64) throws {
        let longest = try #require(CalendarDuration("P100000Y100000M99999DT1H"))
        #expect(longest.after(time) > longest.before(time))
    }

    /// Going forward and back by months ends where it began, from days that all months have.
    @Test func forwardAndBack() throws {
        var random = SplitMix(seed: 3)
        for _ in 0..<2000 {
            let months = Int.random(in: 1...5000, using: &random)
            let duration = try #require(CalendarDuration("P\(months)M"))
            // 1970-01-01 plus whole 400-year cycles, 27 days and a time of day.
            let time = Int64.random(in: -5...5, using: &random) * 146_097 * 86_400
                + Int64.random(in: 0..<27 * 86_400, using: &random)
            #expect(duration.before(duration.after(time)) == time)
            #expect(duration.after(duration.before(time)) == time)
        }
    }
}
