import CryptographicModule
import StrictJSON

/// Where the token issuer's endpoints are, for one of the two forms of authority that clients know.
public enum AuthorityForm: Hashable, Sendable {
    /// `https://host/{tenant}`: endpoints of the second version.
    case tenant(String)
    /// `https://host/adfs`: clients ask no instance discovery of it.
    case adfs

    /// The first path segment.
    public var segment: String {
        switch self {
        case .tenant(let tenant): tenant
        case .adfs: "adfs"
        }
    }

    /// The path of the discovery document.
    public var discoveryPath: String {
        switch self {
        case .tenant(let tenant): "/\(tenant)/v2.0/.well-known/openid-configuration"
        case .adfs: "/adfs/.well-known/openid-configuration"
        }
    }

    public var tokenPath: String {
        switch self {
        case .tenant(let tenant): "/\(tenant)/oauth2/v2.0/token"
        case .adfs: "/adfs/oauth2/token"
        }
    }

    public var authorizationPath: String {
        switch self {
        case .tenant(let tenant): "/\(tenant)/oauth2/v2.0/authorize"
        case .adfs: "/adfs/oauth2/authorize"
        }
    }

    public var keysPath: String {
        switch self {
        case .tenant(let tenant): "/\(tenant)/discovery/v2.0/keys"
        case .adfs: "/adfs/discovery/keys"
        }
    }
}

/// The public documents of the token issuer (OpenID Connect Discovery 1.0, RFC 7517).
public enum OpenIDDocuments {
    /// The discovery document. Nobody can log in at the pool, which has no pages: the authorization endpoint and what
    /// belongs to it are named because the standard demands them, and MSAL takes no document without them.
    ///
    /// - Parameters:
    ///   - issuer: the `iss` text of the pool, which doesn't depend on the host that was asked.
    ///   - origin: scheme, host and port of the configured host that was asked, without a slash at the end.
    public static func discovery(issuer: String, origin: String, form: AuthorityForm) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.object { writer in
            writer.member("issuer", issuer)
            writer.member("authorization_endpoint", origin + form.authorizationPath)
            writer.member("token_endpoint", origin + form.tokenPath)
            writer.member("jwks_uri", origin + form.keysPath)
            writer.member(
                "token_endpoint_auth_methods_supported", array: ["client_secret_post", "client_secret_basic"])
            writer.member("grant_types_supported", array: ["client_credentials"])
            writer.member("response_types_supported", array: ["code"])
            writer.member("subject_types_supported", array: ["pairwise"])
            writer.member("id_token_signing_alg_values_supported", array: ["RS256"])
            writer.member(
                "claims_supported",
                array: ["iss", "aud", "exp", "iat", "nbf", "tid", "oid", "sub", "appid", "ver"])
        }
        return writer.bytes
    }

    /// The key set. Keys appear in the order given: the signing one first, then those still or already valid for
    /// verification.
    public static func jwks(_ keys: [TokenKey], issuer: String? = nil) -> [UInt8] {
        var writer = JSONWriter(capacity: 256 + keys.count * 600)
        writer.object { writer in
            writer.name("keys")
            writer.array { writer in
                for key in keys { write(key, issuer: issuer, to: &writer) }
            }
        }
        return writer.bytes
    }

    private static func write(_ key: TokenKey, issuer: String?, to writer: inout JSONWriter) {
        writer.object { writer in
            switch key.key {
            case .rsa(let modulus, let exponent):
                writer.member("kty", "RSA")
                writer.member("use", "sig")
                writer.member("kid", key.keyID)
                writer.member("alg", (key.algorithm ?? .RS256).rawValue)
                writer.member("n", Base64URL.encode(Array(modulus.drop { $0 == 0 })))
                writer.member("e", Base64URL.encode(Array(exponent.drop { $0 == 0 })))
            case .ec(let curve, let x, let y):
                writer.member("kty", "EC")
                writer.member("use", "sig")
                writer.member("kid", key.keyID)
                writer.member("crv", curve.jsonName)
                writer.member("x", Base64URL.encode(x))
                writer.member("y", Base64URL.encode(y))
            case .ed25519(let x):
                writer.member("kty", "OKP")
                writer.member("use", "sig")
                writer.member("kid", key.keyID)
                writer.member("crv", "Ed25519")
                writer.member("x", Base64URL.encode(x))
            }
            if let issuer { writer.member("issuer", issuer) }
        }
    }
}
