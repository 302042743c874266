/// RFC 3339 times in UTC with milliseconds, as in `2026-01-05T09:30:12.418Z`.
enum Timestamp {
    static func append(_ unixMilliseconds: Int64, to bytes: inout [UInt8]) {
        // Years 1970 to 9999: outside, the nearest end, so that a wrong clock still gives a well-formed record.
        let clamped = min(max(unixMilliseconds, 0), 253_402_300_799_999)
        let (days, inDay) = clamped.quotientAndRemainder(dividingBy: 86_400_000)
        let (year, month, day) = civil(fromDays: days)
        digits(year, 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        digits(month, 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        digits(day, 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        digits(inDay / 3_600_000, 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        digits(inDay / 60_000 % 60, 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        digits(inDay / 1000 % 60, 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        digits(inDay % 1000, 3, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    private static func digits(_ value: Int64, _ width: Int, to bytes: inout [UInt8]) {
        var divisor: Int64 = [1, 10, 100, 1000][width - 1]
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
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
