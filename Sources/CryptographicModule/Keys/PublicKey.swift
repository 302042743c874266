/// A public key in the protocol's terms.
public enum PublicKey: Hashable, Sendable {
    /// Modulus and exponent, big-endian, without leading zeros.
    case rsa(n: [UInt8], e: [UInt8])
    /// Coordinates, big-endian, each of the curve's full length.
    case ec(EllipticCurve, x: [UInt8], y: [UInt8])
    /// The 32 bytes of RFC 8032 section 5.1.5.
    case ed25519(x: [UInt8])

    private static let rsaAlgorithm: [UInt8] = [
        0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00,
    ]
    private static let ecAlgorithm: [UInt8] = [0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
    private static let ed25519Algorithm: [UInt8] = [0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70]
    static let ed25519Length = 32

    /// SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7; RFC 8017 appendix A.1.1; RFC 5480; RFC 8410 section 4).
    public func spkiDER() -> [UInt8] {
        switch self {
        case .rsa(let n, let e):
            DER.sequence(Self.rsaAlgorithm, DER.bitString(DER.sequence(DER.integer(n), DER.integer(e))))
        case .ec(let curve, let x, let y):
            DER.sequence(DER.sequence(Self.ecAlgorithm, curve.objectIdentifier), DER.bitString([0x04] + x + y))
        case .ed25519(let x):
            DER.sequence(Self.ed25519Algorithm, DER.bitString(x))
        }
    }

    /// Strict: exactly the form that ``spkiDER()`` writes. Whether a point lies on its curve is checked when the key is
    /// used.
    /// - Throws: ``CryptoError/malformed(_:)`` or ``CryptoError/unsupported(_:)``.
    public init(spkiDER bytes: [UInt8]) throws(CryptoError) {
        guard let key = Self.parse(bytes), key.spkiDER() == bytes else { throw .malformed("SubjectPublicKeyInfo") }
        self = key
    }

    private static func parse(_ bytes: [UInt8]) -> PublicKey? {
        var outer = DER.Reader(bytes)
        guard let content = outer.read(0x30), outer.isAtEnd else { return nil }
        var reader = DER.Reader(content)
        guard let algorithm = reader.read(0x30), let bits = reader.read(0x03), bits.first == 0, reader.isAtEnd else {
            return nil
        }
        let key = Array(bits.dropFirst())
        if DER.element(0x30, Array(algorithm)) == rsaAlgorithm { return parseRSA(key) }
        if DER.element(0x30, Array(algorithm)) == ed25519Algorithm {
            return key.count == ed25519Length ? .ed25519(x: key) : nil
        }
        let curve = EllipticCurve.allCases.first { Array(algorithm) == ecAlgorithm + $0.objectIdentifier }
        guard let curve, key.first == 0x04, key.count == 1 + 2 * curve.coordinateLength else { return nil }
        return .ec(
            curve, x: Array(key[1...curve.coordinateLength]), y: Array(key[(1 + curve.coordinateLength)...]))
    }

    private static func parseRSA(_ bytes: [UInt8]) -> PublicKey? {
        var outer = DER.Reader(bytes)
        guard let content = outer.read(0x30), outer.isAtEnd else { return nil }
        var reader = DER.Reader(content)
        guard let n = reader.read(0x02), let e = reader.read(0x02), reader.isAtEnd else { return nil }
        return .rsa(n: Array(n.drop { $0 == 0 }), e: Array(e.drop { $0 == 0 }))
    }
}
