/// What went wrong with a document, key or share of the security domain. Nothing here carries secret bytes.
public enum SecurityDomainError: Error, Equatable, Sendable {
    /// Bytes from outside do not have the form of the named document.
    case malformed(document: String, reason: String)
    /// A number of officers outside 3...10.
    case officerCount(Int)
    /// A quorum outside 2...10, or greater than the number of officers.
    case requiredCount(Int, officers: Int)
    /// The certificate at this position of the request can't receive a share.
    case officerRejected(position: Int, reason: String)
    /// Two positions hold the same certificate or the same public key: fewer real holders than shares.
    case duplicateOfficer(first: Int, second: Int)
    /// The officers' certificates are pinned, and these are not they.
    case officersNotPinned
    /// An authentication tag or signature over the named thing is wrong.
    case authenticationFailed(String)
    /// The material belongs to another pool.
    case wrongPool
    /// The material belongs to another security domain of this pool.
    case wrongSecurityDomain
    /// The material belongs to another generation of the root key.
    case wrongGeneration(expected: UInt32, got: UInt32)
    /// The root key does not match the key check value of its pool and generation.
    case rootMismatch
    /// A sealed key of the keyring is damaged, or belongs elsewhere.
    case sealedKeyRejected(String)
    /// Fewer shares than the quorum, the same share twice, or shares of no common form.
    case sharesRejected(String)
    /// A share does not match the commitment made when it was created.
    case commitmentMismatch(officer: Int)
    /// The transfer key that a blob was made for is not held by this node.
    case unknownTransferKey
    /// The private key is of no officer of this security domain.
    case notAnOfficer
    /// The keyring was sealed (its keys are wiped).
    case sealed
    /// The cryptographic module failed.
    case cryptography(String)
}

extension SecurityDomainError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformed(let document, let reason): "\(document): \(reason)"
        case .officerCount(let count): "\(count) officer certificates; 3 to 10 are needed"
        case .requiredCount(let required, let officers):
            "a quorum of \(required) of \(officers) officers is not possible"
        case .officerRejected(let position, let reason): "officer certificate \(position): \(reason)"
        case .duplicateOfficer(let first, let second): "officer certificates \(first) and \(second) are the same holder"
        case .officersNotPinned: "the officer certificates are not those fixed at initialization"
        case .authenticationFailed(let what): "\(what) is not authentic"
        case .wrongPool: "the material belongs to another pool"
        case .wrongSecurityDomain: "the material belongs to another security domain"
        case .wrongGeneration(let expected, let got): "root generation \(got), expected \(expected)"
        case .rootMismatch: "the root key does not match the key check value"
        case .sealedKeyRejected(let name): "sealed key \(name) does not open"
        case .sharesRejected(let reason): "shares refused: \(reason)"
        case .commitmentMismatch(let officer): "the share of officer \(officer) does not match its commitment"
        case .unknownTransferKey: "the blob was made for a transfer key that this node does not hold"
        case .notAnOfficer: "the key belongs to no officer of this security domain"
        case .sealed: "the keyring is sealed"
        case .cryptography(let reason): "cryptographic module: \(reason)"
        }
    }
}
