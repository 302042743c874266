/// Arithmetic modulo the prime 257, without a branch, a table or a division that depends on the values.
///
/// The operands are polynomial values of secret bytes, so the running time must not tell them apart. Wrapping operators
/// keep the compiler from inserting overflow branches.
enum GF257 {
    static let modulus: UInt32 = 257

    /// `value` modulo 257, for any value below 2¹⁷: 256 is −1, so the high part is subtracted from the low part.
    @inline(__always)
    static func reduce(_ value: UInt32) -> UInt32 {
        let folded = (value & 0xFF) &+ 2 &* modulus &- (value &>> 8)
        return subtractOnce(subtractOnce(folded))
    }

    /// One conditional subtraction of the modulus, by mask.
    @inline(__always)
    private static func subtractOnce(_ value: UInt32) -> UInt32 {
        let difference = value &- modulus
        let borrow = 0 &- (difference &>> 31)
        return difference &+ (modulus & borrow)
    }

    @inline(__always)
    static func multiply(_ left: UInt32, _ right: UInt32) -> UInt32 {
        reduce(left &* right)
    }

    @inline(__always)
    static func subtract(_ left: UInt32, _ right: UInt32) -> UInt32 {
        reduce(left &+ modulus &- right)
    }

    /// The inverse by Fermat's little theorem: value²⁵⁵. Zero gives zero.
    static func inverse(_ value: UInt32) -> UInt32 {
        var result: UInt32 = 1
        for _ in 0..<8 {
            result = multiply(multiply(result, result), value)
        }
        return result
    }
}
