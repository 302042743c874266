import Foundation
import Testing

@testable import CryptographicModule

@Suite("Seal state, cache, and many threads")
struct ModuleStateTests {
    private let digest = Digest.sha256([7])

    @Test func aLockedModuleDoesNothing() throws {
        let bench = try Bench()
        let key = try bench.make(.ec(.p256))
        _ = try bench.sign(key, .ES256, digest)
        #expect(bench.module.isUnlocked && bench.module.isCached(recordDigest: Digest.sha256(key.record.bytes)))
        bench.module.lock()
        #expect(!bench.module.isUnlocked && !bench.module.isCached(recordDigest: Digest.sha256(key.record.bytes)))
        #expect { try bench.sign(key, .ES256, digest) } throws: { Self.isNotPermitted($0) }
        #expect { try bench.make(.ec(.p256)) } throws: { Self.isNotPermitted($0) }
        bench.module.unlock(kek: bench.kek)
        _ = try bench.sign(key, .ES256, digest)
    }

    private static func isNotPermitted(_ error: any Error) -> Bool {
        if case .operationNotPermitted? = error as? CryptoError { return true }
        return false
    }

    @Test func newKeysAreSealedUnderTheKeyThatCameLast() throws {
        let bench = try Bench()
        let old = try bench.make(.ec(.p256))
        var former = [bench.kek.id]
        for _ in 0..<8 {
            let kek = SecretKey(consuming: try Random.secret(32), id: Random.bytes(16))
            bench.module.unlock(kek: kek)
            #expect(try bench.make(.ec(.p256)).record.kekID == kek.id)
            former.append(kek.id)
        }
        #expect(old.record.kekID == former[0])
        _ = try bench.sign(old, .ES256, digest)
    }

