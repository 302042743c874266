import CryptographicModule
import PoolState
import RequestPipeline
import StrictJSON

/// A `.byok` file: a key that was wrapped elsewhere for a key of this pool, which opens nothing else.
struct TransferBlob: Sendable {
    static let algorithm = "dir"
    static let encryption = "CKM_RSA_AES_KEY_WRAP"
    private static let schema = "1.0.0"
    private static let parameter = "key.key_hsm"

    /// The identifier of the wrapping key with its version.
    let keyIdentifier: String
    let ciphertext: [UInt8]

    /// - Parameter encoded: the whole file in base64 or base64url, with or without padding: clients differ.
    init(encoded: String) throws(APIError) {
        var digits = encoded.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            default: byte
            }
        }
        while digits.last == UInt8(ascii: "=") { digits.removeLast() }
        guard encoded.utf8.count - digits.count <= 2, let file = Base64URL.decode(digits) else {
            throw .badParameter("The parameter '\(Self.parameter)' isn't base64.")
        }
        guard case .object(let object)? = try? JSONReader.parse(file) else {
            throw .badParameter("The parameter '\(Self.parameter)' isn't the base64 of a JSON object.")
        }
        let fields = Fields(object: object, path: Self.parameter + ".")
        guard try fields.requiredString("schema_version") == Self.schema else {
            throw .badParameter("The parameter '\(Self.parameter).schema_version' must be \(Self.schema).")
        }
        guard let header = try fields.section("header") else {
            throw .badParameter("The parameter '\(Self.parameter).header' is required.")
        }
        guard try header.requiredString("alg") == Self.algorithm,
            try header.requiredString("enc") == Self.encryption
        else {
            throw .badParameter(
                "The parameter '\(Self.parameter).header' must have the 'alg' \(Self.algorithm) and the 'enc' "
                    + "\(Self.encryption).")
        }
        keyIdentifier = try header.requiredString("kid")
        ciphertext = try fields.bytes("ciphertext")
    }

    /// The version that the blob was wrapped for.
    /// - Throws: 400 unless it is a version of a key of this pool, enabled, and for importing only.
    func wrappingKey(_ context: RequestContext) throws(APIError) -> KeyVersionRecord {
        let kid = "The parameter '\(Self.parameter).header.kid'"
        let parts = keyIdentifier.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0] == "https:", parts[1].isEmpty, parts[3] == "keys",
            isOwn(authority: parts[2], context)
        else {
            throw .badParameter("\(kid) isn't the identifier of a key of this service with its version.")
        }
        guard let id = Hexadecimal.decode(parts[5]), let version = context.view.key(parts[4])?.version(id) else {
            throw .badParameter("\(kid) names a key or a version that isn't there.")
        }
        guard version.header.keyType == .rsaHSM, version.operations == .import else {
            throw .badParameter("\(kid) names a key that isn't for importing: its 'key_ops' must be 'import' alone.")
        }
        guard version.enabled else { throw .badParameter("\(kid) names a key that is disabled.") }
        return version
    }

    private func isOwn(authority: String, _ context: RequestContext) -> Bool {
        context.services.hosts.contains(authority: authority)
            || context.view.state.members.contains { $0.apiURL.lowercased() == "https://" + authority.lowercased() }
    }
}
