import Synchronization

/// Makes the nonces of AES-GCM: 64 random bits ‖ a 32-bit counter, so that none repeats for a key (SP 800-38D section
/// 8.2.1 wants just that: a repeated nonce gives away the plaintexts' difference and the authentication key).
///
/// The random part is drawn for a key version when it is first used after unsealing, and anew whenever the counter is
/// used up. Nothing of it is stored: after a restart, on another node, in a copy of a node's folder or of a backup, the
/// random part is another.
final class NonceSequences: Sendable {
    /// From here on a version is worth an alarm: ``CryptographicModule/keysToReplace()``.
    static let advised: UInt64 = 1 << 32
    /// No more nonces for a version, in one session of one node.
    static let limit: UInt64 = 1 << 40

    struct Version: Hashable {
        let high: UInt64
        let low: UInt64

        init(_ bytes: [UInt8]) {
            (high, low) = bytes.withUnsafeBytes { bytes in
                guard bytes.count == 16 else { return (0, 0) }
                let first = bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
                return (first, bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
        }

        var bytes: [UInt8] { withUnsafeBytes(of: high) { Array($0) } + withUnsafeBytes(of: low) { Array($0) } }
    }

    struct Sequence {
        var prefix: UInt64
        var used: UInt64
    }

    let sequences = Mutex<[Version: Sequence]>([:])

    /// 12 bytes that were never given before for this version, which is a key's 16-byte id.
    /// - Throws: ``CryptoError/keyRejected(_:)`` once the key has had as many as it may.
    func next(for version: [UInt8]) throws(CryptoError) -> [UInt8] {
        let version = Version(version)
        let place: Sequence? = sequences.withLock { sequences in
            var sequence = sequences[version] ?? Sequence(prefix: Self.randomPrefix(), used: 0)
            guard sequence.used < Self.limit else { return nil }
            let place = sequence
            sequence.used += 1
            if sequence.used & 0xFFFF_FFFF == 0 { sequence.prefix = Self.randomPrefix() }
            sequences[version] = sequence
            return place
        }
        guard let place else { throw .keyRejected("it has encrypted too often; make a new version") }
        return withUnsafeBytes(of: place.prefix) { Array($0) }
            + withUnsafeBytes(of: UInt32(truncatingIfNeeded: place.used).bigEndian) { Array($0) }
    }

    /// The versions that have had more nonces than is good.
    func overused() -> [[UInt8]] {
        sequences.withLock { sequences in sequences.filter { $0.value.used >= Self.advised }.map(\.key.bytes) }
    }

    /// Forgets everything, as at sealing. What follows has other random parts.
    func removeAll() { sequences.withLock { $0.removeAll() } }

    private static func randomPrefix() -> UInt64 {
        Random.bytes(8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    }
}
