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
        guard webKey.object["key_hsm"] == nil else {
            throw .badParameter("The parameter 'key.key_hsm': keys wrapped for transfer are not supported.")
        }
        let (key, type) = try material(webKey)
        let operations = try KeyOperationFields.read(webKey, for: type) ?? KeyOperationFields.permitted(type)
        let attributes = try AttributeFields(fields)
        let tags = try fields.tags() ?? [:]
        guard attributes.exportable != true, fields.object["release_policy"] == nil else {
            throw .badParameter(
                "The parameter 'attributes.exportable': exportable keys are not supported by this service.")
        }
        if context.view.state.deletedKey(name) != nil { throw CommandRefusals.keyIsDeleted(name) }
        guard let pool = context.view.state.pool else { throw .internalFailure }
        let template = ImportTemplate(
            poolID: pool.poolID, name: name, version: Random.bytes(16), key: key, operations: operations,
            createdAt: context.now)
        let module = context.services.module
        let sealed = try await context.services.computation.run { () throws(CryptoError) in
            try module.importKey(template)
        }
        return try await KeyCreation.add(
            NewKeyVersion(
                header: sealed.header, publicKey: sealed.publicKey, record: sealed.record.bytes, origin: .imported,
                enabled: attributes.enabled ?? true, notBefore: attributes.notBefore, expires: attributes.expires,
                tags: tags), context)
    }

    /// The members that the type needs, undecoded: the module decodes them into protected memory.
    private static func material(_ fields: Fields) throws(APIError) -> (KeyToImport, KeyType) {
        switch try fields.requiredString("kty") {
        case "RSA", "RSA-HSM":
            let members = KeyToImport.RSAMembers(
                n: try digits(fields, "n"), e: try digits(fields, "e"), d: try digits(fields, "d"),
                p: try digits(fields, "p"), q: try digits(fields, "q"), dp: try digits(fields, "dp"),
                dq: try digits(fields, "dq"), qi: try digits(fields, "qi"))
            return (.rsa(members), .rsaHSM)
        case "EC", "EC-HSM":
            guard let curve = EllipticCurve(jsonName: try fields.requiredString("crv")) else {
                throw .badParameter("The parameter 'key.crv' must be P-256, P-384, P-521 or P-256K.")
            }
            let (x, y) = (try optionalDigits(fields, "x"), try optionalDigits(fields, "y"))
            return (.ec(curve, d: try digits(fields, "d"), x: x, y: y), .ecHSM)
        case "oct", "oct-HSM": return (.oct(k: try digits(fields, "k")), .octHSM)
        default:
            throw .badParameter("The parameter 'key.kty' must be RSA, RSA-HSM, EC, EC-HSM, oct or oct-HSM.")
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
