import CryptographicModule
import Testing

@testable import SecurityDomain

@Suite("Shamir's sharing over GF(257)")
struct SharingTests {
    @Test("Reduction is exact over its whole domain")
    func reduction() {
        for value in 0..<UInt32(1 << 17) where GF257.reduce(value) != value % 257 {
            Issue.record("\(value) reduces to \(GF257.reduce(value))")
        }
    }

    @Test("Every non-zero element has its inverse")
    func inverses() {
        for value in 1...UInt32(256) {
            #expect(GF257.multiply(value, GF257.inverse(value)) == 1)
        }
    }

    @Test("Published vector: secret 00 ff, two polynomials of degree two")
    func publishedVector() throws {
        let coefficients = try secret([0x00, 0x01, 0x00, 0x00, 0x05, 0x00, 0x00, 0x01])
        let shares = try ShamirSharing.split(
            try secret([0x00, 0xFF]), count: 5, required: 3, coefficients: coefficients)
        #expect(
            shares.map { $0.words.exposed } == ["00030202", "ff040404", "fe060406", "fd080208", "fc0aff0a"].map(hex))
        #expect(try ShamirSharing.combine([shares[0], shares[1], shares[2]]).exposed == [0x00, 0xFF])
        #expect(try ShamirSharing.combine([shares[4], shares[2], shares[0]]).exposed == [0x00, 0xFF])
    }

    @Test(
        "Every subset of at least M shares restores the secret", arguments: [(3, 2), (5, 3), (6, 6), (10, 2), (10, 7)])
    func allSubsets(count: Int, required: Int) throws {
        let original = try TestWorld.randomSecret(32)
        let shares = try ShamirSharing.split(original, count: count, required: required)
        for mask in 0..<(1 << count) where mask.nonzeroBitCount >= required {
            let subset = shares.enumerated().filter { mask >> $0.offset & 1 == 1 }.map(\.element)
            let restored = try ShamirSharing.combine(subset.reversed())
            guard restored.exposed == original.exposed else {
                Issue.record("subset \(mask) of \(count), \(required) needed")
                return
            }
        }
    }

    @Test("One share too few restores something else")
    func tooFew() throws {
        let original = try TestWorld.randomSecret(32)
        let shares = try ShamirSharing.split(original, count: 5, required: 3)
        for pair in [[0, 1], [1, 4], [2, 3]] {
            let wrong = try? ShamirSharing.combine(pair.map { shares[$0] }).exposed
            #expect(wrong != original.exposed)
        }
    }

    /// With one share of a 2-of-n split every value 0...256 is equally likely, whatever the secret. 257 cells, 65,792
    /// draws: the statistic has mean 256 and standard deviation 22.6; 400 is more than six deviations above.
    @Test("A single share has the same, uniform distribution for any secret byte", arguments: [UInt8(0), 1, 127, 255])
    func singleShareTellsNothing(byte: UInt8) throws {
        let secretLength = 257
        let original = try secret(Array(repeating: byte, count: secretLength))
        var counts = [Int](repeating: 0, count: 257)
        let splits = 256
        for _ in 0..<splits {
            let share = try ShamirSharing.split(original, count: 3, required: 2)[1]
            let words = share.words.exposed
            for index in 0..<secretLength {
                counts[(Int(words[2 * index]) | Int(words[2 * index + 1]) << 8) & 0x1FF] += 1
            }
        }
        let expected = Double(splits * secretLength) / 257
        let statistic = counts.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
        #expect(statistic < 400)
        #expect(statistic > 130)
    }

    @Test("Two shares of three needed are jointly independent of the secret")
    func pairTellsNothing() throws {
        // The difference of the two values is uniform too; a mistake in the degree would fix it.
        let original = try secret(Array(repeating: 42, count: 257))
        var counts = [Int](repeating: 0, count: 257)
        for _ in 0..<256 {
            let shares = try ShamirSharing.split(original, count: 3, required: 3)
            let (first, second) = (shares[0].words.exposed, shares[1].words.exposed)
            for index in 0..<257 {
                let one = (Int(first[2 * index]) | Int(first[2 * index + 1]) << 8) & 0x1FF
                let two = (Int(second[2 * index]) | Int(second[2 * index + 1]) << 8) & 0x1FF
                counts[(two - one + 257) % 257] += 1
            }
        }
        let statistic = counts.reduce(0.0) { $0 + (Double($1) - 256) * (Double($1) - 256) / 256 }
        #expect(statistic < 400)
    }

    @Test("Bad splits and bad sets of shares are refused")
    func refusals() throws {
        let original = try TestWorld.randomSecret(32)
        for (count, required) in [(1, 1), (3, 1), (3, 4), (127, 2)] {
            #expect(throws: SecurityDomainError.self) {
                try ShamirSharing.split(original, count: count, required: required)
            }
        }
        let shares = try ShamirSharing.split(original, count: 3, required: 2)
        #expect(throws: SecurityDomainError.sharesRejected("the same share twice")) {
            _ = try ShamirSharing.combine([shares[0], shares[0]])
        }
        #expect(throws: SecurityDomainError.sharesRejected("fewer than two shares")) {
            _ = try ShamirSharing.combine([shares[0]])
        }
        let short = try ShamirSharing.split(try TestWorld.randomSecret(16), count: 3, required: 2)
        #expect(throws: SecurityDomainError.sharesRejected("shares of different lengths")) {
            _ = try ShamirSharing.combine([shares[0], short[1]])
        }
    }

    @Test("The form of a share is checked")
    func shareForm() throws {
        func parse(_ bytes: [UInt8]) throws -> Share {
            try Share(parsing: try secret(bytes), secretLength: 2)
        }
        #expect(try parse(hex("00030202")).x == 1)
        #expect(throws: SecurityDomainError.sharesRejected("a share of 3 bytes")) { try parse(hex("000302")) }
        #expect(throws: SecurityDomainError.sharesRejected("words of different coordinates")) {
            try parse(hex("00030204"))
        }
        #expect(throws: SecurityDomainError.sharesRejected("a value above 256")) { try parse(hex("01030202")) }
        #expect(throws: SecurityDomainError.sharesRejected("coordinate 0")) { try parse(hex("00000100")) }
        #expect(throws: SecurityDomainError.sharesRejected("coordinate 127")) { try parse(hex("00fe00fe")) }
    }

    @Test("A commitment changes with every one of its parts")
    func commitments() throws {
        let shares = try ShamirSharing.split(try TestWorld.randomSecret(32), count: 3, required: 2)
        func digest(_ share: Share, _ pool: UInt8, _ domain: UInt8, _ generation: UInt32) throws -> [UInt8] {
            try ShareCommitment(
                to: share, poolID: TestWorld.identifier(pool), securityDomainID: TestWorld.identifier(domain),
                generation: generation
            ).digest
        }
        let all = try [
            digest(shares[0], 1, 2, 0), digest(shares[1], 1, 2, 0), digest(shares[0], 9, 2, 0),
            digest(shares[0], 1, 9, 0), digest(shares[0], 1, 2, 1),
        ]
        #expect(Set(all).count == all.count)
        #expect(try digest(shares[0], 1, 2, 0) == all[0])
    }
}
