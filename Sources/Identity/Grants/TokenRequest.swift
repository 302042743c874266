/// A parsed request to the token endpoint. Nothing in it is verified.
public struct TokenRequest: Sendable {
    /// What the client shows to prove who it is.
    public enum Credential: Sendable {
        case secret(PresentedSecret)
        /// A signed assertion (RFC 7523), as text.
        case assertion(String)
    }

    /// As the client wrote it, in the form or in the header; never checked to be a GUID.
    public let clientID: String
    public let credential: Credential
    /// The audience that is asked for, as the client wrote it, without `/.default`.
    public let audience: String
    /// Whether the client used `resource` rather than `scope`, so that the answer takes the older form.
    public let usesResource: Bool

    private static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    private static let scopeSuffix = "/.default"
    /// The longest client id, scope or resource that is looked at.
    private static let maximumText = 512

    /// Parses a client-credentials request (RFC 6749, 4.4). Parameters that are not used are ignored, whatever they
    /// hold.
    ///
    /// - Parameters:
    ///   - body: the form.
    ///   - authorization: the `Authorization` header, if there is one.
    public init(body: [UInt8], authorization: String? = nil) throws(OAuthError) {
        let form = try Self.decode(body)
        guard let grant = try Self.text("grant_type", form) else { throw .invalidRequest("grant_type is missing") }
        guard grant == "client_credentials" else { throw .unsupportedGrantType }
        (clientID, credential) = try Self.client(form, authorization: authorization)
        (audience, usesResource) = try Self.audience(form)
    }

    private static func decode(_ body: [UInt8]) throws(OAuthError) -> FormDecoder {
        do {
            return try FormDecoder(body)
        } catch {
            throw .invalidRequest("the form can't be read")
        }
    }

    private static func text(_ name: String, _ form: FormDecoder) throws(OAuthError) -> String? {
        do {
            guard let text = try form.text(name), !text.isEmpty else { return nil }
            guard text.utf8.count <= maximumText else { throw OAuthError.invalidRequest("\(name) is too long") }
            return text
        } catch let error as OAuthError {
            throw error
        } catch {
            throw .invalidRequest("\(name) can't be read")
        }
    }

    private static func client(
        _ form: FormDecoder, authorization: String?
    ) throws(OAuthError) -> (String, Credential) {
        let clientID = try text("client_id", form)
        if let authorization, let basic = try BasicCredentials(authorization: authorization) {
            // RFC 6749, 2.3: one method only. Two identities in one request are an attempt to confuse somebody.
            guard !form.contains("client_secret"), !form.contains("client_assertion") else {
                throw .invalidRequest("more than one way of authentication")
            }
            guard clientID == nil || clientID == basic.clientID else { throw .invalidClient }
            return (basic.clientID, .secret(basic.secret))
        }
        guard let clientID else { throw .invalidRequest("client_id is missing") }
        if form.contains("client_assertion") {
            guard !form.contains("client_secret"), try text("client_assertion_type", form) == assertionType,
                let assertion = try? form.text("client_assertion"), !assertion.isEmpty
            else { throw .invalidRequest("the client assertion can't be read") }
            return (clientID, .assertion(assertion))
        }
        guard let secret = try? form.secret("client_secret"), secret.count > 0 else { throw .invalidClient }
        return (clientID, .secret(secret))
    }

    private static func audience(_ form: FormDecoder) throws(OAuthError) -> (String, Bool) {
        if let resource = try text("resource", form) {
            guard !form.contains("scope") else { throw .invalidRequest("both scope and resource") }
            return (resource, true)
        }
        guard let scope = try text("scope", form) else { throw .invalidRequest("scope is missing") }
        // Clients add OpenID scopes; exactly one scope may name a resource.
        let named = scope.split(separator: " ").filter { $0.hasSuffix(scopeSuffix) }
        guard let only = named.first, named.count == 1, only.utf8.count > scopeSuffix.utf8.count else {
            throw .invalidScope
        }
        return (String(only.dropLast(scopeSuffix.count)), false)
    }
}
