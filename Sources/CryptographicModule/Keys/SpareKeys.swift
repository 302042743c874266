import COpenSSL
import Synchronization

/// RSA pairs that were made before anybody asked for one, since making one takes up to seconds. They are in secure
/// memory alone, and each is handed out once.
final class SpareKeys: Sendable {
    /// The exponent that all spares have: 65537.
    static let exponent: [UInt8] = [1, 0, 1]
    private static let sizes = [2048, 3072, 4096]

    private let limit: Int
    private let kept = Mutex<[Int: [LoadedKey]]>([:])

    /// - Parameter limit: how many of each size; with 0 there are none.
    init(limit: Int) { self.limit = limit }

    func take(bits: Int) -> LoadedKey? { kept.withLock { $0[bits]?.popLast() } }

    /// A size in bits of which there are too few, the smallest first.
    var missing: Int? { kept.withLock { kept in Self.sizes.first { kept[$0]?.count ?? 0 < limit } } }

    func add(_ key: LoadedKey, bits: Int) { kept.withLock { $0[bits, default: []].append(key) } }

    func removeAll() {
        let dropped = kept.withLock { kept in
            defer { kept = [:] }
            return kept.values.flatMap { $0 }
        }
        for key in dropped { key.close() }
    }
}

extension CryptographicModule {
    /// Makes one RSA pair in advance, if the module is unlocked and fewer are there than shall be. Takes up to seconds:
    /// for a thread that has nothing better to do.
    ///
    /// - Returns: whether one was made.
    public func makeSpareKey() throws(CryptoError) -> Bool {
        try health.requireGood()
        guard isUnlocked, let bits = spares.missing else { return false }
        spares.add(try .generateRSA(bits: bits, exponent: SpareKeys.exponent), bits: bits)
        // A lock that came between would otherwise leave this pair behind.
        if !isUnlocked { spares.removeAll() }
        return true
    }

    /// A pair that nobody has been given: a spare one, or one that is made now.
    func freshRSA(bits: Int, exponent: [UInt8]) throws(CryptoError) -> LoadedKey {
        if exponent == SpareKeys.exponent, let spare = spares.take(bits: bits) { return spare }
        return try .generateRSA(bits: bits, exponent: exponent)
    }
}
