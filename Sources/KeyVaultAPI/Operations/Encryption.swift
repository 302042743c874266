import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import StrictJSON

/// `encrypt`, `decrypt`, `wrapkey` and `unwrapkey`.
enum Encryption {
    static let endpoints = [
        endpoint("encrypt", "KeyEncrypt", .keysEncrypt, encrypt),
        endpoint("decrypt", "KeyDecrypt", .keysDecrypt, decrypt),
        endpoint("wrapkey", "KeyWrap", .keysWrap, wrap),
        endpoint("unwrapkey", "KeyUnwrap", .keysUnwrap, unwrap),
    ]

    private static func endpoint(
        _ word: String, _ operation: String, _ action: DataAction,
        _ body: @escaping @Sendable (RequestContext) throws(APIError) -> APIResponse
    ) -> Endpoint {
        Endpoint(
            .post, "/keys/{name}/{version?}/\(word)", operation: operation,
            access: .dataAction(action, .keyNamed(parameter: "name")), reads: .key(parameter: "name"),
            handler: .adaptive(isSlow: Signing.isSlow, body))
    }

    @Sendable
    private static func encrypt(_ context: RequestContext) throws(APIError) -> APIResponse {
        let version = try KeyLookup.version(context)
        try OperationChecks.require(.encrypt, named: "encrypt", isTimeBound: true, of: version, now: context.now)
        let fields = try context.fields()
        let algorithm = try encryptionAlgorithm(fields, for: version, context)
        let plaintext = try fields.sensitiveBytes("value")
        let iv = try initialVector(fields, algorithm)
        let aad = algorithm.mode == .gcm ? try fields.optionalBytes("aad") : nil
        let encrypted: EncryptedValue
        do throws(CryptoError) {
            encrypted = try context.services.module.encrypt(
                header: version.header, recordDigest: version.recordDigest,
                fetch: { () throws(CryptoError) in try context.services.custody.record(digest: version.recordDigest) },
                algorithm: algorithm, plaintext: plaintext, iv: iv,
                associatedData: aad ?? [])
        } catch {
            throw context.failure(error, of: version)
        }
        let audit = context.details(version, algorithm.rawValue, ciphertext: encrypted.ciphertext)
        return .object(audit: audit) { writer in
            context.identify(version, algorithm.mode == .rsa ? nil : algorithm.rawValue, &writer)
            writer.member("value", Base64URL.encode(encrypted.ciphertext))
            if !encrypted.iv.isEmpty { writer.member("iv", Base64URL.encode(encrypted.iv)) }
            if !encrypted.tag.isEmpty { writer.member("tag", Base64URL.encode(encrypted.tag)) }
            if let aad { writer.member("aad", Base64URL.encode(aad)) }
        }
    }

    /// The `iv` of a request to encrypt; `nil` for what takes none, and for GCM where it is empty: some clients send an
    /// empty one since the service makes it.
    private static func initialVector(
        _ fields: Fields, _ algorithm: EncryptionAlgorithm
    ) throws(APIError) -> [UInt8]? {
        let iv = try fields.optionalBytes("iv")
        switch algorithm.mode {
        case .rsa: return nil
        case .gcm: return iv?.isEmpty == true ? nil : iv
        case .cbc, .cbcPadded: return iv
        }
    }

    @Sendable
    private static func decrypt(_ context: RequestContext) throws(APIError) -> APIResponse {
        let version = try KeyLookup.version(context)
        try OperationChecks.require(.decrypt, named: "decrypt", isTimeBound: false, of: version, now: context.now)
        let fields = try context.fields()
        let algorithm = try encryptionAlgorithm(fields, for: version, context)
        let ciphertext = try fields.bytes("value")
        let (iv, tag) = (try fields.optionalBytes("iv"), try fields.optionalBytes("tag"))
        let aad = try fields.optionalBytes("aad")
        let plaintext: SensitiveBytes
        do throws(CryptoError) {
            plaintext = try context.services.module.decrypt(
                header: version.header, recordDigest: version.recordDigest,
                fetch: { () throws(CryptoError) in try context.services.custody.record(digest: version.recordDigest) },
                algorithm: algorithm, ciphertext: ciphertext, iv: iv, tag: tag, associatedData: aad ?? [])
        } catch {
            throw context.decryptionFailure(error, of: version)
        }
        return answer(
            plaintext, version, algorithm.mode == .rsa ? nil : algorithm.rawValue,
            context.details(version, algorithm.rawValue, ciphertext: ciphertext), context)
    }

