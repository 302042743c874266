/// RFC 3339 times in UTC with milliseconds, as in `2026-01-05T09:30:12.418Z`.
enum Timestamp {
    static func append(_ unixMilliseconds: Int64, to bytes: inout [UInt8]) {
        // Years 1970 to 9999: outside, the nearest end, so that a wrong clock still gives a well-formed record.
        let clamped = min(max(unixMilliseconds, 0), 253_402_300_799_999)
        let (days, inDay) = clamped.quotientAndRemainder(dividingBy: 86_400_000)
        let (year, month, day) = civil(fromDays: days)
        twoDigits(year / 100, to: &bytes)
        twoDigits(year % 100, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        twoDigits(month, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        twoDigits(day, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        twoDigits(inDay / 3_600_000, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        twoDigits(inDay / 60_000 % 60, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        twoDigits(inDay / 1000 % 60, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        bytes.append(UInt8(ascii: "0") + UInt8(inDay % 1000 / 100))
        twoDigits(inDay % 100, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    static func text(_ unixMilliseconds: Int64) -> String {
        var bytes: [UInt8] = []
        append(unixMilliseconds, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func twoDigits(_ value: Int64, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "0") + UInt8(value / 10))
        bytes.append(UInt8(ascii: "0") + UInt8(value % 10))
    }

    /// The proleptic Gregorian date of a day counted from 1970 (H. Hinnant, "chrono-compatible low-level date
    /// algorithms").
    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
