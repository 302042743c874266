public import CryptographicModule

/// Shamir's secret sharing over the integers modulo 257, byte by byte, in the form that Azure's clients recombine.
///
/// Every byte has its own random polynomial of degree `required − 1` whose constant term is the byte; share `x` holds
/// the values at `x`. Fewer than `required` shares are consistent with every secret. All secret values live in `Secret`
/// buffers.
///
/// Source: A. Shamir, "How to share a secret", 1979.
public enum ShamirSharing {
    /// Splits `secret` among `count` holders, of whom any `required` can restore it.
    ///
    /// - Returns: the shares with x = 1, 2, … in order.
    /// - Throws: `SecurityDomainError.requiredCount` unless 2 ≤ required ≤ count ≤ 126; `CryptoError` when secure
    ///   memory is exhausted.
    public static func split(_ secret: borrowing Secret, count: Int, required: Int) throws -> [Share] {
        guard (2...Int(Share.maximumX)).contains(count), (2...count).contains(required) else {
            throw SecurityDomainError.requiredCount(required, officers: count)
        }
        let coefficients = try randomCoefficients((required - 1) * secret.count)
        return try split(secret, count: count, required: required, coefficients: coefficients)
    }

    /// The same with given coefficients: for each byte, those of x, x², … as 16-bit little-endian numbers below 257.
    static func split(
        _ secret: borrowing Secret, count: Int, required: Int, coefficients: borrowing Secret
    ) throws -> [Share] {
        let length = secret.count
        var shares: [Share] = []
        for x in 1...count {
            let words = try Secret(count: length * Share.bytesPerWord) { target in
                secret.withUnsafeBytes { secret in
                    coefficients.withUnsafeBytes { coefficients in
                        evaluate(secret, coefficients, degree: required - 1, at: UInt32(x), into: target)
                    }
                }
            }
            shares.append(Share(x: UInt8(x), words: words))
        }
        return shares
    }

    private static func evaluate(
        _ secret: UnsafeRawBufferPointer, _ coefficients: UnsafeRawBufferPointer, degree: Int, at x: UInt32,
        into target: UnsafeMutableRawBufferPointer
    ) {
        for index in 0..<secret.count {
            var value: UInt32 = 0
            for power in stride(from: degree - 1, through: 0, by: -1) {
                let coefficient = Share.word(index * degree + power, of: coefficients)
                value = GF257.reduce(value &* x &+ coefficient)
            }
            value = GF257.reduce(value &* x &+ UInt32(secret[index]))
            let word = x &<< 9 &+ value
            target[2 * index] = UInt8(truncatingIfNeeded: word)
            target[2 * index + 1] = UInt8(truncatingIfNeeded: word &>> 8)
        }
    }

    /// Uniform numbers 0...256. 65,535 is 255 × 257, so every 16-bit number but 65,535 reduces to a uniform one; that
    /// one is rejected.
    private static func randomCoefficients(_ count: Int) throws -> Secret {
        var made = 0
        return try Secret(count: 2 * count) { target in
            while made < count {
                let random = try Random.secret(2 * (count - made))
                random.withUnsafeBytes { random in
                    for index in 0..<random.count / 2 where Share.word(index, of: random) != 0xFFFF {
                        let value = GF257.reduce(Share.word(index, of: random))
                        target[2 * made] = UInt8(truncatingIfNeeded: value)
                        target[2 * made + 1] = UInt8(truncatingIfNeeded: value &>> 8)
                        made += 1
                    }
                }
            }
        }
    }

    /// Restores the secret from `shares`, at least as many as were required at the split, in any order.
    ///
    /// Too few shares, or shares of different splits, give a wrong secret or an error: only a check value tells them
    /// apart.
    ///
    /// - Throws: `SecurityDomainError.sharesRejected` for fewer than two shares, equal coordinates, different lengths,
    ///   or when a restored value is not a byte; `CryptoError` when secure memory is exhausted.
    public static func combine(_ shares: [Share]) throws -> Secret {
        guard shares.count >= 2, let length = shares.first?.words.count else {
            throw SecurityDomainError.sharesRejected("fewer than two shares")
        }
        guard Set(shares.map(\.x)).count == shares.count else {
            throw SecurityDomainError.sharesRejected("the same share twice")
        }
        guard shares.allSatisfy({ $0.words.count == length }) else {
            throw SecurityDomainError.sharesRejected("shares of different lengths")
        }
        let weights = lagrangeWeights(shares.map { UInt32($0.x) })
        let sums = try Secret(count: length) { sums in
            for (share, weight) in zip(shares, weights) {
                share.words.withUnsafeBytes { accumulate($0, weight: weight, into: sums) }
            }
        }
        return try bytes(ofWords: sums)
    }

    /// Weights of the Lagrange interpolation at zero; they depend on the public coordinates only.
    private static func lagrangeWeights(_ xs: [UInt32]) -> [UInt32] {
        xs.map { own in
            xs.reduce(into: UInt32(1)) { weight, other in
                guard other != own else { return }
                weight = GF257.multiply(weight, GF257.multiply(other, GF257.inverse(GF257.subtract(other, own))))
            }
        }
    }

    private static func accumulate(
        _ words: UnsafeRawBufferPointer, weight: UInt32, into sums: UnsafeMutableRawBufferPointer
    ) {
        let current = UnsafeRawBufferPointer(sums)
        for index in 0..<words.count / Share.bytesPerWord {
            let value = Share.word(index, of: words) & 0x1FF
            let sum = GF257.reduce(Share.word(index, of: current) &+ GF257.multiply(value, weight))
            sums[2 * index] = UInt8(truncatingIfNeeded: sum)
            sums[2 * index + 1] = UInt8(truncatingIfNeeded: sum &>> 8)
        }
    }

    private static func bytes(ofWords sums: borrowing Secret) throws -> Secret {
        var outsideBytes: UInt32 = 0
        let secret = try Secret(count: sums.count / Share.bytesPerWord) { target in
            sums.withUnsafeBytes { sums in
                for index in 0..<target.count {
                    let value = Share.word(index, of: sums)
                    outsideBytes |= value &>> 8
                    target[index] = UInt8(truncatingIfNeeded: value)
                }
            }
        }
        guard outsideBytes == 0 else { throw SecurityDomainError.sharesRejected("they do not belong together") }
        return secret
    }
}
