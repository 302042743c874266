import CryptographicModule

/// The body of `POST /securitydomain/download`: the officers' certificates as JSON Web Keys and the size of the quorum.
public enum DownloadRequest {
    private static let document = "download request"
    /// Ceiling of the body: ten certificates with their keys.
    public static let maximumLength = 256 * 1024

    /// Reads the request and checks every officer.
    ///
    /// `x5c` must hold exactly one certificate (standard base64); `n` and `e`, where present, must be that
    /// certificate's, and so must `x5t#S256`. `kid`, `key_ops`, `use` and `x5t` are not needed: the Azure CLI leaves
    /// out some of them.
    ///
    /// - Parameter quorum: how many officers are required where the request doesn't say.
    public static func parse(_ body: [UInt8], quorum: Int = 2) throws -> Officers {
        let request = try JSONDocument(parsing: body, name: document, limit: maximumLength)
        let required = request.has("required") ? try request.integer("required") : quorum
        let keys = try request.objects("certificates")
        guard Officers.countRange.contains(keys.count) else { throw SecurityDomainError.officerCount(keys.count) }
        var certificates: [OfficerCertificate] = []
        for (position, key) in keys.enumerated() {
            certificates.append(try certificate(from: key, position: position))
        }
        return try Officers(certificates: certificates, required: required)
    }

    private static func certificate(from key: JSONDocument, position: Int) throws -> OfficerCertificate {
        func rejected(_ reason: String) -> SecurityDomainError { .officerRejected(position: position, reason: reason) }
        guard try key.string("kty") == "RSA" else { throw rejected("kty is not RSA") }
        let chain = try key.strings("x5c")
        guard chain.count == 1, let text = chain.first else { throw rejected("x5c must hold exactly one certificate") }
        guard let der = Base64.decode(text) else { throw rejected("x5c is not base64") }
        let certificate = try OfficerCertificate(der: der, position: position)
        if key.has("x5t#S256"), try key.string("x5t#S256") != certificate.fileName {
            throw rejected("x5t#S256 is not that of x5c")
        }
        let rsa = try PublicKey(spkiDER: certificate.publicKey)
        guard case .rsa(let modulus, let exponent) = rsa else { throw rejected("the key is not RSA") }
        for (member, number) in [("n", modulus), ("e", exponent)] where key.has(member) {
            guard let given = Base64URL.decode(try key.string(member)),
                given.drop(while: { $0 == 0 }).elementsEqual(number)
            else { throw rejected("\(member) is not that of x5c") }
        }
        return certificate
    }
}
