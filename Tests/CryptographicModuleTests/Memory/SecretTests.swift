import COpenSSL
import Testing

@testable import CryptographicModule

@Suite("Secrets", .serialized)
struct SecretTests {
    init() throws { try ModuleSelfSetup.startSecureHeap() }

    /// The arena stays mapped, so what a block held can be read after the block is gone.
    private func bytes(at address: UInt, _ count: Int) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: count))
    }

    private func address(_ secret: borrowing Secret) -> UInt {
        secret.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    }

    @Test func memoryIsWipedWhenTheValueEnds() async {
        await #expect(processExitsWith: .success) {
            let suite = try SecretTests()
            for length in [1, 16, 32, 100, 4096] {
                let pattern = [UInt8](repeating: 0xC5, count: length)
                var address: UInt = 0
                do {
                    let secret = try Secret(copying: pattern)
                    address = suite.address(secret)
                    #expect(suite.bytes(at: address, length) == pattern, "it is there while the value lives")
                }
                // The allocator keeps two links in a free block.
                #expect(!suite.bytes(at: address, length).dropFirst(16).contains(0xC5))
                #expect(suite.bytes(at: address, length) != pattern)
            }
        }
    }

    @Test func memoryIsWipedWhenMakingItFails() async {
        await #expect(processExitsWith: .success) {
            let suite = try SecretTests()
            var address: UInt = 0
            #expect(throws: CryptoError.authenticationFailed) {
                _ = try Secret(count: 64) { target in
                    address = UInt(bitPattern: target.baseAddress)
                    target.copyBytes(from: [UInt8](repeating: 0xC5, count: 64))
                    throw CryptoError.authenticationFailed
                }
            }
            #expect(!suite.bytes(at: address, 64).contains(0xC5))
        }
    }

    @Test func destroyedKeysAreWipedAndUseless() async {
        await #expect(processExitsWith: .success) {
            let suite = try SecretTests()
            let key = SecretKey(consuming: try Secret(copying: [UInt8](repeating: 0xC5, count: 64)), id: [1])
            let address = try key.withSecret { suite.address($0) }
            #expect(suite.bytes(at: address, 64).contains(0xC5))
            key.destroy()
            #expect(!suite.bytes(at: address, 64).contains(0xC5))
            #expect(throws: CryptoError.operationNotPermitted("the key was destroyed")) {
                try MAC.hmacSHA256(key: key, [1])
            }
        }
    }

    @Test func secretsLieInTheSecureHeapOnly() throws {
        let before = qk_secure_used()
        let secret = try Secret(copying: [UInt8](repeating: 7, count: 1000))
        #expect(qk_secure_used() >= before + 1000)
        let copy = try secret.copy()
        #expect(address(copy) != address(secret))
        #expect(copy.withUnsafeBytes { Array($0) } == [UInt8](repeating: 7, count: 1000))
    }

    @Test func descriptionsShowNothing() throws {
        let key = SecretKey(consuming: try Secret(copying: Array("topsecret-content".utf8)), id: [1, 2])
        var texts = ["\(key)", String(reflecting: key)]
        var dumped = ""
        dump(key, to: &dumped)
        texts += [dumped, "\(Mirror(reflecting: key).children.map { "\($0)" })"]
        let keys: [Any] = [
            try SystemSigningKey.generate(.ec(.p256)), try KeyAgreement.generate(), try LoadedKey.generateEC(.p256),
            try Bench().module,
        ]
        for key in keys {
            dumped = ""
            dump(key, to: &dumped)
            texts += ["\(key)", dumped]
        }
        for text in texts {
            #expect(!text.contains("topsecret") && !text.contains("116, 111, 112") && !text.contains("746f70"))
            #expect(text.utf8.count < 4000)
        }
    }

    /// Fills the arena to its end, in a process of its own: a clear error, nothing goes to the ordinary heap, and with
    /// room again everything works.
    @Test func aFullArenaIsAClearError() async {
        await #expect(processExitsWith: .success) {
            let bench = try Bench(cacheBytes: 1 << 20)
            let keys = [try bench.make(.ec(.p256)), try bench.make(.rsa(2048))]
            final class Block { var secret: Secret?; init(_ secret: consuming Secret) { self.secret = consume secret } }
            var blocks: [Block] = []
            var (size, taken) = (1 << 20, 0)
            while size >= 16, taken <= ModuleSelfSetup.secureHeapBytes {
                do {
                    blocks.append(Block(try Secret(count: size) { _ in }))
                    taken += size
                } catch CryptoError.secureMemoryExhausted {
                    size /= 2
                }
            }
            #expect(taken <= ModuleSelfSetup.secureHeapBytes && taken > ModuleSelfSetup.secureHeapBytes / 2)
            let full = CryptoError.secureMemoryExhausted
            for (key, algorithm) in zip(keys, [SignatureAlgorithm.ES256, .PS256]) {
                #expect(throws: full) { try bench.sign(key, algorithm, Digest.sha256([1])) }
            }
            for material: KeyTemplate.Material in [.ec(.p256), .ec(.p384), .ec(.p521), .ec(.p256K), .rsa(2048)] {
                #expect(throws: full) { try bench.make(material) }
            }
            #expect(throws: full) { try SystemSigningKey.generate(.ec(.p256)) }
            #expect(throws: full) { _ = try Random.secret(16) }
            #expect(throws: full) { try KeyAgreement.generate() }
            blocks.removeAll()
            for (key, algorithm) in zip(keys, [SignatureAlgorithm.ES256, .PS256]) {
                _ = try bench.sign(key, algorithm, Digest.sha256([1]))
            }
            _ = try bench.make(.ec(.p256))
        }
    }

    @Test func openedKeysTakeNoMoreThanTheyAreCountedFor() async {
        await #expect(processExitsWith: .success) {
            let bench = try Bench(cacheBytes: 1 << 20)
            let rsa = try bench.make(.rsa(4096))
            let ec = try bench.make(.ec(.p521))
            for (key, algorithm) in [(rsa, SignatureAlgorithm.PS512), (ec, .ES512)] {
                bench.module.lock()
                let before = qk_secure_used()
                bench.module.unlock(kek: bench.kek)
                _ = try bench.sign(key, algorithm, Digest.sha512([1]))
                let cost = key.header.keyType == .rsaHSM ? key.header.bits * 2 : 512
                #expect(qk_secure_used() - before <= cost, "\(algorithm): \(qk_secure_used() - before)")
            }
        }
    }

    @Test func comparisonIsRight() {
        #expect(SecureCompare.equal([], []) && SecureCompare.equal([1, 2], [1, 2]))
        #expect(!SecureCompare.equal([1], [1, 2]) && !SecureCompare.equal([], [0]))
        let base = Random.bytes(64)
        for bit in 0..<512 { #expect(!SecureCompare.equal(base, base.flipping(bit: bit))) }
    }

    /// The time must not tell how long the common beginning is. Over a megabyte an early exit would be a thousand times
    /// faster: no statistics are needed to see it.
    @Test func comparisonTakesAsLongForAnEarlyDifference() {
        let base = [UInt8](repeating: 7, count: 1 << 20)
        let (early, late) = (base.flipping(bit: 0), base.flipping(bit: (8 << 20) - 1))
        func fastest(_ other: [UInt8]) -> Duration {
            (0..<40).map { _ in ContinuousClock().measure { _ = SecureCompare.equal(base, other) } }.min() ?? .zero
        }
        #expect(fastest(early) * 2 > fastest(late))
    }

    @Test func randomBytesDiffer() throws {
        #expect(Set((0..<2000).map { _ in Random.bytes(16) }).count == 2000)
        #expect(Random.bytes(0) == [] && Random.bytes(1000).count == 1000)
        let secrets = try (0..<500).map { _ in try Random.secret(16).withUnsafeBytes { Array($0) } }
        #expect(Set(secrets).count == 500)
    }
}
