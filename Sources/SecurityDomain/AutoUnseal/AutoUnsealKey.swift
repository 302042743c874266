import CryptographicModule

/// A key outside of the pool whose holder opens it without officers: public facts.
public struct AutoUnsealKey: Hashable, Sendable {
    /// Where the private half is kept. Officers sign its number with the key.
    public enum Provider: UInt8, CaseIterable, Sendable {
        /// A PKCS #11 token.
        case pkcs11 = 1
        /// A file without any protection, where nothing is at stake.
        case developmentFile = 2

        /// As requests and answers about unseal keys write it.
        public var name: String {
            switch self {
            case .pkcs11: "pkcs11"
            case .developmentFile: "development-file"
            }
        }
    }

    /// Whether whoever can read a file has it.
    public var isForDevelopment: Bool { provider == .developmentFile }

    public let provider: Provider
    /// For people.
    public let name: String
    /// The public half: an uncompressed point of P-256.
    public let point: [UInt8]

    /// Bytes of UTF-8.
    public static let maximumNameLength = 128
    /// So many at once.
    public static let maximumCount = 8
    static let pointLength = 65

    /// - Throws: `SecurityDomainError.malformed` for a name of no bytes or more than 128, and for what is no point of
    ///   the curve.
    public init(provider: Provider, name: String, point: [UInt8]) throws {
        func malformed(_ reason: String) -> SecurityDomainError { .malformed(document: "unseal key", reason: reason) }
        guard (1...Self.maximumNameLength).contains(name.utf8.count) else {
            throw malformed("its name has \(name.utf8.count) bytes")
        }
        guard point.count == Self.pointLength, (try? KeyAgreement.generate().agree(with: point)) != nil else {
            throw malformed("its public half is no uncompressed point of P-256")
        }
        (self.provider, self.name, self.point) = (provider, name, point)
    }

    /// SHA-256 of the public half.
    public var id: [UInt8] { Digest.sha256(point) }

    func write(to writer: inout FieldWriter) {
        writer.field(provider.rawValue)
        writer.field(name)
        writer.field(point)
    }
}
