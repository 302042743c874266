/// The kinds of key that the pool keeps. Raw values are stored: never change one.
public enum KeyType: UInt8, Hashable, Sendable, CaseIterable {
    case rsaHSM = 1
    case ecHSM = 2
    case octHSM = 3
    /// Ed25519, the one curve of this type: an extension of the protocol.
    case okpHSM = 4

    /// `kty` in the protocol.
    public var jsonName: String {
        switch self {
        case .rsaHSM: "RSA-HSM"
        case .ecHSM: "EC-HSM"
        case .octHSM: "oct-HSM"
        case .okpHSM: "OKP-HSM"
        }
    }
}

/// Named curves: FIPS 186-5 P-256, P-384, P-521, and SEC 2 secp256k1. Raw values are stored: never change one.
public enum EllipticCurve: UInt8, Hashable, Sendable, CaseIterable {
    case p256 = 1
    case p384 = 2
    case p521 = 3
    case p256K = 4

    /// `crv` in the protocol.
    public var jsonName: String {
        switch self {
        case .p256: "P-256"
        case .p384: "P-384"
        case .p521: "P-521"
        case .p256K: "P-256K"
        }
    }

    /// `nil` for anything but the names of ``jsonName``.
    public init?(jsonName: String) {
        guard let curve = Self.allCases.first(where: { $0.jsonName == jsonName }) else { return nil }
        self = curve
    }

    /// Size of the field in bits.
    public var bits: Int {
        switch self {
        case .p256, .p256K: 256
        case .p384: 384
        case .p521: 521
        }
    }

    /// Length of a coordinate in bytes.
    public var coordinateLength: Int { (bits + 7) / 8 }

    /// The curve's object identifier as a DER element.
    var objectIdentifier: [UInt8] {
        switch self {
        case .p256: [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
        case .p384: [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22]
        case .p521: [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23]
        case .p256K: [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x0A]
        }
    }
}

/// What a key may be used for. Bits are stored: never change one.
public struct KeyOperations: OptionSet, Hashable, Sendable {
    /// As it is stored.
    public let rawValue: UInt16

    /// Keeps bits that have no name here.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Signs digests. A key pair's.
    public static let sign = KeyOperations(rawValue: 1 << 0)
    /// Checks signatures. A key pair's.
    public static let verify = KeyOperations(rawValue: 1 << 1)
    /// Encrypts data.
    public static let encrypt = KeyOperations(rawValue: 1 << 2)
    /// Decrypts data.
    public static let decrypt = KeyOperations(rawValue: 1 << 3)
    /// Encrypts other keys, as their bytes.
    public static let wrapKey = KeyOperations(rawValue: 1 << 4)
    /// Decrypts what `wrapKey` made.
    public static let unwrapKey = KeyOperations(rawValue: 1 << 5)
    /// A key that only opens imported blobs. Exclusive.
    public static let `import` = KeyOperations(rawValue: 1 << 6)
    /// Lets the key out of the pool under its release policy.
    public static let export = KeyOperations(rawValue: 1 << 7)

    private static let named: [(KeyOperations, String)] = [
        (.sign, "sign"), (.verify, "verify"), (.encrypt, "encrypt"), (.decrypt, "decrypt"), (.wrapKey, "wrapKey"),
        (.unwrapKey, "unwrapKey"), (.import, "import"), (.export, "export"),
    ]

    /// `key_ops` in the protocol.
    public var jsonNames: [String] { Self.named.filter { contains($0.0) }.map(\.1) }

    /// One operation by its name in `key_ops`; `nil` for any other text.
    public init?(jsonName: String) {
        guard let entry = Self.named.first(where: { $0.1 == jsonName }) else { return nil }
        self = entry.0
    }
}
