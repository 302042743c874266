import Testing

@testable import CryptographicModule

@Suite("Self-test")
struct SelfTestTests {
    init() throws { try ModuleSelfSetup.startSecureHeap() }

    @Test(arguments: SelfTest.allCases)
    func eachNoticesAWrongAnswer(test: SelfTest) {
        let answer = test.expected
        #expect(test.passes(expecting: answer))
        for bit in [0, answer.count * 4, answer.count * 8 - 1] {
            #expect(!test.passes(expecting: answer.flipping(bit: bit)), "bit \(bit)")
        }
        #expect(!test.passes(expecting: []))
    }

    @Test(arguments: SelfTest.allCases)
    func aFailureIsFinal(test: SelfTest) throws {
        let health = ModuleHealth { $0 == test ? $0.expected.flipping(bit: 1) : $0.expected }
        let expected = CryptoError.notOperational("the self-test of \(test.rawValue) failed")
        for _ in 0..<2 { #expect(throws: expected) { try health.runTests() } }
        let good = try Bench()
        let bench = try Bench(health: health)
        let digest = Digest.sha256([1])
        let key = try good.make(.ec(.p256))
        let signature = try good.sign(key, .ES256, digest)
        let prepared = try good.module.verificationKey(for: key.publicHalf)
        #expect(throws: expected) { try bench.make(.ec(.p256)) }
        #expect(throws: expected) { try bench.sign(key, .ES256, digest) }
        #expect(throws: expected) { try bench.module.verificationKey(for: key.publicHalf) }
        #expect(throws: expected) {
            try bench.module.verify(publicKey: key.publicHalf, algorithm: .ES256, digest: digest, signature: signature)
        }
        #expect(try prepared.verify(algorithm: .ES256, digest: digest, signature: signature), "another module's health")
    }

    @Test func aPreparedKeyStopsWithItsModule() throws {
        let bench = try Bench()
        let key = try bench.make(.ec(.p256))
        let signature = try bench.sign(key, .ES256, Digest.sha256([1]))
        let health = ModuleHealth { $0 == .ecdsa ? [] : $0.expected }
        let prepared = try CryptographicModule(keyCacheBytes: 0, health: health).verificationKey(for: key.publicHalf)
        #expect(try prepared.verify(algorithm: .ES256, digest: Digest.sha256([1]), signature: signature))
        #expect(throws: CryptoError.self) { try health.runTests() }
        #expect(throws: CryptoError.notOperational("the self-test of ECDSA failed")) {
            try prepared.verify(algorithm: .ES256, digest: Digest.sha256([1]), signature: signature)
        }
    }

    /// In a process that was not prepared: no key, no secret; public things work.
    @Test func nothingSecretBeforeSetup() async {
        await #expect(processExitsWith: .success) {
            let refused = CryptoError.notOperational("the process was not prepared for keys")
            let module = CryptographicModule(keyCacheBytes: 1 << 16)
            #expect(throws: refused) { try module.generateKey(Bench.template(.ec(.p256))) }
            #expect(throws: refused) { try SystemSigningKey.generate(.ec(.p256)) }
            #expect(throws: refused) { try KeyAgreement.generate() }
            #expect(throws: refused) { try FileSigningKey(path: "/nowhere") }
            #expect(throws: refused) { _ = try Random.secret(32) }
            #expect(throws: refused) { _ = try Secret(copying: [1]) }
            // Not even past the gate: OpenSSL would fall back to the ordinary heap.
            #expect(throws: CryptoError.secureMemoryExhausted) { try LoadedKey.generateEC(.p256) }
            #expect(throws: CryptoError.secureMemoryExhausted) {
                try LoadedKey.generateRSA(bits: 2048, exponent: [1, 0, 1])
            }
            let fields = try Vectors.load("ecdsa.txt").filter { $0[0] == "ES256" && $0[5] == "P" }[0]
            let key = PublicKey.ec(.p256, x: bytes(fields[2]), y: bytes(fields[3]))
            let isGood = try module.verify(
                publicKey: key, algorithm: .ES256, digest: bytes(fields[1]), signature: bytes(fields[4]))
            #expect(isGood)
            try ModuleSelfSetup.startSecureHeap()
            _ = try KeyAgreement.generate()
        }
    }

    @Test func aPreparedProcessKeepsItsMemoryToItself() async {
        await #expect(processExitsWith: .success) {
            let protection = try ModuleSelfSetup.prepareProcess(allowUnlocked: true)
            #expect(protection.freedMemoryIsZeroed && protection.openSSLVersion.hasPrefix("3."))
            #expect(ProcessFacts.isDumpable == false)
            #expect(ProcessFacts.coreLimits == [0, 0])
            #expect(try ModuleSelfSetup.startSecureHeap() == protection.secureHeapIsLocked, "the second call")
        }
    }
}
