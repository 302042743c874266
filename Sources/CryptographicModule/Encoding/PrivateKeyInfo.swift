/// Where the numbers of a private key lie within its PKCS #8 form (RFC 5958), so that nothing of it has to be copied.
///
/// Strict DER of exactly these forms: RSAPrivateKey with two primes (RFC 8017 section A.1.2), ECPrivateKey (RFC 5915)
/// on a listed named curve, CurvePrivateKey of Ed25519 (RFC 8410). Attributes and a repeated public key after the
/// private one are skipped.
enum PrivateKeyInfo {
    /// n, e, d, p, q, dp, dq, qi.
    case rsa([Range<Int>])
    case ec(EllipticCurve, scalar: Range<Int>, x: Range<Int>, y: Range<Int>)
    case ed25519(seed: Range<Int>)

    private static let rsaIdentifier: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
    private static let ecIdentifier: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
    private static let ed25519Identifier: [UInt8] = [0x2B, 0x65, 0x70]

    /// `nil` for bytes of another form.
    init?(parsing bytes: UnsafeRawBufferPointer) {
        var outer = Cursor(bytes, 0..<bytes.count)
        guard let content = outer.read(0x30), outer.isAtEnd else { return nil }
        var info = Cursor(bytes, content)
        guard let version = info.read(0x02), version.count == 1, bytes[version.lowerBound] <= 1,
            let algorithm = info.read(0x30), let key = info.read(0x04)
        else { return nil }
        // Attributes, then the public key.
        _ = info.read(0xA0)
        _ = info.read(0x81)
        guard info.isAtEnd else { return nil }
        var identifier = Cursor(bytes, algorithm)
        guard let oid = identifier.read(0x06) else { return nil }
        let parsed: PrivateKeyInfo?
        if bytes.holds(Self.rsaIdentifier, at: oid) {
            guard identifier.isAtEnd || identifier.read(0x05) == identifier.end..<identifier.end else { return nil }
            parsed = Self.rsa(bytes, key)
        } else if bytes.holds(Self.ecIdentifier, at: oid) {
            guard let curve = Self.curve(&identifier, bytes) else { return nil }
            parsed = Self.ec(bytes, key, curve)
        } else if bytes.holds(Self.ed25519Identifier, at: oid) {
            parsed = Self.ed25519(bytes, key)
        } else {
            return nil
        }
        guard identifier.isAtEnd, let parsed else { return nil }
        self = parsed
    }

    private static func rsa(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> PrivateKeyInfo? {
        var outer = Cursor(bytes, range)
        guard let content = outer.read(0x30), outer.isAtEnd else { return nil }
        var reader = Cursor(bytes, content)
        guard let version = reader.read(0x02), version.count == 1, bytes[version.lowerBound] == 0 else { return nil }
        var numbers: [Range<Int>] = []
        for _ in 0..<8 {
            guard let number = reader.readNumber() else { return nil }
            numbers.append(number)
        }
        return reader.isAtEnd ? .rsa(numbers) : nil
    }

    /// The next element as the name of a curve.
    private static func curve(_ cursor: inout Cursor, _ bytes: UnsafeRawBufferPointer) -> EllipticCurve? {
        guard let oid = cursor.read(0x06) else { return nil }
        return EllipticCurve.allCases.first { bytes.holds(Array($0.objectIdentifier.dropFirst(2)), at: oid) }
    }

    private static func ec(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ curve: EllipticCurve
    ) -> PrivateKeyInfo? {
        var outer = Cursor(bytes, range)
        guard let content = outer.read(0x30), outer.isAtEnd else { return nil }
        var reader = Cursor(bytes, content)
        guard let version = reader.read(0x02), version.count == 1, bytes[version.lowerBound] == 1,
            let scalar = reader.read(0x04)
        else { return nil }
        if let parameters = reader.read(0xA0) {
            var inner = Cursor(bytes, parameters)
            guard Self.curve(&inner, bytes) == curve, inner.isAtEnd else { return nil }
        }
        let width = curve.coordinateLength
        var (x, y) = (scalar.upperBound..<scalar.upperBound, scalar.upperBound..<scalar.upperBound)
        if let wrapped = reader.read(0xA1) {
            var inner = Cursor(bytes, wrapped)
            // No unused bits, an uncompressed point.
            guard let point = inner.read(0x03), inner.isAtEnd, point.count == 2 + 2 * width,
                bytes[point.lowerBound] == 0, bytes[point.lowerBound + 1] == 4
            else { return nil }
            x = point.lowerBound + 2..<point.lowerBound + 2 + width
            y = point.upperBound - width..<point.upperBound
        }
        return reader.isAtEnd ? .ec(curve, scalar: scalar, x: x, y: y) : nil
    }

    private static func ed25519(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> PrivateKeyInfo? {
        var reader = Cursor(bytes, range)
        guard let seed = reader.read(0x04), reader.isAtEnd, seed.count == PublicKey.ed25519Length else { return nil }
        return .ed25519(seed: seed)
    }

    /// Reads elements one after the other in place; every length is checked before it is used.
    private struct Cursor {
        private let bytes: UnsafeRawBufferPointer
        private var position: Int
        let end: Int

        init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
            (self.bytes, position, end) = (bytes, range.lowerBound, range.upperBound)
        }

        var isAtEnd: Bool { position == end }

        /// The content of the next element, if it has this tag.
        mutating func read(_ tag: UInt8) -> Range<Int>? {
            guard position < end, bytes[position] == tag, let content = content() else { return nil }
            position = content.upperBound
            return content
        }

        /// The magnitude of the next element, which has to be an INTEGER above 0 in its shortest form.
        mutating func readNumber() -> Range<Int>? {
            guard let content = read(0x02), let first = content.first else { return nil }
            guard bytes[first] == 0 else { return bytes[first] < 0x80 ? content : nil }
            guard content.count > 1, bytes[first + 1] >= 0x80 else { return nil }
            return content.dropFirst()
        }

        /// Only minimal lengths of up to two bytes.
        private func content() -> Range<Int>? {
            guard position + 1 < end else { return nil }
            var (start, count) = (position + 2, Int(bytes[position + 1]))
            if count == 0x81 {
                guard position + 2 < end, bytes[position + 2] >= 0x80 else { return nil }
                (start, count) = (position + 3, Int(bytes[position + 2]))
            } else if count == 0x82 {
                guard position + 3 < end, bytes[position + 2] != 0 else { return nil }
                (start, count) = (position + 4, Int(bytes[position + 2]) << 8 | Int(bytes[position + 3]))
            } else if count >= 0x80 {
                return nil
            }
            return count <= end - start ? start..<start + count : nil
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these public bytes stand at this place.
    fileprivate func holds(_ expected: [UInt8], at range: Range<Int>) -> Bool {
        range.count == expected.count && self[range].elementsEqual(expected)
    }

    subscript(part range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }
}
