import COpenSSL

/// What `encrypt` and `decrypt` can be asked for (RFC 7518 sections 4.2, 4.3, 5.3; AES-CBC by SP 800-38A).
public enum EncryptionAlgorithm: String, Hashable, Sendable, CaseIterable {
    /// RSAES-OAEP with SHA-1, RFC 8017 section 7.1.
    case rsaOAEP = "RSA-OAEP"
    /// RSAES-OAEP with SHA-256.
    case rsaOAEP256 = "RSA-OAEP-256"
    /// RSAES-PKCS1-v1_5, RFC 8017 section 7.2.
    case rsa15 = "RSA1_5"
    /// AES-GCM, SP 800-38D: the module makes the nonce; tags of 16 bytes.
    case A128GCM, A192GCM, A256GCM
    /// AES-CBC without padding: the last block is filled up with zeros, and stays so.
    case A128CBC, A192CBC, A256CBC
    /// AES-CBC with the padding of RFC 5652 section 6.3 (PKCS #7).
    case A128CBCPAD, A192CBCPAD, A256CBCPAD

    /// How an algorithm works, without the size of its key.
    public enum Mode: Hashable, Sendable {
        case rsa, gcm, cbc, cbcPadded
    }

    /// What the algorithm's name says besides the size of the key.
    public var mode: Mode {
        switch self {
        case .rsaOAEP, .rsaOAEP256, .rsa15: .rsa
        case .A128GCM, .A192GCM, .A256GCM: .gcm
        case .A128CBC, .A192CBC, .A256CBC: .cbc
        case .A128CBCPAD, .A192CBCPAD, .A256CBCPAD: .cbcPadded
        }
    }

    /// Bits of the one size of key that it takes; `nil` for RSA, where any will do.
    public var keyBits: Int? {
        switch self {
        case .rsaOAEP, .rsaOAEP256, .rsa15: nil
        case .A128GCM, .A128CBC, .A128CBCPAD: 128
        case .A192GCM, .A192CBC, .A192CBCPAD: 192
        case .A256GCM, .A256CBC, .A256CBCPAD: 256
        }
    }

    /// Bytes of an initialization vector; 0 where there is none.
    public var ivLength: Int {
        switch mode {
        case .rsa: 0
        case .gcm: 12
        case .cbc, .cbcPadded: 16
        }
    }

    /// Bytes of an authentication tag; 0 where there is none.
    public var tagLength: Int { mode == .gcm ? 16 : 0 }

    /// Whether a key with this header can encrypt so.
    public func fits(_ header: KeyHeader) -> Bool {
        guard let keyBits else { return header.keyType == .rsaHSM }
        return header.keyType == .octHSM && header.bits == keyBits
    }

    var padding: qk_rsa_padding? {
        switch self {
        case .rsaOAEP: QK_OAEP_SHA1
        case .rsaOAEP256: QK_OAEP_SHA256
        case .rsa15: QK_RSAES_PKCS1
        default: nil
        }
    }
}

/// What `wrapKey` and `unwrapKey` can be asked for.
public enum KeyWrapAlgorithm: String, Hashable, Sendable, CaseIterable {
    case rsaOAEP = "RSA-OAEP"
    case rsaOAEP256 = "RSA-OAEP-256"
    case rsa15 = "RSA1_5"
    /// AES key wrap, RFC 3394 (SP 800-38F KW).
    case A128KW, A192KW, A256KW
    /// The same with the size of the key at hand.
    case aesKeyWrap = "CKM_AES_KEY_WRAP"
    /// AES key wrap with padding, RFC 5649 (SP 800-38F KWP), with the size of the key at hand.
    case aesKeyWrapPad = "CKM_AES_KEY_WRAP_PAD"

    /// Bits of the one size of key that it takes; `nil` where any will do.
    public var keyBits: Int? {
        switch self {
        case .A128KW: 128
        case .A192KW: 192
        case .A256KW: 256
        case .rsaOAEP, .rsaOAEP256, .rsa15, .aesKeyWrap, .aesKeyWrapPad: nil
        }
    }

    /// Whether a key with this header can wrap so.
    public func fits(_ header: KeyHeader) -> Bool {
        guard rsa == nil else { return header.keyType == .rsaHSM }
        return header.keyType == .octHSM && (keyBits == nil || header.bits == keyBits)
    }

    /// The encryption that wrapping with an RSA key is.
    public var rsa: EncryptionAlgorithm? {
        switch self {
        case .rsaOAEP: .rsaOAEP
        case .rsaOAEP256: .rsaOAEP256
        case .rsa15: .rsa15
        case .A128KW, .A192KW, .A256KW, .aesKeyWrap, .aesKeyWrapPad: nil
        }
    }

    var mode: qk_wrap_mode { self == .aesKeyWrapPad ? QK_KWP : QK_KW }
}

/// What `sign` and `verify` can be asked for with a symmetric key: HMAC (RFC 2104) over the value as it is given. Keys
/// of every size will do.
public enum MACAlgorithm: String, Hashable, Sendable, CaseIterable {
    case HS256, HS384, HS512

    /// Length of the code in bytes.
    public var length: Int {
        switch self {
        case .HS256: 32
        case .HS384: 48
        case .HS512: 64
        }
    }

    /// Whether a key with this header can authenticate so.
    public func fits(_ header: KeyHeader) -> Bool { header.keyType == .octHSM }

    var hash: qk_hash {
        switch self {
        case .HS256: QK_SHA256
        case .HS384: QK_SHA384
        case .HS512: QK_SHA512
        }
    }
}

/// An encrypted value with what is needed to decrypt it, besides the key and the associated data.
public struct EncryptedValue: Hashable, Sendable {
    /// Without IV and tag, which are kept apart.
    public let ciphertext: [UInt8]
    /// Empty where the algorithm has none.
    public let iv: [UInt8]
    /// Empty where the algorithm has none.
    public let tag: [UInt8]

    public init(ciphertext: [UInt8], iv: [UInt8] = [], tag: [UInt8] = []) {
        self.ciphertext = ciphertext
        self.iv = iv
        self.tag = tag
    }
}
