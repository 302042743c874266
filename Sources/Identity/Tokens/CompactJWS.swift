import CryptographicModule
import StrictJSON

/// A signed token cut into its parts (RFC 7515, 3.1). Nothing is verified yet.
struct CompactJWS {
    let header: [UInt8]
    let payload: [UInt8]
    let signature: [UInt8]
    /// The bytes that were signed: header and payload as transmitted, with the dot between them.
    let signedBytes: UnsafeRawBufferPointer

    /// Cuts `token` at its two dots. Valid as long as the memory of `token` is.
    init(_ token: UnsafeRawBufferPointer) throws(TokenRejection) {
        guard let first = token.firstIndex(of: UInt8(ascii: ".")),
            let second = token[(first + 1)...].firstIndex(of: UInt8(ascii: ".")),
            !token[(second + 1)...].contains(UInt8(ascii: "."))
        else { throw .notCompactJWS }
        header = try Self.decode(token[..<first])
        payload = try Self.decode(token[(first + 1)..<second])
        // An empty signature is the unsecured form; it gets its own answer from the algorithm check.
        signature = second + 1 == token.count ? [] : try Self.decode(token[(second + 1)...])
        signedBytes = UnsafeRawBufferPointer(rebasing: token[..<second])
    }

    private static func decode(_ part: Slice<UnsafeRawBufferPointer>) throws(TokenRejection) -> [UInt8] {
        guard !part.isEmpty, let bytes = Base64URL.decode(Array(part)) else { throw .notCompactJWS }
        return bytes
    }
}

/// The header members that matter (RFC 7515, 4.1).
struct TokenHeader: Equatable {
    let algorithm: String
    let keyID: String?
    /// `typ`, lower case and without `application/`.
    let type: String?
    /// `x5t`: base64url of the SHA-1 digest of the signer's certificate. Some clients pad it.
    let certificateThumbprint: String?

    /// Members that would make this token mean something else than what its three parts say, or that name a key from
    /// outside.
    private static let forbidden: Set<String> = ["crit", "b64", "jku", "x5u", "jwk", "enc", "zip"]

    init(parsing json: [UInt8]) throws(TokenRejection) {
        guard case .object(let members)? = try? JSONReader.parse(json) else { throw .malformedHeader }
        guard !members.members.contains(where: { Self.forbidden.contains($0.name) }) else { throw .forbiddenHeader }
        guard let algorithm = try Self.text(members["alg"]) else { throw .malformedHeader }
        self.algorithm = algorithm
        keyID = try Self.text(members["kid"])
        type = try Self.text(members["typ"]).map(Self.mediaType)
        certificateThumbprint = try Self.text(members["x5t"])
    }

    private static func text(_ value: JSONValue?) throws(TokenRejection) -> String? {
        guard let value else { return nil }
        guard case .string(let text) = value else { throw .malformedHeader }
        return text
    }

    private static func mediaType(_ text: String) -> String {
        let lower = text.lowercased()
        return lower.hasPrefix("application/") ? String(lower.dropFirst("application/".count)) : lower
    }
}
