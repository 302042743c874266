import CryptographicModule

/// The SHA-256 digest of a token: what the cache knows a token by, so that no token text is kept in memory.
///
/// Four words rather than a byte array, because hashing an array goes byte by byte and costs four times as much as the
/// whole look-up.
struct TokenDigest: Hashable, Sendable {
    let words: (UInt64, UInt64, UInt64, UInt64)

    init(of token: UnsafeRawBufferPointer) {
        words = Digest.sha256(token).withUnsafeBytes { bytes in
            func word(_ index: Int) -> UInt64 { bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) }
            return (word(0), word(1), word(2), word(3))
        }
    }

    static func == (left: TokenDigest, right: TokenDigest) -> Bool {
        left.words == right.words
    }

    /// One word is enough: the bits of a digest are independent, and the hasher is seeded for each process.
    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
    }
}
