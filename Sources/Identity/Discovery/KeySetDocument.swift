public import CryptographicModule
import StrictJSON

/// A JSON Web Key Set (RFC 7517 section 5) as an issuer publishes it, read strictly.
public enum KeySetDocument {
    /// A longer document is refused unread.
    public static let maximumBytes = 256 * 1024

    /// Why a key set was refused.
    public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// What is wrong, as the end of a sentence about the key set: "it isn't …", "key 2 has no 'kid'".
        public let description: String

        init(_ description: String) { self.description = description }
    }

    /// All keys of the set; each needs a `kid`, and either its numbers or a certificate (`x5c`).
    ///
    /// - Throws: ``Refusal`` for anything that isn't a set of RSA keys of 2048, 3072 or 4096 bits and keys on P-256,
    ///   P-384 or P-521, each named once.
    public static func parse(_ bytes: [UInt8]) throws(Refusal) -> [TokenKey] {
        guard bytes.count <= maximumBytes, case .object(let document)? = try? JSONReader.parse(bytes),
            case .array(let elements)? = document["keys"], !elements.isEmpty
        else { throw Refusal("it isn't a JSON Web Key Set: an object whose 'keys' is an array") }
        var keys: [TokenKey] = []
        for (position, element) in elements.enumerated() {
            guard case .object(let members) = element else { throw Refusal("key \(position) isn't an object") }
            keys.append(try key(members, position))
        }
        guard Set(keys.map(\.keyID)).count == keys.count else { throw Refusal("two keys have the same 'kid'") }
        return keys
    }

    private static func key(_ members: JSONObject, _ position: Int) throws(Refusal) -> TokenKey {
        guard case .string(let id)? = members["kid"] else { throw Refusal("key \(position) has no 'kid'") }
        guard let publicKey = publicKey(members) else {
            throw Refusal("key \(position) is neither an RSA key nor one on P-256, P-384 or P-521")
        }
        let key = TokenKey(keyID: id, key: publicKey)
        guard key.isAcceptable else {
            throw Refusal(
                "key \(position) is an RSA key of other than 2048, 3072 or 4096 bits or of no use, or its 'kid' is "
                    + "empty or too long")
        }
        return key
    }

    static func publicKey(_ members: JSONObject) -> PublicKey? {
        switch members["kty"] {
        case .string("RSA")?:
            if let n = bytes(members["n"]), let e = bytes(members["e"]) {
                return .rsa(n: Array(n.drop { $0 == 0 }), e: Array(e.drop { $0 == 0 }))
            }
            guard case .rsa(let n, let e)? = certified(members) else { return nil }
            return .rsa(n: n, e: e)
        case .string("EC")?:
            guard case .string(let name)? = members["crv"] else { return certified(members) }
            guard let curve = EllipticCurve(jsonName: name), let x = bytes(members["x"]), let y = bytes(members["y"]),
                x.count == curve.coordinateLength, y.count == curve.coordinateLength
            else { return nil }
            return .ec(curve, x: x, y: y)
        default: return nil
        }
    }

    /// The key of the first certificate.
    private static func certified(_ members: JSONObject) -> PublicKey? {
        guard case .array(let chain)? = members["x5c"], case .string(let text)? = chain.first else { return nil }
        let digits = text.utf8.compactMap { byte -> UInt8? in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: byte
            }
        }
        guard let der = Base64URL.decode(digits), let certificate = try? X509Certificate(der: der) else { return nil }
        return certificate.publicKey
    }

    static func bytes(_ value: JSONValue?) -> [UInt8]? {
        guard case .string(let text)? = value, text.utf8.count <= 1024 else { return nil }
        return Base64URL.decode(text)
    }
}
