import HTTPTransport

/// The headers that answers carry whatever they answer.
enum AnswerHeaders {
    private static let fixed = [
        ("cache-control", "no-cache"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"),
        ("content-security-policy", "default-src 'self'"),
    ]

    /// - Parameter own: headers of this answer, which replace those of the same name.
    static func common(
        requestID: String, request: HTTPRequest, own: [(String, String)] = []
    ) -> [(String, String)] {
        var headers = [("x-ms-request-id", requestID)]
        headers.reserveCapacity(12 + own.count)
        if request.headers.first("x-ms-return-client-request-id")?.lowercased() == "true",
            let identifier = ClientRequestID.read(request)
        {
            headers.append(("x-ms-client-request-id", identifier))
        }
        for header in fixed where !own.contains(where: { $0.0 == header.0 }) { headers.append(header) }
        headers.append(contentsOf: own)
        return headers
    }

    /// What authenticated callers learn beside the answer: where it was computed, how they are connected, how long it
    /// took.
    static func service(region: String, remoteAddress: String, milliseconds: Int64) -> [(String, String)] {
        let family = remoteAddress.utf8.contains(UInt8(ascii: ":")) ? "Ipv6" : "Ipv4"
        return [
            ("x-ms-keyvault-region", region),
            ("x-ms-keyvault-network-info", "conn_type=\(family);addr=\(remoteAddress);act_addr_fam=\(family);"),
            ("x-ms-server-latency", String(max(0, milliseconds))),
        ]
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
