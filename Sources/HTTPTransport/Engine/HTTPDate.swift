import Glibc

/// The `date` field's value, written once a second (IMF-fixdate, RFC 9110 section 5.6.7).
///
/// Not thread-safe: there is one for each event loop.
package final class HTTPDateCache {
    private var second: Int = .min
    private var text: [UInt8] = []

    /// The current time as 29 bytes of ASCII.
    func current() -> [UInt8] {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        if time.tv_sec != second {
            second = time.tv_sec
            text = HTTPDateCache.format(unixSeconds: second)
        }
        return text
    }

    /// Formats a time from 1970 to 9999; others are moved to the nearer end.
    static func format(unixSeconds: Int) -> [UInt8] {
        let seconds = min(max(unixSeconds, 0), 253_402_300_799)
        let days = seconds / 86_400
        let rest = seconds % 86_400
        let (year, month, day) = civilDate(daysSince1970: days)
        // The first of January 1970 was a Thursday.
        let weekday = weekdays[(days + 4) % 7]
        var text: [UInt8] = []
        text.reserveCapacity(29)
        text.append(contentsOf: weekday.utf8)
        text.append(contentsOf: ", ".utf8)
        appendTwoDigits(day, to: &text)
        text.append(UInt8(ascii: " "))
        text.append(contentsOf: months[month - 1].utf8)
        text.append(UInt8(ascii: " "))
        appendTwoDigits(year / 100, to: &text)
        appendTwoDigits(year % 100, to: &text)
        text.append(UInt8(ascii: " "))
        appendTwoDigits(rest / 3600, to: &text)
        text.append(UInt8(ascii: ":"))
        appendTwoDigits(rest / 60 % 60, to: &text)
        text.append(UInt8(ascii: ":"))
        appendTwoDigits(rest % 60, to: &text)
        text.append(contentsOf: " GMT".utf8)
        return text
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func appendTwoDigits(_ value: Int, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "0") + UInt8(value / 10))
        text.append(UInt8(ascii: "0") + UInt8(value % 10))
    }

    /// Days since 1970 to year, month and day, reckoning in years that begin in March so that the leap day comes last
    /// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days).
    package static func civilDate(daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = daysSince1970 + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, day)
    }
}
