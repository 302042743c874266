import CivilDates

/// RFC 3339 times in UTC with milliseconds, as in `2026-01-05T09:30:12.418Z`.
enum Timestamp {
    static func append(_ unixMilliseconds: Int64, to bytes: inout [UInt8]) {
        // Years 1970 to 9999: outside, the nearest end, so that a wrong clock still gives a well-formed record.
        let clamped = min(max(unixMilliseconds, 0), 253_402_300_799_999)
        let (days, inDay) = clamped.quotientAndRemainder(dividingBy: 86_400_000)
        let date = CivilDay(daysSince1970: days)
        twoDigits(date.year / 100, to: &bytes)
        twoDigits(date.year % 100, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        twoDigits(date.month, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        twoDigits(date.day, to: &bytes)
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
}
