import CryptographicModule
import StrictJSON
import Testing

@testable import Identity

@Suite struct GrantTests {
    private func form(_ text: String) throws -> FormDecoder { try FormDecoder(Array(text.utf8)) }

    private func request(_ text: String, authorization: String? = nil) throws -> TokenRequest {
        try TokenRequest(body: Array(text.utf8), authorization: authorization)
    }

    @Test func formsAreDecoded() throws {
        let form = try form("a=1&b=x+y%2Bz%C3%A9&&c=&d&e%20f==&%26=%3D")
        #expect(try form.text("a") == "1")
        #expect(try form.text("b") == "x y+z\u{E9}")
        #expect(try form.text("c") == "" && form.text("d") == "")
        #expect(try form.text("e f") == "=" && form.text("&") == "=")
        #expect(try form.text("g") == nil && form.secret("g") == nil)
        #expect(try form.secret("b")?.withUnsafeBytes { Array($0) } == Array("x y+z\u{E9}".utf8))
    }

    @Test func badFormsAreRefused() throws {
        #expect(throws: FormFault.duplicate) { try form("a=1&%61=2") }
        #expect(throws: FormFault.badEscape) { try form("%=1") }
        #expect(throws: FormFault.badEscape) { try form("a=%4").text("a") }
        #expect(throws: FormFault.badEscape) { try form("a=%4g").secret("a") }
        #expect(throws: FormFault.notUTF8) { try form("a=%ff").text("a") }
        #expect(throws: FormFault.tooManyPairs) { try form((0...64).map { "k\($0)=1" }.joined(separator: "&")) }
        #expect(throws: FormFault.tooLong) { try form("a=" + String(repeating: "x", count: 16_384)) }
    }

    @Test func formsNeverTrap() throws {
        var generator = SeededGenerator(state: 17)
        let text = "grant_type=client_credentials&client_id=a%20b&client_secret=%41%42&scope=https%3A%2F%2Fx%2F.default"
        let good = Array(text.utf8)
        for _ in 0..<5000 {
            let bytes = generator.mutate(good)
            _ = try? TokenRequest(body: bytes)
            _ = try? TokenRequest(body: good, authorization: String(decoding: bytes, as: UTF8.self))
            guard let form = try? FormDecoder(bytes) else { continue }
            _ = try? form.text("client_id")
            _ = try? form.secret("client_secret")
        }
    }

    @Test func secretsMatchOnlyThemselves() throws {
        // Secrets are made in secure memory, which a process sets up once.
        _ = try? ModuleSelfSetup.prepareProcess(allowUnlocked: true)
        let (text, hash) = try ClientSecret.generate()
        #expect(text.utf8.count == 43 && hash.count == 32)
        #expect(ClientSecret.matches(Array(text.utf8), hash: hash))
        #expect(!ClientSecret.matches(Array(text.utf8.dropLast()), hash: hash))
        #expect(!ClientSecret.matches([], hash: hash))
        #expect(!ClientSecret.matches(Array(text.utf8), hash: nil))
        #expect(!ClientSecret.matches(Array(text.utf8), hash: []))
        #expect(try ClientSecret.generate().text != text)
        let presented = PresentedSecret(Array(text.utf8))
        #expect("\(presented)" == "(secret)")
        var dumped = ""
        dump(presented, to: &dumped)
        #expect(!dumped.contains(text))
    }

    @Test func aClientSecretRequestIsParsed() throws {
        let request = try request(
            "client_id=\(application)&scope=https%3A%2F%2Fmhsm.local%2F.default&client_secret=s%2Be"
                + "&grant_type=client_credentials&client_info=1&claims=%7B%22access_token%22%3A%7B%7D%7D")
        #expect(request.clientID == application && request.audience == "https://mhsm.local" && !request.usesResource)
        guard case .secret(let secret) = request.credential else {
            Issue.record("no secret")
            return
        }
        #expect(secret.withUnsafeBytes { Array($0) } == Array("s+e".utf8))
    }

    @Test func aResourceKeepsItsSlash() throws {
        let old = try request("grant_type=client_credentials&client_id=a&client_secret=b&resource=https://h:8443/")
        #expect(old.audience == "https://h:8443/" && old.usesResource)
        let new = try request(
            "grant_type=client_credentials&client_id=a&client_secret=b&scope=openid+https://h:8443//.default")
        #expect(new.audience == "https://h:8443/")
    }

    @Test func basicAuthenticationIsUnderstood() throws {
        // "a%20b:c%3Ad" and its parts decoded.
        let header = "basic YSUyMGI6YyUzQWQ="
        let request = try request("grant_type=client_credentials&scope=https://h/.default", authorization: header)
        #expect(request.clientID == "a b")
        guard case .secret(let secret) = request.credential else {
            Issue.record("no secret")
            return
        }
        #expect(secret.withUnsafeBytes { Array($0) } == Array("c:d".utf8))
    }