    @Test func aRecordGoesFromOneSealingKeyToTheNext() throws {
        let bench = try Bench()
        let key = try bench.make(.ec(.p256))
        #expect(try bench.module.rewrap(key.record, of: key.header) == nil)
        let next = SecretKey(consuming: try Random.secret(32), id: Random.bytes(16))
        bench.module.unlock(keks: [bench.kek, next])
        let record = try #require(try bench.module.rewrap(key.record, of: key.header))
        #expect(record.kekID == next.id)
        #expect(try bench.module.rewrap(record, of: key.header) == nil)
        var other = key.header
        other.operations = [.sign]
        #expect(throws: CryptoError.authenticationFailed) { try bench.module.rewrap(key.record, of: other) }

        // The former one is retired.
        bench.module.unlock(keks: [next])
        let signature = try bench.sign(key.header, record, .ES256, digest)
        #expect(
            try bench.module.verify(
                publicKey: key.publicHalf, algorithm: .ES256, digest: digest, signature: signature))
        #expect { try bench.sign(key, .ES256, digest) } throws: { Self.isNotPermitted($0) }
        #expect { try bench.module.rewrap(key.record, of: key.header) } throws: { Self.isNotPermitted($0) }
    }

    @Test func anEvictedKeyIsFetchedAgain() throws {
        let bench = try Bench()
        let key = try bench.make(.ec(.p256))
        let recordDigest = Digest.sha256(key.record.bytes)
        let fetched = Counter()
        func sign() throws {
            _ = try bench.module.sign(
                header: key.header, recordDigest: recordDigest,
                fetch: { () throws(CryptoError) in
                    fetched.add()
                    return key.record
                }, algorithm: .ES256, digest: digest)
        }
        for _ in 0..<5 { try sign() }
        #expect(fetched.value == 1)
        bench.module.evict(recordDigest: recordDigest)
        try sign()
        #expect(fetched.value == 2)
    }

    /// Who was faster keeps what he has opened.
    @Test func aKeyThatIsOpenedTwiceAtOnceIsOneKey() throws {
        let bench = try Bench()
        let key = try bench.make(.ec(.p256))
        let recordDigest = Digest.sha256(key.record.bytes)
        var faster: KeyCache.Entry?
        let entry = try bench.module.opened(key.header, recordDigest) { () throws(CryptoError) -> SealedRecord in
            faster = try bench.module.opened(key.header, recordDigest) { () throws(CryptoError) in key.record }
            return key.record
        }
        let first = try #require(faster)
        #expect(first === entry)
        let algorithm = SignatureAlgorithm.ES256
        let signature = try first.key.sign(algorithm.scheme, algorithm.hash, Digest.sha256([1]))
        #expect(signature != nil)
    }

    @Test func aStoreThatGivesAnotherRecordIsFoundOut() throws {
        let bench = try Bench()
        let (asked, other) = (try bench.make(.ec(.p256)), try bench.make(.ec(.p256)))
        #expect(throws: CryptoError.authenticationFailed) {
            try bench.module.sign(
                header: other.header, recordDigest: Digest.sha256(asked.record.bytes),
                fetch: { () throws(CryptoError) in other.record }, algorithm: .ES256, digest: digest)
        }
    }

    @Test func theCacheStaysWithinItsBytes() throws {
        let bench = try Bench(cacheBytes: 16 * 512)
        let keys = try (0..<64).map { _ in try bench.make(.ec(.p256)) }
        for key in keys {
            _ = try bench.sign(key, .ES256, digest)
            _ = try bench.sign(keys[0], .ES256, digest)
        }
        let cached = keys.filter { bench.module.isCached(recordDigest: Digest.sha256($0.record.bytes)) }
        #expect(cached.count == 16)
        #expect(cached.first?.header == keys[0].header, "what is in use stays")
    }

    /// Many threads, few keys, a cache that is too small, and keys that are dropped while they are in use.
    @Test func threadsShareKeys() throws {
        let bench = try Bench(cacheBytes: 3 * 512 + 2 * 4096)
        let keys: [(key: GeneratedKey, algorithm: SignatureAlgorithm)] = [
            (try bench.make(.rsa(2048)), .PS256), (try bench.make(.rsa(2048)), .RS256),
            (try bench.make(.ec(.p256)), .ES256), (try bench.make(.ec(.p384)), .ES384),
            (try bench.make(.ec(.p521)), .ES512), (try bench.make(.ec(.p256K)), .ES256K),
        ]
        let (good, bad) = (Counter(), Counter())
        try inThreads(24) { worker in
            for round in 0..<48 {
                let (key, algorithm) = keys[(worker + round) % keys.count]
                let digest = algorithm.digest(of: [UInt8(worker), UInt8(round)])
                let signature: [UInt8]
                do {
                    signature = try bench.sign(key, algorithm, digest)
                } catch CryptoError.operationNotPermitted {
                    continue  // Dropped twice in a row while it was used: the caller is told to try again.
                }
                let isGood = try bench.module.verify(
                    publicKey: key.publicHalf, algorithm: algorithm, digest: digest, signature: signature)
                isGood ? good.add() : bad.add()
                if round % 7 == worker % 7 { bench.module.evict(recordDigest: Digest.sha256(key.record.bytes)) }
            }
        }
        #expect(bad.value == 0)
        #expect(good.value > 24 * 48 / 2, "\(good.value)")
    }

    /// More threads than a key has prepared contexts.
    @Test func oneKeyUnderLoadOfManyThreads() throws {
        let bench = try Bench()
        let keys = [(try bench.make(.rsa(2048)), SignatureAlgorithm.PS256), (try bench.make(.ec(.p256)), .ES256)]
        for (key, algorithm) in keys {
            let prepared = try bench.module.verificationKey(for: key.publicHalf)
            let (done, wrong) = (Counter(), Counter())
            try inThreads(40) { worker in
                for round in 0..<30 {
                    let digest = algorithm.digest(of: [UInt8(worker), UInt8(round)])
                    let signature = try bench.sign(key, algorithm, digest)
                    let isGood = try prepared.verify(algorithm: algorithm, digest: digest, signature: signature)
                    let isBad = try prepared.verify(
                        algorithm: algorithm, digest: digest.flipping(bit: 0), signature: signature)
                    if !isGood || isBad { wrong.add() }
                    done.add()
                }
            }
            #expect(wrong.value == 0 && done.value == 1200)
        }
    }

    /// After `lock` returns, no key that was opened before it is left, even with threads that open keys all the time.
    @Test func lockingUnderLoadLeavesNothingBehind() throws {
        let bench = try Bench()
        let keys = try (0..<8).map { _ in try bench.make(.ec(.p256)) }
        let (stop, signed, refused) = (Counter(), Counter(), Counter())
        let turns = {
            defer { stop.add() }
            for _ in 0..<300 {
                let (signedBefore, refusedBefore) = (signed.value, refused.value)
                bench.module.unlock(kek: bench.kek)
                // Locked in the midst of it: the threads go on until they are refused.
                try wait(for: "signatures") { signed.value >= signedBefore + 4 }
                bench.module.lock()
                try wait(for: "a refusal") { refused.value > refusedBefore }
            }
        }
        try inThreads(8, meanwhile: turns) { worker in
            var turn = worker
            while stop.value == 0 {
                turn += 1
                do {
                    _ = try bench.sign(keys[turn % keys.count], .ES256, Digest.sha256([1]))
                    signed.add()
                } catch CryptoError.operationNotPermitted {
                    refused.add()
                    usleep(50)
                }
            }
        }
        #expect(!keys.contains { bench.module.isCached(recordDigest: Digest.sha256($0.record.bytes)) })
    }
}
