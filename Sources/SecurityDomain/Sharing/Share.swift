public import CryptographicModule

/// One officer's part of a secret: for each byte of the secret one 16-bit little-endian word `(x << 9) + value`.
///
/// Source: the share format that the Azure CLI reads (`shamir_share`, version 2 of the security domain file).
public final class Share: Sendable {
    /// The officer's coordinate, 1...126; public.
    public let x: UInt8
    /// The share words; secret.
    public let words: Secret

    static let maximumX: UInt8 = 126
    static let bytesPerWord = 2

    init(x: UInt8, words: consuming Secret) {
        self.x = x
        self.words = words
    }

    /// Takes share words that an officer has decrypted.
    ///
    /// - Throws: `SecurityDomainError.sharesRejected` if the length is odd or not `2 * secretLength`, if the words name
    ///   more than one coordinate or none, or if a value exceeds 256. Values are looked at together, so that the time
    ///   does not depend on them.
    public convenience init(parsing words: consuming Secret, secretLength: Int) throws {
        guard words.count == secretLength * Share.bytesPerWord, secretLength > 0 else {
            throw SecurityDomainError.sharesRejected("a share of \(words.count) bytes")
        }
        let x = try words.withUnsafeBytes { try Share.coordinate(of: $0) }
        self.init(x: x, words: words)
    }

    private static func coordinate(of words: UnsafeRawBufferPointer) throws -> UInt8 {
        let first = word(0, of: words) &>> 9
        var otherCoordinate: UInt32 = 0
        var tooGreat: UInt32 = 0
        for index in 0..<words.count / bytesPerWord {
            let word = word(index, of: words)
            otherCoordinate |= first ^ (word &>> 9)
            tooGreat |= (256 &- (word & 0x1FF)) &>> 31
        }
        guard otherCoordinate == 0 else { throw SecurityDomainError.sharesRejected("words of different coordinates") }
        guard tooGreat == 0 else { throw SecurityDomainError.sharesRejected("a value above 256") }
        guard first >= 1, first <= maximumX else { throw SecurityDomainError.sharesRejected("coordinate \(first)") }
        return UInt8(first)
    }

    @inline(__always)
    static func word(_ index: Int, of words: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(words[2 * index]) | UInt32(words[2 * index + 1]) &<< 8
    }
}
