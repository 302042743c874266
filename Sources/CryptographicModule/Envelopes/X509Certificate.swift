import COpenSSL

/// A certificate (RFC 5280) as far as the pool looks into one. Parsing checks no signature.
public struct X509Certificate: Sendable {
    /// The longest certificate that is parsed, in bytes of DER.
    public static let maximumLength = 64 * 1024

    /// The whole certificate as it was given.
    public let der: [UInt8]
    /// SubjectPublicKeyInfo.
    public let spkiDER: [UInt8]
    /// `nil` for a kind of key that the pool doesn't use.
    public let publicKey: PublicKey?
    /// In the form of RFC 2253.
    public let subject: String
    /// Seconds since 1970-01-01T00:00:00Z.
    public let notBefore: Int64
    /// Seconds since 1970-01-01T00:00:00Z; the last second of it.
    public let notAfter: Int64

    /// - Throws: ``CryptoError/malformed(_:)``.
    public init(der: [UInt8]) throws {
        guard der.count <= Self.maximumLength else { throw CryptoError.malformed("certificate") }
        let parsed = try Parsed(der)
        self.der = der
        spkiDER = try parsed.read { qk_certificate_spki(parsed.certificate, $0, $1, $2) }
        let name = try parsed.read { qk_certificate_subject(parsed.certificate, $0, $1, $2) }
        subject = String(decoding: name, as: UTF8.self)
        publicKey = try? PublicKey(spkiDER: spkiDER)
        var (from, until): (Int64, Int64) = (0, 0)
        let status = withExtendedLifetime(parsed) { qk_certificate_validity(parsed.certificate, &from, &until) }
        try CryptoError.check(status, "certificate validity")
        (notBefore, notAfter) = (from, until)
    }

    /// The first certificate of a PEM text (RFC 7468).
    public init(pem: [UInt8]) throws {
        guard pem.count <= Self.maximumLength, let der = PEM.decode(pem, label: "CERTIFICATE") else {
            throw CryptoError.malformed("PEM certificate")
        }
        try self.init(der: der)
    }

    /// All certificates of a PEM text, 1 to 16, in their order.
    public static func chain(pem: [UInt8]) throws -> [X509Certificate] {
        let begin = Array("-----BEGIN CERTIFICATE-----".utf8)
        let starts = pem.indices.filter { pem[$0...].starts(with: begin) }
        guard pem.count <= Self.maximumLength, (1...16).contains(starts.count) else {
            throw CryptoError.malformed("PEM certificates")
        }
        return try zip(starts, starts.dropFirst() + [pem.count]).map { try X509Certificate(pem: Array(pem[$0..<$1])) }
    }

    /// The textual form (RFC 7468) of a certificate.
    public static func pem(der: [UInt8]) -> [UInt8] { PEM.encode(der, label: "CERTIFICATE") }

    /// Whether the key with this SubjectPublicKeyInfo signed the certificate.
    public func isSigned(bySPKI spki: [UInt8]) throws -> Bool {
        let parsed = try Parsed(der)
        return try withExtendedLifetime(parsed) {
            try LoadedKey.load(publicKey: spki).signed(certificate: parsed.certificate)
        }
    }

    private final class Parsed {
        let certificate: OpaquePointer

        init(_ der: [UInt8]) throws(CryptoError) {
            var certificate: OpaquePointer?
            try CryptoError.check(qk_certificate_parse(der, der.count, &certificate), "certificate")
            guard let certificate else { throw .internalFailure("certificate") }
            self.certificate = certificate
        }

        deinit { qk_certificate_free(certificate) }

        func read(
            _ body: (UnsafeMutablePointer<UInt8>?, Int, UnsafeMutablePointer<Int>) -> qk_status
        ) throws(CryptoError) -> [UInt8] {
            var buffer = [UInt8](repeating: 0, count: X509Certificate.maximumLength)
            var length = 0
            let status = buffer.withUnsafeMutableBufferPointer { body($0.baseAddress, $0.count, &length) }
            try CryptoError.check(status, "certificate")
            return Array(buffer.prefix(length))
        }
    }
}

/// The textual encoding of RFC 7468, as far as certificates need it.
enum PEM {
    private static let lineLength = 64

    static func encode(_ bytes: [UInt8], label: String) -> [UInt8] {
        var digits = Base64URL.encode(bytes).utf8.map { digit in
            switch digit {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: digit
            }
        }
        while !digits.count.isMultiple(of: 4) { digits.append(UInt8(ascii: "=")) }
        var text = Array("-----BEGIN \(label)-----\n".utf8)
        for start in stride(from: 0, to: digits.count, by: lineLength) {
            text += digits[start..<min(start + lineLength, digits.count)] + [UInt8(ascii: "\n")]
        }
        return text + Array("-----END \(label)-----\n".utf8)
    }

    static func decode(_ text: [UInt8], label: String) -> [UInt8]? {
        let lines = text.split { $0 == 0x0A || $0 == 0x0D }
        let begin = Array("-----BEGIN \(label)-----".utf8)
        let end = Array("-----END \(label)-----".utf8)
        guard let first = lines.firstIndex(where: { Array($0) == begin }),
            let last = lines[first...].firstIndex(where: { Array($0) == end })
        else { return nil }
        var digits = lines[(first + 1)..<last].flatMap { $0.filter { $0 != 0x20 && $0 != 0x09 } }
        let padded = digits.count
        while digits.last == UInt8(ascii: "="), padded - digits.count < 2 { digits.removeLast() }
        guard padded.isMultiple(of: 4) else { return nil }
        for index in digits.indices {
            switch digits[index] {
            case UInt8(ascii: "-"), UInt8(ascii: "_"): return nil
            case UInt8(ascii: "+"): digits[index] = UInt8(ascii: "-")
            case UInt8(ascii: "/"): digits[index] = UInt8(ascii: "_")
            default: break
            }
        }
        return Base64URL.decode(digits)
    }
}
