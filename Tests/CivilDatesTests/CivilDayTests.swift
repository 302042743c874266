import CivilDates
import Testing

@Suite struct CivilDayTests {
    /// Counted with `date -u -d ... +%s`, divided by 86,400.
    @Test(arguments: [
        (0, 1970, 1, 1), (-1, 1969, 12, 31), (11_016, 2000, 2, 29), (11_017, 2000, 3, 1), (20_458, 2026, 1, 5),
        (47_540, 2100, 2, 28), (47_541, 2100, 3, 1), (-25_509, 1900, 2, 28), (-25_508, 1900, 3, 1),
        (2_932_896, 9999, 12, 31),
    ] as [(Int64, Int64, Int64, Int64)])
    func daysHaveDates(number: Int64, year: Int64, month: Int64, day: Int64) {
        let date = CivilDay(daysSince1970: number)
        #expect((date.year, date.month, date.day) == (year, month, day))
        #expect(date.daysSince1970 == number)
    }

    @Test func everyDayFollowsTheOneBefore() {
        // Two eras and more, around the year 0 and up to 2400.
        var before = CivilDay(daysSince1970: -1_000_000)
        for number in Int64(-999_999)...160_000 {
            let date = CivilDay(daysSince1970: number)
            guard date.daysSince1970 == number else { return #expect(date.daysSince1970 == number) }
            let follows =
                date.day == before.day + 1
                ? (date.year, date.month) == (before.year, before.month)
                : date.day == 1 && CivilDay(year: before.year, month: before.month, day: 31) == before
            guard follows else { return #expect(follows, "\(date) comes after \(before)") }
            before = date
        }
    }

    @Test func aMonthsEndIsTheLatestDay() {
        #expect(CivilDay(year: 2023, month: 2, day: 31).day == 28)
        #expect(CivilDay(year: 2024, month: 2, day: 31).day == 29)
        #expect(CivilDay(year: 2024, month: 4, day: 31).day == 30)
        #expect(CivilDay(year: 2024, month: 5, day: 31).day == 31)
    }

    @Test func divisionRoundsDown() {
        #expect(Int64(7).flooredDivision(by: 2) == 3)
        #expect(Int64(-7).flooredDivision(by: 2) == -4)
        #expect(Int64(-8).flooredDivision(by: 2) == -4)
    }
}
