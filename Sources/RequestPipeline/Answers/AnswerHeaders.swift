import HTTPTransport

/// The headers that answers carry whatever they answer.
///
/// What hardly any answer leaves out is laid out once.
struct AnswerHeaders: Sendable {
    /// What callers without a token get.
    private let common: StandingFields?
    /// The same with the type of a JSON document.
    private let json: StandingFields?
    /// The same for callers with a token.
    private let service: StandingFields?
    private let region: String

    init(region: String) {
        self.region = region
        let type = ("content-type", APIResponse.json)
        common = StandingFields(Self.fixed)
        json = StandingFields(Self.fixed + [type])
        service = StandingFields(Self.fixed + [(Self.regionName, region), type])
    }

    private static let regionName = "x-ms-keyvault-region"
    private static let fixed = [
        ("cache-control", "no-cache"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"),
        ("content-security-policy", "default-src 'self'"),
    ]

    /// What authenticated callers learn beside the answer: how they are connected, how long it took. Where it was
    /// computed they learn, too.
    struct ServiceDetails {
        let networkInformation: String
        let milliseconds: Int64
    }

    /// - Parameters:
    ///   - own: headers of this answer, which replace those of the same name.
    ///   - contentType: of the body; `nil` without one.
    ///   - service: for callers with a token.
    func answer(
        status: Int, requestID: String, request: HTTPRequest, own: [(String, String)] = [], body: [UInt8],
        contentType: String?, service details: ServiceDetails? = nil
    ) -> HTTPResponse {
        var headers: [(String, String)] = []
        headers.reserveCapacity(4 + own.count)
        headers.append(("x-ms-request-id", requestID))
        if let identifier = Self.returnedIdentifier(request) {
            headers.append(("x-ms-client-request-id", identifier))
        }
        if let details {
            headers.append(("x-ms-keyvault-network-info", details.networkInformation))
            headers.append(("x-ms-server-latency", String(max(0, details.milliseconds))))
        }
        if own.isEmpty, let standing = standing(contentType, isService: details != nil) {
            return HTTPResponse(status: status, standing: standing, headers: headers, body: body)
        }
        if details != nil { headers.append((Self.regionName, region)) }
        for header in Self.fixed where !own.contains(where: { $0.0 == header.0 }) { headers.append(header) }
        headers.append(contentsOf: own)
        if let contentType { headers.append(("content-type", contentType)) }
        return HTTPResponse(status: status, headers: headers, body: body)
    }

    private func standing(_ contentType: String?, isService: Bool) -> StandingFields? {
        switch contentType {
        case nil: isService ? nil : common
        case APIResponse.json: isService ? service : json
        default: nil
        }
    }

    /// The client's own id of the request, if it wants to have it back.
    private static func returnedIdentifier(_ request: HTTPRequest) -> String? {
        guard request.headers.first("x-ms-return-client-request-id")?.lowercased() == "true" else { return nil }
        return ClientRequestID.read(request)
    }

    static func networkInformation(remoteAddress: String) -> String {
        let family = remoteAddress.utf8.contains(UInt8(ascii: ":")) ? "Ipv6" : "Ipv4"
        return "conn_type=\(family);addr=\(remoteAddress);act_addr_fam=\(family);"
    }
}

/// The id under which a client knows its request.
enum ClientRequestID {
    /// `nil` unless it is a GUID: text of another form could be anything, and it goes into answers and records.
    static func read(_ request: HTTPRequest) -> String? {
        guard let text = request.headers.first("x-ms-client-request-id"), text.utf8.count == 36 else { return nil }
        let isPlain = text.utf8.enumerated().allSatisfy { position, byte in
            guard ![8, 13, 18, 23].contains(position) else { return byte == UInt8(ascii: "-") }
            return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
        }
        return isPlain ? text : nil
    }
}
