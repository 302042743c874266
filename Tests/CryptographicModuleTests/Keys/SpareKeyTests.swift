import Testing

@testable import CryptographicModule

@Suite(.serialized) struct SpareKeyTests {
    private func bench(_ limit: Int) throws -> Bench { try Bench(spareKeys: limit) }

    private func fill(_ bench: Bench) throws -> Int {
        var made = 0
        while try bench.module.makeSpareKey() { made += 1 }
        return made
    }

    @Test func eachIsHandedOutOnce() throws {
        let bench = try bench(1)
        #expect(try fill(bench) == 3)
        for bits in [2048, 3072, 4096] {
            let spare = try #require(bench.module.spares.take(bits: bits))
            #expect(spare.bits == bits)
            #expect(bench.module.spares.take(bits: bits) == nil)
            let modulus = try spare.spkiDER()
            bench.module.spares.add(spare, bits: bits)
            let first = try bench.make(.rsa(bits: bits, publicExponent: SpareKeys.exponent))
            let second = try bench.make(.rsa(bits: bits, publicExponent: SpareKeys.exponent))
            #expect(first.header.publicDigest == Digest.sha256(modulus), "the spare one is used")
            #expect(second.header.publicDigest != first.header.publicDigest)
        }
        #expect(try fill(bench) == 3, "what was used is made again")
    }

    /// Such a key is like any other: sealed, and good for what its header says.
    @Test func aSpareKeySigns() throws {
        let bench = try bench(1)
        #expect(try bench.module.makeSpareKey())
        let key = try bench.make(.rsa(bits: 2048, publicExponent: SpareKeys.exponent))
        let digest = [UInt8](repeating: 7, count: 32)
        let signature = try bench.sign(key, .PS256, digest)
        #expect(
            try bench.module.verify(
                publicKey: key.publicHalf, algorithm: .PS256, digest: digest, signature: signature))
    }

    @Test func onlyTheUsualExponentHasThem() throws {
        let bench = try bench(1)
        #expect(try bench.module.makeSpareKey())
        let key = try bench.make(.rsa(bits: 2048, publicExponent: [1, 0, 3]))
        guard case .rsa(_, let exponent) = key.publicHalf else { return #expect(Bool(false), "not RSA") }
        #expect(exponent == [1, 0, 3])
        #expect(bench.module.spares.take(bits: 2048) != nil)
    }

    @Test func aLockedModuleHasNone() throws {
        let bench = try bench(1)
        #expect(try bench.module.makeSpareKey())
        bench.module.lock()
        #expect(bench.module.spares.take(bits: 2048) == nil)
        #expect(try !bench.module.makeSpareKey())
        #expect(bench.module.spares.take(bits: 2048) == nil)
    }

    @Test func theyCanBeTurnedOff() throws {
        #expect(try !bench(0).module.makeSpareKey())
    }
}
