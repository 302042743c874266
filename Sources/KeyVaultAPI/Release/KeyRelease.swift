import AccessControl
import CryptographicModule
import HTTPTransport
import Identity
import Logging
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// `POST /keys/{name}/{version?}/release`: an exportable key, encrypted to an environment that fulfils its policy.
enum KeyRelease {
    static let endpoints = [
        Endpoint(
            .post, "/keys/{name}/{version?}/release", operation: "KeyRelease",
            access: .dataAction(.keysRelease, .keyNamed(parameter: "name")), handler: .computation(release))
    ]

    private static let maximumNonce = 256

    @Sendable
    private static func release(_ context: RequestContext) throws(APIError) -> APIResponse {
        let version = try KeyLookup.version(context)
        guard version.enabled else {
            throw .forbidden("Operation release is not allowed on a disabled key.", innerCode: "KeyDisabled")
        }
        guard version.exportable, let stored = version.releasePolicy else {
            throw .forbidden(
                "Operation release is not permitted on this key: it isn't exportable.",
                innerCode: "KeyOperationForbidden")
        }
        let fields = try context.fields()
        let wrapping = try wrapping(fields)
        let nonce = try fields.string("nonce")
        guard nonce.map({ $0.utf8.count <= maximumNonce }) ?? true else {
            throw .badParameter("The parameter 'nonce' is longer than \(maximumNonce) bytes.")
        }
        let assertion = try assertion(try fields.requiredString("target"), context)
        let policy: ReleasePolicyDocument
        do throws(ReleasePolicyDocument.Refusal) {
            policy = try ReleasePolicyDocument(parsing: stored.data)
        } catch {
            // It was taken when more was allowed.
            throw .forbidden(
                "The key's release policy can't be fulfilled: \(error.reason). Set another one.",
                innerCode: "AccessDenied")
        }
        guard policy.isFulfilled(issuer: assertion.issuer, claims: assertion.claims) else {
            throw refused("doesn't fulfil the key's release policy")
        }
        let wrapped: [UInt8]
        do throws(CryptoError) {
            wrapped = try context.services.module.release(
                header: version.header, recordDigest: version.recordDigest,
                fetch: { () throws(CryptoError) in try context.services.custody.record(digest: version.recordDigest) },
                policy: stored.data, to: assertion.target.publicKey, wrapping: wrapping)
        } catch {
            throw context.failure(error, of: version)
        }
        let released = ReleasedKey(
            version: version, policy: stored, wrapping: wrapping, wrapped: wrapped, targetKeyID: assertion.target.id,
            nonce: nonce, context: context)
        let token = try released.signed()
        let audit = OperationDetails(
            keyIdentifier: context.keyIdentifier(name: version.name, version: version.version),
            algorithm: wrapping.rawValue, evidence: .ciphertext(Digest.sha256(wrapped)))
        return .object(audit: audit) { writer in
            writer.name("value")
            writer.plainASCII(token.utf8)
        }
    }

    private static func wrapping(_ fields: Fields) throws(APIError) -> ReleaseWrapping {
        guard let text = try fields.string("enc") else { return .sha1 }
        guard let wrapping = ReleaseWrapping(rawValue: text) else {
            let names = ReleaseWrapping.allCases.map(\.rawValue).joined(separator: ", ")
            throw .badParameter("The parameter 'enc' must be one of \(names).")
        }
        return wrapping
    }

    private static func assertion(
        _ text: String, _ context: RequestContext
    ) throws(APIError) -> EnvironmentAssertion {
        guard let pool = context.view.state.pool else { throw .internalFailure(RequestContext.noPool) }
        let authorities = pool.releaseAuthorities.map { authority in
            AssertionAuthority(
                issuer: authority.issuer,
                keys: authority.keys.map { TokenKey(keyID: $0.id, key: $0.publicKey) })
        }
        do throws(AssertionRejection) {
            return try EnvironmentAssertion(
                verifying: Array(text.utf8), authorities: authorities,
                checker: ModuleSignatureChecker(context.services.module), now: context.now)
        } catch .malformed {
            throw .badParameter("The parameter 'target' \(AssertionRejection.malformed.reason).")
        } catch {
            throw refused(error.reason)
        }
    }

    private static func refused(_ reason: String) -> APIError {
        .forbidden("The target environment's assertion \(reason).", innerCode: "AccessDenied")
    }
}

/// What goes out: a compact JWS (RFC 7515) around the key, its attributes and its policy.
struct ReleasedKey {
    let version: KeyVersionRecord
    let policy: ReleasePolicy
    let wrapping: ReleaseWrapping
    let wrapped: [UInt8]
    let targetKeyID: String
    let nonce: String?
    let context: RequestContext

    /// RS256 with the pool's key for this purpose; the header has the certificates that vouch for it.
    func signed() throws(APIError) -> String {
        guard let keyring = context.services.custody.unsealed?.keyring else { throw .sealed }
        do {
            let chain = try keyring.releaseChain()
            let signed = Base64URL.encode(header(chain)) + "." + Base64URL.encode(payload())
            let signature = try keyring.releaseKey.sign(digest: Digest.sha256(Array(signed.utf8)))
            return signed + "." + Base64URL.encode(signature)
        } catch {
            throw .internalFailure("release not signed: \(error)")
        }
    }

    private func header(_ chain: [[UInt8]]) -> [UInt8] {
        let thumbprint = Base64URL.encode(Digest.sha256(chain[0]))
        var writer = JSONWriter(capacity: 4096)
        writer.object { writer in
            writer.member("alg", "RS256")
            writer.member("kid", thumbprint)
            writer.member("x5c", array: chain.map { StandardBase64.encode($0) })
            writer.member("x5t#S256", thumbprint)
        }
        return writer.bytes
    }

    private func payload() -> [UInt8] {
        let identifier = context.keyIdentifier(name: version.name, version: version.version)
        let bundle = KeyBundle(context: context)
        var writer = JSONWriter(capacity: 4096)
        writer.object { writer in
            writer.member("request") { writer in
                writer.object { writer in
                    writer.member("api-version", context.query["api-version"] ?? "")
                    writer.member("enc", wrapping.rawValue)
                    writer.member("kid", "\(context.host.baseURL)/keys/\(version.name)")
                    if let nonce { writer.member("nonce", nonce) }
                }
            }
            writer.member("response") { writer in
                writer.object { writer in
                    writer.member("key") { writer in
                        writer.object { writer in
                            bundle.attributes(version, &writer)
                            writer.member("key") { writer in
                                writer.object { writer in
                                    // Outside it isn't a key of this service any more.
                                    let type = version.header.keyType.jsonName.prefix { $0 != "-" }
                                    bundle.webKey(version, identifier, type: String(type), &writer)
                                    writer.member("key_hsm", Base64URL.encode(envelope()))
                                }
                            }
                            bundle.releasePolicy(version, &writer)
                        }
                    }
                }
            }
        }
        return writer.bytes
    }

    private func envelope() -> [UInt8] {
        var writer = JSONWriter(capacity: wrapped.count * 2)
        writer.object { writer in
            writer.member("ciphertext", Base64URL.encode(wrapped))
            writer.member("header") { writer in
                writer.object { writer in
                    writer.member("alg", "dir")
                    writer.member("enc", wrapping.rawValue)
                    writer.member("kid", targetKeyID)
                }
            }
            writer.member("schema_version", "1.0")
        }
        return writer.bytes
    }
}
