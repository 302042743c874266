/// Why a ceremony did not take an envelope.
public enum CeremonyRefusal: Error, Equatable, Sendable {
    case malformed(String)
    case wrongPool
    case wrongGeneration(expected: UInt32, got: UInt32)
    /// Of another ceremony of this pool: replayed, or begun anew meanwhile.
    case wrongCeremony
    case wrongPurpose
    /// Sealed to the exchange key of another node.
    case wrongExchangeKey
    case wrongExpiry
    case expired
    case unknownOfficer(UInt8)
    case badSignature(officer: UInt8)
    /// The certificate that came with the share isn't the one that the officers' file names.
    case wrongCertificate(officer: UInt8)
    /// This officer's share is already in.
    case duplicate(officer: UInt8)
    /// Genuine in its signature, but what it carries can't be decrypted.
    case doesNotOpen(officer: UInt8)
    /// The share is not the one that this officer was given.
    case commitmentMismatch(officer: UInt8)
    /// The quorum's shares are right, but the stored security domain does not open with them: it is damaged.
    case domainDoesNotOpen(SecurityDomainError)
    /// The ceremony has ended.
    case over
    /// The cryptographic module failed (secure memory exhausted).
    case module(String)
}

extension CeremonyRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformed(let reason): "the share envelope is malformed: \(reason)"
        case .wrongPool: "the share is for another pool"
        case .wrongGeneration(let expected, let got): "the share is of root generation \(got), expected \(expected)"
        case .wrongCeremony: "the share is for another ceremony"
        case .wrongPurpose: "the share is for another purpose"
        case .wrongExchangeKey: "the share is sealed to another exchange key"
        case .wrongExpiry: "the share names another expiry than the ceremony"
        case .expired: "the ceremony has expired"
        case .unknownOfficer(let x): "there is no officer \(x)"
        case .badSignature(let officer): "the signature is not that of officer \(officer)"
        case .wrongCertificate(let officer): "the certificate is not that of officer \(officer)"
        case .duplicate(let officer): "the share of officer \(officer) is already in"
        case .doesNotOpen(let officer): "the share of officer \(officer) does not decrypt"
        case .commitmentMismatch(let officer): "the share of officer \(officer) is not the one given out"
        case .domainDoesNotOpen(let reason): "the stored security domain does not open: \(reason)"
        case .over: "the ceremony is over"
        case .module(let reason): "cryptographic module: \(reason)"
        }
    }
}