    @Test func anAssertionIsHandedOn() throws {
        let request = try request(
            "grant_type=client_credentials&client_id=a&scope=https://h/.default&client_assertion=x.y.z"
                + "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer")
        guard case .assertion("x.y.z") = request.credential else {
            Issue.record("no assertion")
            return
        }
    }

    @Test(arguments: [
        ("client_id=a&client_secret=b&scope=https://h/.default", "invalid_request", 400),
        ("grant_type=password&client_id=a", "unsupported_grant_type", 400),
        ("grant_type=client_credentials&client_secret=b&scope=https://h/.default", "invalid_request", 400),
        ("grant_type=client_credentials&client_id=a&scope=https://h/.default", "invalid_client", 401),
        ("grant_type=client_credentials&client_id=a&client_secret=&scope=https://h/.default", "invalid_client", 401),
        ("grant_type=client_credentials&client_id=a&client_secret=b", "invalid_request", 400),
        ("grant_type=client_credentials&client_id=a&client_secret=b&scope=/.default", "invalid_scope", 400),
        ("grant_type=client_credentials&client_id=a&client_secret=b&scope=openid", "invalid_scope", 400),
        ("grant_type=client_credentials&client_id=a&client_secret=b&scope=x/.default+y/.default", "invalid_scope", 400),
        ("grant_type=client_credentials&client_id=a&client_id=c&client_secret=b", "invalid_request", 400),
        ("grant_type=client_credentials&client_id=a&client_secret=b&client_assertion=c", "invalid_request", 400),
    ])
    func badRequestsAreAnswered(text: String, code: String, status: Int) throws {
        do {
            _ = try request(text)
            Issue.record("accepted")
        } catch let error as OAuthError {
            #expect(error.code == code && error.response.status == status)
            guard case .object(let body) = try JSONReader.parse(error.response.body) else {
                Issue.record("no object")
                return
            }
            #expect(body["error"] == .string(code) && body["error_description"] != nil)
            #expect(error.response.headers.contains { $0.name == "Cache-Control" && $0.value == "no-store" })
            #expect(!error.response.headers.contains { $0.name == "Retry-After" })
        }
    }

    @Test func twoIdentitiesInOneRequestAreRefused() throws {
        let basic = "Basic YTpi"
        #expect(throws: OAuthError.self) {
            try request("grant_type=client_credentials&client_secret=b&scope=h/.default", authorization: basic)
        }
        #expect(throws: OAuthError.invalidClient) {
            try request("grant_type=client_credentials&client_id=other&scope=h/.default", authorization: basic)
        }
        #expect(throws: OAuthError.invalidClient) {
            try request("grant_type=client_credentials&client_id=a&scope=h/.default", authorization: "Basic ???")
        }
    }

    @Test func theTokenAnswerIsWhatClientsRead() throws {
        let issued = try Bench().issuer.issue(
            to: TokenSubject(principalID: alice, applicationID: application, credentialGeneration: 0),
            audience: dataAudience, now: noon)
        guard case .object(let body) = try JSONReader.parse(TokenEndpointResponse(issued).body) else {
            Issue.record("no object")
            return
        }
        #expect(body["token_type"] == .string("Bearer") && body["expires_in"] == .integer(3600))
        #expect(body["access_token"] == .string(issued.token))
    }

    @Test func theDocumentsAreWhatClientsRead() throws {
        let forms: [(AuthorityForm, String)] = [
            (.tenant(tenant), "/\(tenant)/v2.0/.well-known/openid-configuration"),
            (.adfs, "/adfs/.well-known/openid-configuration"),
        ]
        for (form, path) in forms {
            #expect(form.discoveryPath == path)
            let bytes = OpenIDDocuments.discovery(issuer: issuerText, origin: "https://h:8443", form: form)
            guard case .object(let document) = try JSONReader.parse(bytes) else {
                Issue.record("no object")
                return
            }
            #expect(document["issuer"] == .string(issuerText))
            #expect(document["token_endpoint"] == .string("https://h:8443" + form.tokenPath))
            #expect(document["authorization_endpoint"] == .string("https://h:8443" + form.authorizationPath))
            #expect(document["jwks_uri"] == .string("https://h:8443" + form.keysPath))
            // What there is, and nothing that isn't built.
            #expect(document["grant_types_supported"] == .array([.string("client_credentials")]))
            #expect(
                document["token_endpoint_auth_methods_supported"]
                    == .array([.string("client_secret_post"), .string("client_secret_basic")]))
            #expect(document["scopes_supported"] == nil && document["response_modes_supported"] == nil)
        }
        let jwks = OpenIDDocuments.jwks([TestSigner.shared.tokenKey, TestSigner.other.tokenKey])
        guard case .object(let set) = try JSONReader.parse(jwks), case .array(let keys)? = set["keys"],
            case .object(let first)? = keys.first, case .rsa(let modulus, _) = TestSigner.shared.key.publicKey
        else {
            Issue.record("no keys")
            return
        }
        #expect(keys.count == 2 && first["kid"] == .string("key-1") && first["e"] == .string("AQAB"))
        #expect(first["n"] == .string(Base64URL.encode(Array(modulus.drop { $0 == 0 }))))
    }
}
