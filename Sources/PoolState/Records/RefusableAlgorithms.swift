/// The algorithms of the protocol that are sound only in careful hands, and that a pool may therefore do without.
public struct RefusableAlgorithms: OptionSet, Hashable, Sendable {
    /// As it is replicated: bit 0 for RSNULL, bit 1 for RSA1_5. A pool with any other is refused.
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Signing what the caller has padded with a digest's name, or with anything else: proof of nothing that the
    /// service knows.
    public static let rsNull = RefusableAlgorithms(rawValue: 1 << 0)
    /// Encryption by PKCS #1 v1.5, which has no integrity: whoever tells others what came of a decryption may give the
    /// plaintext away (Bleichenbacher).
    public static let rsa15 = RefusableAlgorithms(rawValue: 1 << 1)

    /// By the names that the protocol gives them.
    public static let names = ["RSNULL", "RSA1_5"]

    var isValid: Bool {
        isSubset(of: [.rsNull, .rsa15])
    }

    /// Nothing for an algorithm that no pool can refuse.
    public init(named name: String) {
        switch name {
        case "RSNULL": self = .rsNull
        case "RSA1_5": self = .rsa15
        default: self = []
        }
    }
}
