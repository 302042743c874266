import COpenSSL
import Foundation
import Testing

@testable import CryptographicModule

/// Whether decryption takes as long for ciphertexts of one kind as for those of another, by Welch's t-test on
/// interleaved measurements (the method of dudect: Reparaz, Balasch, Verbauwhede, 2017). Time is the thread's on a
/// processor, so that waiting for one counts for nothing. What noise is left on a machine at work may spoil a series:
/// two of three decide, of a leak as of the control.
@Suite("Timing", .serialized)
struct TimingTests {
    private static let samples = 1200
    /// dudect's bound for "probably leaks" is 10.
    private static let bound = 10.0

    private let key: LoadedKey

    init() throws {
        try ModuleSelfSetup.startSecureHeap()
        key = try LoadedKey.generateRSA(bits: 2048, exponent: [1, 0, 1])
    }

    private static func statistic(_ left: [Double], _ right: [Double]) -> Double {
        func moments(_ all: [Double]) -> (mean: Double, error: Double) {
            // The slowest tenth is what the machine did besides.
            let kept = all.sorted().prefix(all.count * 9 / 10)
            let mean = kept.reduce(0, +) / Double(kept.count)
            let variance = kept.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(kept.count - 1)
            return (mean, variance / Double(kept.count))
        }
        let (left, right) = (moments(left), moments(right))
        return (left.mean - right.mean) / (left.error + right.error).squareRoot()
    }

    /// Nanoseconds that this thread has been on a processor.
    private static var threadTime: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// The median of the statistics of three series.
    private func difference(_ kinds: [[[UInt8]]], _ body: ([UInt8], Int) -> Void) -> Double {
        var random = SeededGenerator(21)
        let statistics = (0..<3).map { _ in
            var times: [[Double]] = [[], []]
            for sample in 0..<Self.samples {
                for kind in Bool.random(using: &random) ? [0, 1] : [1, 0] {
                    let input = kinds[kind][sample % kinds[kind].count]
                    let start = Self.threadTime
                    body(input, kind)
                    times[kind].append(Double(Self.threadTime - start))
                }
            }
            return abs(Self.statistic(times[0], times[1]))
        }
        return statistics.sorted()[1]
    }

    private func ciphertexts(_ padding: qk_rsa_padding) throws -> [[UInt8]] {
        try (0..<64).map { _ in
            try #require(try Random.bytes(32).withUnsafeBytes { try key.encrypt(padding, $0) })
        }
    }

    private func decrypt(_ padding: qk_rsa_padding, _ ciphertext: [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: Int(QK_MODULUS_MAX))
        _ = buffer.withUnsafeMutableBytes { try? key.decrypt(padding, ciphertext, into: $0) }
    }

    /// Numbers below the modulus that mean nothing: their first byte is hardly ever the one that padding begins with.
    private var arbitrary: [[UInt8]] {
        (0..<64).map { _ in [0] + Random.bytes(255) }
    }

    @Test func goodAndBadPaddingOfRSA15() throws {
        let kinds = [try ciphertexts(QK_RSAES_PKCS1), arbitrary]
        let found = difference(kinds) { ciphertext, _ in decrypt(QK_RSAES_PKCS1, ciphertext) }
        #expect(found < Self.bound)
    }

    /// A wrong first byte against a right one and a wrong label: what Manger's attack tells apart.
    @Test func theWaysInWhichOAEPFails() throws {
        let kinds = [arbitrary, try ciphertexts(QK_OAEP_SHA1)]
        for kind in kinds {
            for ciphertext in kind.prefix(8) {
                #expect(throws: CryptoError.authenticationFailed) { try key.decrypted(QK_OAEP_SHA256, ciphertext) }
            }
        }
        let found = difference(kinds) { ciphertext, _ in decrypt(QK_OAEP_SHA256, ciphertext) }
        #expect(found < Self.bound)
    }

    /// The control: what does a twentieth more for one kind is found out.
    @Test func aLeakWouldBeFound() throws {
        let kinds = [arbitrary, arbitrary]
        let found = difference(kinds) { ciphertext, kind in
            decrypt(QK_RSAES_PKCS1, ciphertext)
            if kind == 1 { for _ in 0..<60 { _ = Digest.sha512(ciphertext) } }
        }
        #expect(found > Self.bound)
    }
}
