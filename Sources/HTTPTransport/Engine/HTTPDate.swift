import CivilDates
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
        let date = CivilDay(daysSince1970: Int64(days))
        // The first of January 1970 was a Thursday.
        let weekday = weekdays[(days + 4) % 7]
        var text: [UInt8] = []
        text.reserveCapacity(29)
        text.append(contentsOf: weekday.utf8)
        text.append(contentsOf: ", ".utf8)
        appendTwoDigits(Int(date.day), to: &text)
        text.append(UInt8(ascii: " "))
        text.append(contentsOf: months[Int(date.month) - 1].utf8)
        text.append(UInt8(ascii: " "))
        appendTwoDigits(Int(date.year) / 100, to: &text)
        appendTwoDigits(Int(date.year) % 100, to: &text)
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
}
