/// A day of the proleptic Gregorian calendar, computed in years that begin in March, so that a leap day is the last day
/// of its year (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
///
/// Good for all days that a Unix time in 64 bits can name by its seconds; it traps only where a sum overflows.
public struct CivilDay: Hashable, Sendable {
    /// Zero and below for years before the year 1.
    public let year: Int64
    /// From 1 to 12.
    public let month: Int64
    /// From 1 to the month's last day.
    public let day: Int64

    /// - Parameters:
    ///   - month: from 1 to 12.
    ///   - day: from 1; beyond the month's end it is the month's last day.
    public init(year: Int64, month: Int64, day: Int64) {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let length: Int64 =
            switch month {
            case 2: isLeap ? 29 : 28
            case 4, 6, 9, 11: 30
            default: 31
            }
        (self.year, self.month, self.day) = (year, month, min(day, length))
    }

    /// - Parameter number: days since 1970-01-01, negative for days before.
    public init(daysSince1970 number: Int64) {
        let shifted = number + 719_468
        let era = shifted.flooredDivision(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        self.init(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
            day: dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    /// Negative for days before 1970-01-01.
    public var daysSince1970: Int64 {
        let year = month <= 2 ? self.year - 1 : self.year
        let era = year.flooredDivision(by: 400)
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Int64 {
    /// Rounded towards negative infinity, where `/` rounds towards zero.
    ///
    /// - Parameter divisor: positive.
    public func flooredDivision(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -((-self + divisor - 1) / divisor)
    }
}
