import CivilDates

/// A duration of ISO 8601, such as `P1Y10D` or `PT48H`, in whole units.
///
/// Years and months have no fixed length: added to a date they keep the day of the month where that month has it, and
/// end at the month's last day where it doesn't.
public struct CalendarDuration: Hashable, Sendable {
    /// As it was given.
    public let text: String
    private let months: Int64
    private let seconds: Int64

    private static let maximumLength = 32
    private static let maximumNumber: Int64 = 100_000
    private static let day: Int64 = 86_400

    /// Returns `nil` for text of another form, an empty duration, and numbers beyond 100000.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.maximumLength else { return nil }
        var rest = Array(text.utf8)[...]
        guard rest.popFirst() == UInt8(ascii: "P") else { return nil }
        var months: Int64 = 0
        var seconds: Int64 = 0
        // Units in the order that the form demands; each at most once.
        var units = Array("YMWD".utf8)[...]
        var isTime = false
        var count = 0
        while !rest.isEmpty {
            if rest.first == UInt8(ascii: "T") {
                guard !isTime, rest.count > 1 else { return nil }
                rest.removeFirst()
                (isTime, units) = (true, Array("HMS".utf8)[...])
                continue
            }
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard !digits.isEmpty, let number = Int64(String(decoding: digits, as: UTF8.self)),
                number <= Self.maximumNumber
            else { return nil }
            rest = rest.dropFirst(digits.count)
            guard let unit = rest.popFirst(), let place = units.firstIndex(of: unit) else { return nil }
            units = units[(place + 1)...]
            switch (isTime, unit) {
            case (false, UInt8(ascii: "Y")): months += number * 12
            case (false, UInt8(ascii: "M")): months += number
            case (false, UInt8(ascii: "W")): seconds += number * 7 * Self.day
            case (false, _): seconds += number * Self.day
            case (true, UInt8(ascii: "H")): seconds += number * 3600
            case (true, UInt8(ascii: "M")): seconds += number * 60
            case (true, _): seconds += number
            }
            count += 1
        }
        guard count > 0, months > 0 || seconds > 0 else { return nil }
        self.text = text
        self.months = months
        self.seconds = seconds
    }

    /// Seconds, with years of 365 days and months of 30: for comparing durations.
    public var nominalSeconds: Int64 {
        (months / 12 * 365 + months % 12 * 30) * Self.day + seconds
    }

    /// The Unix time, in seconds, at which the duration has passed since `time`.
    public func after(_ time: Int64) -> Int64 { Self.shift(Self.bounded(time), months: months) + seconds }

    /// The Unix time, in seconds, which the duration lies before `time`.
    public func before(_ time: Int64) -> Int64 { Self.shift(Self.bounded(time) - seconds, months: -months) }

    /// Within tens of thousands of years of 1970, so that no sum overflows.
    private static func bounded(_ time: Int64) -> Int64 { min(max(time, -1 << 40), 1 << 40) }

    private static func shift(_ time: Int64, months: Int64) -> Int64 {
        guard months != 0 else { return time }
        let days = time.flooredDivision(by: day)
        let date = CivilDay(daysSince1970: days)
        let total = date.year * 12 + date.month - 1 + months
        let shifted = CivilDay(
            year: total.flooredDivision(by: 12), month: total - total.flooredDivision(by: 12) * 12 + 1, day: date.day)
        return shifted.daysSince1970 * day + time - days * day
    }
}
