/// Numbers as people read them.
public enum Figures {
    /// Microseconds with three digits and a fitting unit.
    public static func time(_ microseconds: UInt64) -> String {
        switch microseconds {
        case 0..<1000: "\(microseconds) µs"
        case 1000..<1_000_000: "\(three(Double(microseconds) / 1000)) ms"
        default: "\(three(Double(microseconds) / 1_000_000)) s"
        }
    }

    /// With one or two decimals, the fewer the larger it is.
    public static func decimal(_ value: Double) -> String { three(value) }

    /// A whole number with groups of three digits.
    public static func whole(_ value: Double) -> String {
        let digits = Array(String(Int64(value.rounded())))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3), digits[index - 1] != "-" { text.append(",") }
            text.append(digit)
        }
        return text
    }

    private static func three(_ value: Double) -> String {
        switch value.magnitude {
        case 100...: fixed(value, 0)
        case 10..<100: fixed(value, 1)
        default: fixed(value, 2)
        }
    }

    static func fixed(_ value: Double, _ places: Int) -> String {
        guard value.isFinite, value.magnitude < 1e15 else { return "-" }
        let scale = [1.0, 10, 100, 1000][places]
        let scaled = Int64((value.magnitude * scale).rounded())
        let (whole, rest) = scaled.quotientAndRemainder(dividingBy: Int64(scale))
        let sign = value < 0 && scaled != 0 ? "-" : ""
        guard places > 0 else { return "\(sign)\(whole)" }
        let digits = String(rest)
        return "\(sign)\(whole)." + String(repeating: "0", count: places - digits.count) + digits
    }
}