    @Sendable
    private static func wrap(_ context: RequestContext) throws(APIError) -> APIResponse {
        let version = try KeyLookup.version(context)
        try OperationChecks.require(.wrapKey, named: "wrapKey", isTimeBound: true, of: version, now: context.now)
        let fields = try context.fields()
        let algorithm = try wrapAlgorithm(fields, for: version, context)
        let key = try fields.sensitiveBytes("value")
        let wrapped: [UInt8]
        do throws(CryptoError) {
            wrapped = try context.services.module.wrap(
                header: version.header, recordDigest: version.recordDigest,
                fetch: { () throws(CryptoError) in try context.services.custody.record(digest: version.recordDigest) },
                algorithm: algorithm, key: key)
        } catch {
            throw context.failure(error, of: version)
        }
        let audit = context.details(version, algorithm.rawValue, ciphertext: wrapped)
        return .object(audit: audit) { writer in
            context.identify(version, algorithm.rsa == nil ? algorithm.rawValue : nil, &writer)
            writer.member("value", Base64URL.encode(wrapped))
        }
    }

    @Sendable
    private static func unwrap(_ context: RequestContext) throws(APIError) -> APIResponse {
        let version = try KeyLookup.version(context)
        try OperationChecks.require(.unwrapKey, named: "unwrapKey", isTimeBound: false, of: version, now: context.now)
        let fields = try context.fields()
        let algorithm = try wrapAlgorithm(fields, for: version, context)
        let wrapped = try fields.bytes("value")
        let key: SensitiveBytes
        do throws(CryptoError) {
            key = try context.services.module.unwrap(
                header: version.header, recordDigest: version.recordDigest,
                fetch: { () throws(CryptoError) in try context.services.custody.record(digest: version.recordDigest) },
                algorithm: algorithm, wrapped: wrapped)
        } catch {
            throw context.decryptionFailure(error, of: version)
        }
        return answer(
            key, version, algorithm.rsa == nil ? algorithm.rawValue : nil,
            context.details(version, algorithm.rawValue, ciphertext: wrapped), context)
    }

    private static func answer(
        _ plaintext: SensitiveBytes, _ version: KeyVersionRecord, _ algorithm: String?, _ audit: OperationDetails,
        _ context: RequestContext
    ) -> APIResponse {
        .object(audit: audit) { writer in
            context.identify(version, algorithm, &writer)
            writer.member("value", plaintext.base64URL())
        }
    }

    private static func encryptionAlgorithm(
        _ fields: Fields, for version: KeyVersionRecord, _ context: RequestContext
    ) throws(APIError) -> EncryptionAlgorithm {
        guard let algorithm = EncryptionAlgorithm(rawValue: try fields.requiredString("alg")) else {
            throw .badParameter("The parameter 'alg' doesn't name an encryption algorithm of this service.")
        }
        guard algorithm.fits(version.header) else {
            throw .badParameter("The parameter 'alg': \(algorithm.rawValue) doesn't fit the type or size of the key.")
        }
        try OperationChecks.requireNotRefused(algorithm.rawValue, by: context)
        return algorithm
    }

    private static func wrapAlgorithm(
        _ fields: Fields, for version: KeyVersionRecord, _ context: RequestContext
    ) throws(APIError) -> KeyWrapAlgorithm {
        guard let algorithm = KeyWrapAlgorithm(rawValue: try fields.requiredString("alg")) else {
            throw .badParameter("The parameter 'alg' doesn't name a key wrapping algorithm of this service.")
        }
        guard algorithm.fits(version.header) else {
            throw .badParameter("The parameter 'alg': \(algorithm.rawValue) doesn't fit the type or size of the key.")
        }
        try OperationChecks.requireNotRefused(algorithm.rawValue, by: context)
        return algorithm
    }
}

extension RequestContext {
    /// The members by which an answer names key and algorithm.
    fileprivate func identify(_ version: KeyVersionRecord, _ algorithm: String?, _ writer: inout JSONWriter) {
        writer.member("kid", keyIdentifier(name: version.name, version: version.version))
        if let algorithm { writer.member("alg", algorithm) }
    }

    fileprivate func details(
        _ version: KeyVersionRecord, _ algorithm: String, ciphertext: [UInt8]
    ) -> OperationDetails {
        OperationDetails(
            keyIdentifier: keyIdentifier(name: version.name, version: version.version), algorithm: algorithm,
            evidence: .ciphertext(Digest.sha256(ciphertext)))
    }

    /// One answer for whatever is wrong with a ciphertext: which it was would help to forge one. A record of ours that
    /// doesn't open is another matter, and the node's fault. Which of them it was is found out by opening the record:
    /// that the key isn't in memory says nothing, since it may have made room for others after its use.
    fileprivate func decryptionFailure(_ error: CryptoError, of version: KeyVersionRecord) -> APIError {
        guard error == .authenticationFailed else { return failure(error, of: version) }
        do throws(CryptoError) {
            try services.module.confirm(
                header: version.header, recordDigest: version.recordDigest,
                fetch: { () throws(CryptoError) in try services.custody.record(digest: version.recordDigest) })
        } catch {
            return failure(error, of: version)
        }
        return .badParameter("The parameter 'value' can't be decrypted with this key and these parameters.")
    }
}
