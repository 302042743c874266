import Foundation
import Synchronization
import Testing

@testable import CryptographicModule

@Suite("Nonces of AES-GCM")
struct NonceTests {
    private let version = Random.bytes(16)

    @Test func countWithinARandomPart() throws {
        let sequences = NonceSequences()
        let nonces = try (0..<1000).map { _ in try sequences.next(for: version) }
        #expect(nonces.allSatisfy { $0.count == 12 && $0.prefix(8) == nonces[0].prefix(8) })
        for (index, nonce) in nonces.enumerated() {
            let counter: [UInt8] = [0, 0, UInt8(index >> 8), UInt8(index & 0xFF)]
            #expect(Array(nonce.suffix(4)) == counter)
        }
        let other = try sequences.next(for: Random.bytes(16))
        #expect(other.prefix(8) != nonces[0].prefix(8))
    }

    /// A restart, another node, a copy of a folder: each is a new process with nothing but what is stored, which is no
    /// nonce.
    @Test func noneRepeatsAcrossSessions() throws {
        var seen: Set<[UInt8]> = []
        for _ in 0..<1000 {
            let sequences = NonceSequences()
            for _ in 0..<1000 { seen.insert(try sequences.next(for: version)) }
        }
        #expect(seen.count == 1_000_000)
    }

    @Test func aUsedUpCounterBringsANewRandomPart() throws {
        let sequences = NonceSequences()
        sequences.skip(to: 0xFFFF_FFFE, for: version)
        let nonces = try (0..<4).map { _ in try sequences.next(for: version) }
        let counters: [[UInt8]] = [[255, 255, 255, 254], [255, 255, 255, 255], [0, 0, 0, 0], [0, 0, 0, 1]]
        #expect(nonces.map { Array($0.suffix(4)) } == counters)
        #expect(nonces[0].prefix(8) == nonces[1].prefix(8) && nonces[2].prefix(8) == nonces[3].prefix(8))
        #expect(nonces[1].prefix(8) != nonces[2].prefix(8))
    }

    @Test func overuse() throws {
        let sequences = NonceSequences()
        sequences.skip(to: NonceSequences.advised - 1, for: version)
        #expect(sequences.overused().isEmpty)
        _ = try sequences.next(for: version)
        #expect(sequences.overused() == [version])
        sequences.skip(to: NonceSequences.limit - 1, for: version)
        _ = try sequences.next(for: version)
        for _ in 0..<2 {
            #expect(throws: CryptoError.keyRejected("it has encrypted too often; make a new version")) {
                try sequences.next(for: version)
            }
        }
        sequences.removeAll()
        #expect(sequences.overused().isEmpty)
        #expect(throws: Never.self) { try sequences.next(for: version) }
    }

    @Test func threads() throws {
        let sequences = NonceSequences()
        let all = Collector()
        try inThreads(8) { [version] _ in
            all.add(try (0..<2000).map { _ in try sequences.next(for: version) })
        }
        #expect(Set(all.items).count == 16_000)
    }

    /// Eviction does not start a sequence anew; sealing does, with another random part.
    @Test func eviction() throws {
        let bench = try EncryptionBench()
        let key = bench.keys[2]
        let digest = Digest.sha256(key.record.bytes)
        let first = try bench.encrypt(key, .A256GCM, [1]).iv
        bench.module.evict(recordDigest: digest)
        let second = try bench.encrypt(key, .A256GCM, [1]).iv
        #expect(first.prefix(8) == second.prefix(8) && Array(second.suffix(4)) == [UInt8]([0, 0, 0, 1]))
        bench.module.lock()
        #expect(throws: CryptoError.self) { try bench.encrypt(key, .A256GCM, [1]) }
        bench.module.unlock(kek: bench.bench.kek)
        let third = try bench.encrypt(key, .A256GCM, [1]).iv
        #expect(third.prefix(8) != first.prefix(8))
        #expect(bench.module.keysToReplace().isEmpty)
        bench.module.nonces.skip(to: 1 << 33, for: key.header.version)
        _ = try bench.encrypt(key, .A256GCM, [1])
        #expect(bench.module.keysToReplace() == [key.header.version])
    }
}

extension NonceSequences {
    /// As if so many had been given; the random part is zero where there was none yet.
    fileprivate func skip(to used: UInt64, for version: [UInt8]) {
        sequences.withLock { $0[Version(version), default: Sequence(prefix: 0, used: 0)].used = used }
    }
}

private final class Collector: @unchecked Sendable {
    // Unchecked: every access holds the lock.
    private let lock = NSLock()
    private var collected: [[UInt8]] = []

    var items: [[UInt8]] { lock.withLock { collected } }

    func add(_ more: [[UInt8]]) { lock.withLock { collected += more } }
}
