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

    /// The digest of some bytes.
    init(hashing bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { Hash256(hashing: $0) }
    }

    /// The digest of some bytes.
    init(hashing bytes: UnsafeRawBufferPointer) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { Digest.sha256(bytes, into: $0) }
        self.words = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
    }

    /// The digest of a byte and two digests behind it, as hash trees take it. On the stack, for there are very many.
    init(hashing domain: UInt8, _ first: Hash256, _ second: Hash256) {
        self = withUnsafeTemporaryAllocation(byteCount: 65, alignment: 8) { bytes in
            bytes[0] = domain
            first.store(to: bytes, at: 1)
            second.store(to: bytes, at: 33)
            return Hash256(hashing: UnsafeRawBufferPointer(bytes))
        }
    }

    private func store(to bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
        bytes.storeBytes(of: words.0.bigEndian, toByteOffset: offset, as: UInt64.self)
        bytes.storeBytes(of: words.1.bigEndian, toByteOffset: offset + 8, as: UInt64.self)
        bytes.storeBytes(of: words.2.bigEndian, toByteOffset: offset + 16, as: UInt64.self)
        bytes.storeBytes(of: words.3.bigEndian, toByteOffset: offset + 24, as: UInt64.self)
    }

    var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { target, count in
            store(to: UnsafeMutableRawBufferPointer(target), at: 0)
            count = 32
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
