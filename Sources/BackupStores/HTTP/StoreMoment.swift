import Glibc

/// A moment in the forms that object stores want, in UTC.
struct StoreMoment {
    private let fields: tm

    /// - Parameter seconds: Unix time.
    init(seconds: Int) {
        var time = time_t(seconds)
        var fields = tm()
        gmtime_r(&time, &fields)
        self.fields = fields
    }

    static func now() -> StoreMoment { StoreMoment(seconds: Glibc.time(nil)) }

    /// `20150830`
    var day: String {
        Self.digits(Int(fields.tm_year) + 1900, 4) + Self.digits(Int(fields.tm_mon) + 1, 2)
            + Self.digits(Int(fields.tm_mday), 2)
    }

    /// `20150830T123600Z`
    var basic: String { "\(day)T\(time(separator: ""))Z" }

    /// `Sun, 30 Aug 2015 12:36:00 GMT` (RFC 9110, section 5.6.7).
    var http: String {
        let weekday = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][Int(fields.tm_wday)]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let date = "\(Self.digits(Int(fields.tm_mday), 2)) \(months[Int(fields.tm_mon)]) \(Int(fields.tm_year) + 1900)"
        return "\(weekday), \(date) \(time(separator: ":")) GMT"
    }

    private func time(separator: String) -> String {
        [fields.tm_hour, fields.tm_min, fields.tm_sec].map { Self.digits(Int($0), 2) }.joined(separator: separator)
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}
