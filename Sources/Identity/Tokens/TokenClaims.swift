import StrictJSON

/// The claims of a token as they were written, before anything about them was checked except their form.
struct TokenClaims: Equatable, Sendable {
    /// How many audiences a token may list.
    static let maximumAudiences = 16

    var issuer: String
    var audiences: [String]
    var tenant: String
    var objectID: String
    var subject: String?
    var applicationID: String?
    var userName: String?
    var notBefore: Int64
    var issuedAt: Int64?
    var expiry: Int64
    var tokenID: String?
    var credentialGeneration: UInt32
}

extension TokenClaims {
    /// Parses the payload of an access token.
    ///
    /// - Throws: `malformedClaims` for text that is not a strict JSON object or a claim of the wrong type,
    ///   `missingClaim` when one of `iss`, `aud`, `tid`, `oid`, `exp`, `nbf` is not there.
    init(parsing json: [UInt8]) throws(TokenRejection) {
        let claims = try ClaimReader(parsing: json)
        issuer = try claims.required("iss")
        audiences = try claims.texts("aud", atMost: Self.maximumAudiences)
        guard !audiences.isEmpty else { throw .missingClaim }
        tenant = try claims.required("tid")
        objectID = try claims.required("oid")
        notBefore = try claims.requiredDate("nbf")
        expiry = try claims.requiredDate("exp")
        issuedAt = try claims.date("iat")
        subject = try claims.text("sub")
        applicationID = try claims.firstText("appid", "azp")
        userName = try claims.firstText("upn", "preferred_username")
        tokenID = try claims.text("jti")
        credentialGeneration = try claims.generation("qcg")
    }
}

/// Typed access to the members of a claims object: a claim of the wrong type is a malformed token, never an absent
/// claim.
struct ClaimReader {
    /// The last second of the year 9999: later dates are a mistake or an attack on arithmetic.
    private static let latestDate: Int64 = 253_402_300_799

    private let claims: JSONObject

    init(parsing json: [UInt8]) throws(TokenRejection) {
        guard case .object(let claims)? = try? JSONReader.parse(json) else { throw .malformedClaims }
        self.claims = claims
    }

    func text(_ name: String) throws(TokenRejection) -> String? {
        guard let value = claims[name] else { return nil }
        guard case .string(let text) = value else { throw .malformedClaims }
        return text
    }

    /// The first of two claims that is there. Both must have the right type.
    func firstText(_ name: String, _ other: String) throws(TokenRejection) -> String? {
        let first = try text(name)
        let second = try text(other)
        return first ?? second
    }

    func required(_ name: String) throws(TokenRejection) -> String {
        guard let text = try text(name) else { throw .missingClaim }
        return text
    }

    /// A NumericDate (RFC 7519, 2): seconds since 1970, rounded down when there is a fraction.
    func date(_ name: String) throws(TokenRejection) -> Int64? {
        let seconds: Int64?
        switch claims[name] {
        case nil: return nil
        case .integer(let value)?: seconds = value
        case .double(let value)?: seconds = Int64(exactly: value.rounded(.down))
        default: throw .malformedClaims
        }
        guard let seconds, (0...Self.latestDate).contains(seconds) else { throw .malformedClaims }
        return seconds
    }

    func requiredDate(_ name: String) throws(TokenRejection) -> Int64 {
        guard let date = try date(name) else { throw .missingClaim }
        return date
    }

    /// A list of strings; a single string counts as a list of one.
    func texts(_ name: String, atMost limit: Int) throws(TokenRejection) -> [String] {
        switch claims[name] {
        case nil: return []
        case .string(let text)?: return [text]
        case .array(let values)?:
            guard values.count <= limit else { throw .malformedClaims }
            var texts: [String] = []
            for value in values {
                guard case .string(let text) = value else { throw .malformedClaims }
                texts.append(text)
            }
            return texts
        default: throw .malformedClaims
        }
    }

    func generation(_ name: String) throws(TokenRejection) -> UInt32 {
        guard let value = claims[name] else { return 0 }
        guard case .integer(let number) = value, let generation = UInt32(exactly: number) else {
            throw .malformedClaims
        }
        return generation
    }
}
