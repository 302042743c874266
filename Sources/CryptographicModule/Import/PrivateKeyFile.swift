/// A private key out of a file of its owner's, as the members of a JSON Web Key (RFC 7518 section 6), for a request
/// that imports it.
///
/// The members lie in ordinary memory, as the request that carries them does: this is for a tool on the machine where
/// the file is, never for a node.
public struct PrivateKeyFile {
    /// One member and its value; `kty` comes first.
    public struct Member: Equatable, Sendable {
        /// As in the JSON Web Key, such as `kty` or `d`.
        public let name: String
        /// Text for `kty` and `crv`, base64url for the rest.
        public let value: String
    }

    /// What a request to import the key has to hold.
    public let members: [Member]

    /// - Parameters:
    ///   - pem: PKCS#8, encrypted or not, or the older forms of RSA and EC keys.
    ///   - passphrase: called only when the PEM is encrypted.
    /// - Throws: ``CryptoError`` where the text holds no private key, or one of a kind that pools don't keep.
    public init(pem: borrowing Secret, passphrase: () throws -> Secret) throws {
        try ModuleHealth.shared.requireGood()
        let key: LoadedKey
        if let open = try LoadedKey.load(pem: pem) {
            key = open
        } else {
            key = try LoadedKey.load(pem: pem, passphrase: try passphrase())
        }
        let publicKey = try PublicKey(spkiDER: try key.spkiDER())
        let content = try key.exportPrivate().withUnsafeBytes { Self.privateKey(inPKCS8: Array($0)) }
        guard let content else { throw CryptoError.malformed("private key") }
        let members: [Member]? =
            switch publicKey {
            case .rsa: Self.rsa(content)
            case .ec(let curve, let x, let y): Self.ec(content, curve, x: x, y: y)
            case .ed25519(let x): Self.ed25519(content, x: x)
            }
        guard let members else { throw CryptoError.malformed("private key") }
        self.members = members
    }

    /// The `privateKey` of a PrivateKeyInfo (RFC 5208 section 5).
    private static func privateKey(inPKCS8 bytes: [UInt8]) -> [UInt8]? {
        var outer = DER.Reader(bytes)
        guard let content = outer.read(0x30) else { return nil }
        var reader = DER.Reader(content)
        guard reader.read(0x02) != nil, reader.read(0x30) != nil else { return nil }
        return reader.read(0x04).map(Array.init)
    }

    /// RSAPrivateKey (RFC 8017 appendix A.1.2).
    private static func rsa(_ bytes: [UInt8]) -> [Member]? {
        var outer = DER.Reader(bytes)
        guard let content = outer.read(0x30) else { return nil }
        var reader = DER.Reader(content)
        guard reader.read(0x02) != nil else { return nil }
        var members = [Member(name: "kty", value: "RSA")]
        for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
            guard let number = reader.read(0x02) else { return nil }
            members.append(Member(name: name, value: Base64URL.encode(Array(number.drop { $0 == 0 }))))
        }
        return members
    }

    /// CurvePrivateKey (RFC 8410 section 7).
    private static func ed25519(_ bytes: [UInt8], x: [UInt8]) -> [Member]? {
        var outer = DER.Reader(bytes)
        guard let d = outer.read(0x04), d.count == 32, outer.isAtEnd else { return nil }
        return [
            Member(name: "kty", value: "OKP"), Member(name: "crv", value: "Ed25519"),
            Member(name: "x", value: Base64URL.encode(x)), Member(name: "d", value: Base64URL.encode(Array(d))),
        ]
    }

    /// ECPrivateKey (RFC 5915 section 3).
    private static func ec(_ bytes: [UInt8], _ curve: EllipticCurve, x: [UInt8], y: [UInt8]) -> [Member]? {
        var outer = DER.Reader(bytes)
        guard let content = outer.read(0x30) else { return nil }
        var reader = DER.Reader(content)
        guard reader.read(0x02) != nil, let d = reader.read(0x04), d.count == curve.coordinateLength else { return nil }
        return [
            Member(name: "kty", value: "EC"), Member(name: "crv", value: curve.jsonName),
            Member(name: "x", value: Base64URL.encode(x)), Member(name: "y", value: Base64URL.encode(y)),
            Member(name: "d", value: Base64URL.encode(Array(d))),
        ]
    }
}
