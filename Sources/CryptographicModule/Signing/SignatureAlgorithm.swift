import COpenSSL

/// The signature algorithms of the protocol (RFC 7518 section 3.1, RFC 8812), over digests that the caller computed.
public enum SignatureAlgorithm: String, Hashable, Sendable, CaseIterable {
    case RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, ES256K

    /// Length in bytes of the digest that is signed.
    public var digestLength: Int {
        switch self {
        case .RS256, .PS256, .ES256, .ES256K: 32
        case .RS384, .PS384, .ES384: 48
        case .RS512, .PS512, .ES512: 64
        }
    }

    /// The one curve of an ECDSA algorithm; `nil` for RSA.
    public var curve: EllipticCurve? {
        switch self {
        case .ES256: .p256
        case .ES384: .p384
        case .ES512: .p521
        case .ES256K: .p256K
        default: nil
        }
    }

    /// Whether a key with this header can sign so.
    public func fits(_ header: KeyHeader) -> Bool {
        if let curve { return header.keyType == .ecHSM && header.curve == curve }
        return header.keyType == .rsaHSM
    }

    /// Whether a signature by this key can be one of the algorithm.
    func fits(_ key: PublicKey) -> Bool {
        switch key {
        case .rsa: curve == nil
        case .ec(let keyCurve, _, _): curve == keyCurve
        case .ed25519: false
        }
    }

    var hash: qk_hash {
        switch digestLength {
        case 32: QK_SHA256
        case 48: QK_SHA384
        default: QK_SHA512
        }
    }

    var scheme: qk_scheme {
        switch self {
        case .RS256, .RS384, .RS512: QK_PKCS1
        case .PS256, .PS384, .PS512: QK_PSS
        case .ES256, .ES384, .ES512, .ES256K: QK_ECDSA_RAW
        }
    }
}
