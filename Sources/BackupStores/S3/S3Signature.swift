import CryptographicModule
import StrictJSON

/// AWS Signature Version 4 in the `Authorization` header (Amazon S3 API Reference, "Authenticating Requests: Using the
/// Authorization Header").
struct S3Signature {
    struct Request {
        var method: String
        /// Begins with `/`; not yet encoded.
        var path: String
        /// Not yet encoded.
        var query: [(name: String, value: String)] = []
        /// All that are signed; `host` and every `x-amz-` header must be among them.
        var headers: [(name: String, value: String)]
        /// SHA-256 of the body, hexadecimal.
        var payloadHash: String
    }

    let region: String
    var service = "s3"

    /// - Returns: the value of the header.
    func authorization(
        _ request: Request, at moment: StoreMoment, _ credentials: S3Credentials
    ) throws -> String {
        let scope = "\(moment.day)/\(region)/\(service)/aws4_request"
        let digest = Hexadecimal.encode(Digest.sha256(Array(Self.canonical(request).utf8)))
        let text = "AWS4-HMAC-SHA256\n\(moment.basic)\n\(scope)\n\(digest)"
        let key = try signingKey(credentials.signingSecret, day: moment.day)
        let signature = Hexadecimal.encode(try MAC.hmacSHA256(key: key, Array(text.utf8)))
        return "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), "
            + "SignedHeaders=\(Self.names(request)), Signature=\(signature)"
    }

    private func signingKey(_ secret: SecretKey, day: String) throws -> SecretKey {
        var key = secret
        for part in [day, region, service, "aws4_request"] {
            let next = try MAC.hmacSHA256(key: key, Array(part.utf8))
            key = SecretKey(consuming: try Secret(copying: next), id: [])
        }
        return key
    }

    /// The form of a request that both sides sign.
    static func canonical(_ request: Request) -> String {
        let headers = grouped(request).map { "\($0.name):\($0.values.joined(separator: ","))\n" }.joined()
        let path = PercentEncoding.encode(request.path, keepingSlashes: true)
        return [request.method, path, query(request.query), headers, names(request), request.payloadHash]
            .joined(separator: "\n")
    }

    /// As it is sent: in the order that is signed, too.
    static func query(_ items: [(name: String, value: String)]) -> String {
        items.map { (PercentEncoding.encode($0.name), PercentEncoding.encode($0.value)) }.sorted { $0 < $1 }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    private static func names(_ request: Request) -> String { grouped(request).map(\.name).joined(separator: ";") }

    /// Values of one name stay in their order.
    private static func grouped(_ request: Request) -> [(name: String, values: [String])] {
        var values: [String: [String]] = [:]
        for header in request.headers { values[header.name.lowercased(), default: []].append(collapse(header.value)) }
        return values.map { (name: $0.key, values: $0.value) }.sorted { $0.name < $1.name }
    }

    /// Spaces at the ends go, and several in a row are one.
    private static func collapse(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }
}
