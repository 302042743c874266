import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import StrictJSON

/// `PUT /keys/{name}`: a key that was made elsewhere, as a new key or a new version of one.
enum KeyImport {
    static let endpoints = [
        Endpoint(
            .put, "/keys/{name}", operation: "KeyImport",
            access: .dataAction(.keysImport, .keyOrCollection(parameter: "name")), handler: .asynchronous(importKey))
    ]

    @Sendable
    private static func importKey(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let name = try KeyLookup.newName(context)
        let fields = try context.fields()
        guard let webKey = try fields.section("key") else { throw .badParameter("The parameter 'key' is required.") }
        let source = try source(webKey, context)
        let attributes = try AttributeFields(fields)
        let export = try ExportFields(fields, attributes, after: context.view.key(name)?.latest)
        let operations = try operations(webKey, for: source.type, isExportable: export.isExportable)
        let tags = try fields.tags() ?? [:]
        if context.view.state.deletedKey(name) != nil { throw CommandRefusals.keyIsDeleted(name) }
        guard let pool = context.view.state.pool else { throw .internalFailure(RequestContext.noPool) }
        let (services, poolID, now) = (context.services, pool.poolID, context.now)
        let sealed = try await context.compute { () throws(CryptoError) -> GeneratedKey in
            let version = Random.bytes(16)
            switch source {
            case .webKey(let key, _):
                return try services.module.importKey(
                    ImportTemplate(
                        poolID: poolID, name: name, version: version, key: key, operations: operations,
                        createdAt: now, export: export.terms))
            case .transfer(let blob, let type, let curve, let kek):
                return try services.module.importTransferred(
                    TransferTemplate(
                        poolID: poolID, name: name, version: version, keyType: type, curve: curve,
                        wrapped: blob.ciphertext, operations: operations, createdAt: now, export: export.terms),
                    header: kek.header, recordDigest: kek.recordDigest
                ) { () throws(CryptoError) in try services.custody.record(digest: kek.recordDigest) }
            }
        }
        var response = try await KeyCreation.add(
            NewKeyVersion(
                header: sealed.header, publicKey: sealed.publicKey, record: sealed.record.bytes, origin: .imported,
                enabled: attributes.enabled ?? true, notBefore: attributes.notBefore, expires: attributes.expires,
                tags: tags, releasePolicy: export.policy?.stored), context)
        // It was used without a right on it: whoever may import may bring what was wrapped for it.
        if case .transfer(let blob, _, _, _) = source {
            response.audit.extra.append(("wrappingKey", blob.keyIdentifier))
        }
        return response
    }

    /// What a request brings.
    private enum Source {
        /// The members of a JSON Web Key with its private part.
        case webKey(KeyToImport, KeyType)
        /// A key wrapped for a key of this pool.
        case transfer(TransferBlob, KeyType, EllipticCurve?, kek: KeyVersionRecord)

        var type: KeyType {
            switch self {
            case .webKey(_, let type), .transfer(_, let type, _, _): type
            }
        }
    }

    private static func source(_ webKey: Fields, _ context: RequestContext) throws(APIError) -> Source {
        guard let text = try webKey.string("key_hsm") else {
            let (key, type) = try material(webKey)
            return .webKey(key, type)
        }
        guard let type = KeyType(kty: try webKey.requiredString("kty")) else { throw unknownType }
        let blob = try TransferBlob(encoded: text)
        return .transfer(blob, type, try curve(webKey, type), kek: try blob.wrappingKey(context))
    }

    /// The client for Java sends an empty list with each key for which nobody chose operations.
    private static func operations(
        _ webKey: Fields, for type: KeyType, isExportable: Bool
    ) throws(APIError) -> KeyOperations {
        guard let names = try webKey.strings("key_ops"), !names.isEmpty else { return KeyOperationFields.usual(type) }
        return try KeyOperationFields.read(names, for: type, isExportable: isExportable)
    }

    /// The curve of a wrapped key; a request may leave it to the key.
    private static func curve(_ webKey: Fields, _ type: KeyType) throws(APIError) -> EllipticCurve? {
        guard type == .ecHSM, let text = try webKey.string("crv") else { return nil }
        guard let curve = EllipticCurve(crv: text) else { throw unknownCurve }
        return curve
    }

    private static let unknownType = APIError.badParameter(
        "The parameter 'key.kty' must be RSA, RSA-HSM, EC, EC-HSM, oct, oct-HSM, OKP or OKP-HSM.")
    private static let unknownCurve = APIError.badParameter(
        "The parameter 'key.crv' must be P-256, P-384, P-521 or P-256K.")

    /// The members that the type needs, undecoded: the module decodes them into protected memory.
    private static func material(_ fields: Fields) throws(APIError) -> (KeyToImport, KeyType) {
        guard let type = KeyType(kty: try fields.requiredString("kty")) else { throw unknownType }
        switch type {
        case .rsaHSM:
            let members = KeyToImport.RSAMembers(
                n: try digits(fields, "n"), e: try digits(fields, "e"), d: try digits(fields, "d"),
                p: try digits(fields, "p"), q: try digits(fields, "q"), dp: try digits(fields, "dp"),
                dq: try digits(fields, "dq"), qi: try digits(fields, "qi"))
            return (.rsa(members), type)
        case .ecHSM:
            guard let curve = EllipticCurve(crv: try fields.requiredString("crv")) else { throw unknownCurve }
            let (x, y) = (try optionalDigits(fields, "x"), try optionalDigits(fields, "y"))
            return (.ec(curve, d: try digits(fields, "d"), x: x, y: y), type)
        case .okpHSM:
            guard try fields.requiredString("crv") == OKP.curve else {
                throw .badParameter("The parameter 'key.crv' must be Ed25519 for a key of type OKP.")
            }
            return (.ed25519(d: try digits(fields, "d"), x: try optionalDigits(fields, "x")), type)
        case .octHSM: return (.oct(k: try digits(fields, "k")), type)
        }
    }

    private static func digits(_ fields: Fields, _ name: String) throws(APIError) -> String {
        withoutPadding(try fields.requiredString(name))
    }

    private static func optionalDigits(_ fields: Fields, _ name: String) throws(APIError) -> String? {
        try fields.string(name).map(withoutPadding)
    }

    private static func withoutPadding(_ text: String) -> String {
        var text = text
        var padding = 0
        while padding < 2, text.utf8.last == UInt8(ascii: "=") {
            text.removeLast()
            padding += 1
        }
        return text
    }
}
