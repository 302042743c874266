import CryptographicModule

/// An officer's certificate: the public key that one share is encrypted to, and by which the officer's signatures are
/// known.
///
/// The certificate is an envelope for a key that the operator's people hand over in person: issuer and validity play no
/// part.
public struct OfficerCertificate: Hashable, Sendable {
    /// The certificate as it came, DER.
    public let der: [UInt8]
    /// Its SubjectPublicKeyInfo, DER.
    public let publicKey: [UInt8]
    /// SHA-256 of the certificate.
    public let thumbprint: [UInt8]
    /// Two keys with one modulus have one holder, whatever their exponents.
    let modulus: [UInt8]

    static let maximumLength = 16 * 1024
    private static let keySizes = [2048, 3072, 4096]

    /// - Throws: `SecurityDomainError.officerRejected` unless the certificate holds an RSA key of 2048, 3072 or 4096
    ///   bits.
    public init(der: [UInt8], position: Int = 0) throws {
        func rejected(_ reason: String) -> SecurityDomainError { .officerRejected(position: position, reason: reason) }
        guard der.count <= Self.maximumLength else { throw rejected("longer than \(Self.maximumLength) bytes") }
        guard let certificate = try? X509Certificate(der: der) else { throw rejected("not an X.509 certificate") }
        guard case .rsa(let modulus, let exponent)? = certificate.publicKey else {
            throw rejected("the key is not RSA")
        }
        guard Self.keySizes.contains(bitLength(modulus)) else {
            throw rejected("the RSA key has \(bitLength(modulus)) bits; it must have 2048, 3072 or 4096")
        }
        guard bitLength(exponent) > 1, bitLength(exponent) <= 256, exponent.last.map({ $0 & 1 == 1 }) == true else {
            throw rejected("a bad public exponent")
        }
        self.der = der
        publicKey = certificate.spkiDER
        thumbprint = Digest.sha256(der)
        self.modulus = modulus
    }

    /// The name of the certificate in the security domain file: base64url of its SHA-256.
    var fileName: String {
        Base64URL.encode(thumbprint)
    }
}

/// The officers of one security domain, in the order of their share coordinates (1, 2, …), and how many of them are a
/// quorum.
public struct Officers: Hashable, Sendable {
    /// 3 to 10, of different holders; the officer with coordinate x is at x − 1.
    public let certificates: [OfficerCertificate]
    /// 2 to 10, and no more than there are officers.
    public let required: Int

    /// The limits of the protocol: 3 to 10 officers, of whom 2 to 10 are a quorum.
    static let countRange = 3...10
    static let requiredRange = 2...10

    /// - Throws: `SecurityDomainError.officerCount`, `.requiredCount`, or `.duplicateOfficer` when two certificates, or
    ///   the public keys of two certificates, are equal.
    public init(certificates: [OfficerCertificate], required: Int) throws {
        guard Self.countRange.contains(certificates.count) else {
            throw SecurityDomainError.officerCount(certificates.count)
        }
        guard Self.requiredRange.contains(required), required <= certificates.count else {
            throw SecurityDomainError.requiredCount(required, officers: certificates.count)
        }
        var seen: [[UInt8]: Int] = [:]
        for (position, certificate) in certificates.enumerated() {
            if let first = seen.updateValue(position, forKey: certificate.modulus) {
                throw SecurityDomainError.duplicateOfficer(first: first, second: position)
            }
        }
        self.certificates = certificates
        self.required = required
    }

    /// Refuses officers other than those whose certificates (SHA-256, any order) were fixed beforehand.
    public func check(pinned thumbprints: [[UInt8]]) throws {
        guard Set(certificates.map(\.thumbprint)) == Set(thumbprints) else {
            throw SecurityDomainError.officersNotPinned
        }
    }
}

/// Bits of a big-endian number.
func bitLength(_ number: [UInt8]) -> Int {
    guard let first = number.firstIndex(where: { $0 != 0 }) else { return 0 }
    return 8 * (number.count - first) - number[first].leadingZeroBitCount
}
