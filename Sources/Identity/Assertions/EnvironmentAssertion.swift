public import CryptographicModule
public import StrictJSON

/// Whose statements about an environment are believed, and the keys that they are signed with.
public struct AssertionAuthority: Sendable {
    /// The `iss` of its statements; a slash at the end makes no difference.
    public let issuer: String
    /// Found by the `kid` of a statement's header.
    public let keys: [TokenKey]

    public init(issuer: String, keys: [TokenKey]) {
        self.issuer = issuer
        self.keys = keys
    }
}

/// A statement of an attestation service about an environment that a key would be released to: a signed token (RFC
/// 7519) whose claim `x-ms-runtime` holds the environment's own key.
public struct EnvironmentAssertion: Sendable {
    /// The key that the environment made and that what is released is encrypted to.
    public struct TargetKey: Hashable, Sendable {
        /// Its `kid`, 1 to 512 bytes.
        public let id: String
        /// RSA of 2048, 3072 or 4096 bits.
        public let publicKey: PublicKey
    }

    /// The `iss` claim as the statement has it.
    public let issuer: String
    /// The whole payload, which a release policy is compared with.
    public let claims: JSONObject
    /// The first RSA key for encryption in `x-ms-runtime.keys`.
    public let target: TargetKey

    /// Of the token in compact form; a longer one is refused as malformed.
    public static let maximumBytes = 48 * 1024
    /// Seconds for which a statement may be good.
    public static let maximumLifetime: Int64 = 8 * 3600
    /// Seconds by which clocks may differ.
    static let skew: Int64 = 60
    private static let algorithms: Set<SignatureAlgorithm> = [
        .RS256, .RS384, .RS512, .PS256, .PS384, .PS512, .ES256, .ES384, .ES512,
    ]
    /// Members that would make the token mean something else than what its three parts say. Members that name keys,
    /// such as `jku`, are no harm: they are never looked at.
    private static let forbidden: Set<String> = ["crit", "b64", "enc", "zip"]

    /// Checks a token: form, issuer, signature, times, and that it names a key to encrypt to.
    /// - Parameter now: Unix seconds.
    public init(
        verifying token: [UInt8], authorities: [AssertionAuthority], checker: any TokenSignatureChecker, now: Int64
    ) throws(AssertionRejection) {
        guard !token.isEmpty, token.count <= Self.maximumBytes else { throw .malformed }
        let (header, payload, signed, signature) = try Self.cut(token)
        guard case .object(let claims)? = try? JSONReader.parse(payload) else { throw .malformed }
        guard case .string(let issuer)? = claims["iss"] else { throw .malformed }
        let wanted = Self.withoutSlashes(issuer)
        guard let authority = authorities.first(where: { Self.withoutSlashes($0.issuer) == wanted }) else {
            throw .unknownAuthority
        }
        guard case .string(let name)? = header["alg"], let algorithm = SignatureAlgorithm(rawValue: name),
            Self.algorithms.contains(algorithm)
        else { throw .algorithmNotAllowed }
        guard case .string(let keyID)? = header["kid"], let key = authority.keys.first(where: { $0.keyID == keyID }),
            key.fits(algorithm)
        else { throw .unknownKey }
        let digest = signed.withUnsafeBytes { algorithm.digest(of: $0) }
        guard checker.isValid(signature, of: digest, by: key.key, algorithm: algorithm) else { throw .badSignature }
        try Self.checkTimes(claims, now: now)
        self.issuer = issuer
        self.claims = claims
        target = try Self.target(claims)
    }

    private static func cut(
        _ token: [UInt8]
    ) throws(AssertionRejection) -> (header: JSONObject, payload: [UInt8], signed: [UInt8], signature: [UInt8]) {
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2]), case .object(let header)? = try? JSONReader.parse(head),
            !header.members.contains(where: { forbidden.contains($0.name) })
        else { throw .malformed }
        return (header, payload, Array(token[..<(token.count - parts[2].count - 1)]), signature)
    }

    private static func checkTimes(_ claims: JSONObject, now: Int64) throws(AssertionRejection) {
        guard let expiry = try date(claims, "exp") else { throw .malformed }
        let (notBefore, issued) = (try date(claims, "nbf"), try date(claims, "iat"))
        let begin = notBefore ?? issued
        guard now < expiry + skew else { throw .expired }
        if let begin {
            guard begin <= now + skew else { throw .notYetValid }
        }
        guard expiry - (begin ?? now) <= maximumLifetime else { throw .livesTooLong }
    }

    /// A NumericDate (RFC 7519 section 2), rounded down.
    private static func date(_ claims: JSONObject, _ name: String) throws(AssertionRejection) -> Int64? {
        let seconds: Int64?
        switch claims[name] {
        case nil: return nil
        case .integer(let value)?: seconds = value
        case .double(let value)?: seconds = Int64(exactly: value.rounded(.down))
        default: throw .malformed
        }
        guard let seconds, (0...253_402_300_799).contains(seconds) else { throw .malformed }
        return seconds
    }

    /// The first RSA key that is for encryption.
    private static func target(_ claims: JSONObject) throws(AssertionRejection) -> TargetKey {
        guard case .object(let runtime)? = claims["x-ms-runtime"], case .array(let keys)? = runtime["keys"] else {
            throw .noTargetKey
        }
        for case .object(let key) in keys where key["kty"] == .string("RSA") && isForEncryption(key) {
            guard case .string(let id)? = key["kid"], (1...512).contains(id.utf8.count),
                case .rsa(let n, let e)? = KeySetDocument.publicKey(key), TokenKey.isUsable(modulus: n, exponent: e)
            else { throw .unusableTargetKey }
            return TargetKey(id: id, publicKey: .rsa(n: n, e: e))
        }
        throw .noTargetKey
    }

    private static func isForEncryption(_ key: JSONObject) -> Bool {
        if key["use"] == .string("enc") || key["key_use"] == .string("enc") { return true }
        guard case .array(let operations)? = key["key_ops"] else { return false }
        return operations.contains(.string("encrypt"))
    }

    private static func withoutSlashes(_ text: String) -> Substring {
        var text = Substring(text)
        while text.utf8.last == UInt8(ascii: "/") { text = text.dropLast() }
        return text
    }
}

/// Why a statement about an environment wasn't accepted. No case carries content of it.
public enum AssertionRejection: String, Error, Hashable, Sendable, CaseIterable {
    case malformed
    case unknownAuthority
    case algorithmNotAllowed
    case unknownKey
    case badSignature
    case expired
    case notYetValid
    case livesTooLong
    case noTargetKey
    case unusableTargetKey

    /// What is wrong, for the sentence "the target environment's assertion …".
    public var reason: String {
        switch self {
        case .malformed: "isn't a signed token in compact form with the claims 'iss' and 'exp'"
        case .unknownAuthority: "is of an authority that this pool doesn't know"
        case .algorithmNotAllowed: "is signed with an algorithm that isn't accepted"
        case .unknownKey: "names a key that its authority doesn't have, or of another type than its algorithm needs"
        case .badSignature: "has a signature that isn't good"
        case .expired: "has expired"
        case .notYetValid: "isn't valid yet"
        case .livesTooLong: "is good for longer than 8 hours"
        case .noTargetKey: "has no RSA key for encryption in 'x-ms-runtime.keys'"
        case .unusableTargetKey:
            "has an encryption key without 'kid', or not of 2048 bits, 3072 bits or 4096 bits, or of no use"
        }
    }
}
