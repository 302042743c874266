import CryptographicModule

/// A SHA-256 digest held inline, without an array of its own.
struct Hash256: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// From exactly 32 bytes.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        words = bytes.withUnsafeBytes { buffer in
            (
                buffer.loadUnaligned(fromByteOffset: 0, as: UInt64.self).bigEndian,
                buffer.loadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian,
                buffer.loadUnaligned(fromByteOffset: 16, as: UInt64.self).bigEndian,
                buffer.loadUnaligned(fromByteOffset: 24, as: UInt64.self).bigEndian
            )
        }
    }

    private init(words: (UInt64, UInt64, UInt64, UInt64)) {
        self.words = words
    }

    /// The digest of some bytes.
    init(hashing bytes: [UInt8]) {
        // SHA-256 always gives 32 bytes; zeros stand in for the branch that can't be reached.
        self = Hash256(Digest.sha256(bytes)) ?? Hash256(words: (0, 0, 0, 0))
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        append(to: &bytes)
        return bytes
    }

    func append(to bytes: inout [UInt8]) {
        for word in [words.0, words.1, words.2, words.3] {
            withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
        }
    }

    /// Bit `index`, counted from the most significant one of the first byte.
    func bit(_ index: Int) -> Bool {
        let word =
            switch index >> 6 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        return word >> UInt64(63 - index & 63) & 1 == 1
    }

    static func == (left: Hash256, right: Hash256) -> Bool {
        left.words == right.words
    }

    static func < (left: Hash256, right: Hash256) -> Bool {
        left.words < right.words
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}
