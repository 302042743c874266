import AccessControl
import CryptographicModule
import HTTPTransport
import Logging
import PoolState
import RequestPipeline
import StrictJSON

/// `sign` and `verify`.
enum Signing {
    static let endpoints = [
        Endpoint(
            .post, "/keys/{name}/{version?}/sign", operation: "KeySign",
            access: .dataAction(.keysSign, .keyNamed(parameter: "name")), reads: .key(parameter: "name"),
            handler: .adaptive(isSlow: isSlow, sign)),
        Endpoint(
            .post, "/keys/{name}/{version?}/verify", operation: "KeyVerify",
            access: .dataAction(.keysVerify, .keyNamed(parameter: "name")), reads: .key(parameter: "name"),
            handler: .adaptive(isSlow: isSlowToVerify, verify)),
    ]

    /// An RSA private operation takes up to milliseconds; a key that isn't in memory has to be read from disk first.
    /// Neither may hold up an event loop.
    @Sendable
    static func isSlow(_ context: RequestContext) -> Bool {
        guard let version = try? KeyLookup.version(context) else { return false }
        return version.keyType == .rsaHSM
            || !context.services.module.isCached(recordDigest: version.recordDigest)
    }

    /// Public keys are in the state; a symmetric one may have to be read from disk.
    @Sendable
    private static func isSlowToVerify(_ context: RequestContext) -> Bool {
        guard let version = try? KeyLookup.version(context) else { return false }
        return version.keyType == .octHSM
            && !context.services.module.isCached(recordDigest: version.recordDigest)
    }

    @Sendable
    private static func sign(_ context: RequestContext) throws(APIError) -> APIResponse {
        let version = try KeyLookup.version(context)
        try OperationChecks.require(.sign, named: "sign", isTimeBound: true, of: version, now: context.now)
        let fields = try context.fields()
        let signer = try Signer(fields, version, context)
        let value = try fields.bytes("value")
        try signer.algorithm.requireLength(of: value, parameter: "value", version)
        let signature = try signer.sign(value)
        return .object(audit: signer.details(value)) { writer in
            writer.member("kid", signer.keyIdentifier)
            writer.name("value")
            writer.plainASCII { Base64URL.append(signature, to: &$0) }
        }
    }

    @Sendable
    private static func verify(_ context: RequestContext) throws(APIError) -> APIResponse {
        let version = try KeyLookup.version(context)
        try OperationChecks.require(.verify, named: "verify", isTimeBound: false, of: version, now: context.now)
        let fields = try context.fields()
        let signer = try Signer(fields, version, context)
        let value = try fields.bytes("digest")
        try signer.algorithm.requireLength(of: value, parameter: "digest", version)
        let isGood = try signer.verify(value, try fields.bytes("value"))
        return .object(audit: signer.details(value)) { $0.member("value", isGood) }
    }
}

extension RequestContext {
    /// The answer to a failure of the module. What the caller can't cause goes to the log, with the key's name.
    func failure(_ error: CryptoError, of version: KeyVersionRecord) -> APIError {
        let answer = APIError(error)
        // Of a missing record the pipeline tells, once it is found to be missing for good.
        if answer.status >= 500, error != .recordMissing {
            services.logger.error(
                "key operation failed",
                metadata: ["key": "\(version.name)", "request": "\(requestID)", "cause": "\(error)"])
        }
        return answer
    }
}
