/// Path and query of a request's target.
struct RequestTarget {
    var path: String
    var query: String
    /// The authority of an absolute-form target (RFC 9112 section 3.2.2).
    var authority: String?

    /// Splits a target as it was sent. Nil for anything but `*`, a path with an optional query, and, where
    /// `allowsAbsolute`, an http or https URI; and for bytes that a target can't have: controls, space, `#`, and what
    /// is not ASCII.
    init?(_ bytes: UnsafeRawBufferPointer, allowsAbsolute: Bool = false) {
        var start = 0
        authority = nil
        if let first = bytes.first, first != UInt8(ascii: "/"), allowsAbsolute,
            let (found, end) = RequestTarget.absoluteAuthority(bytes)
        {
            authority = found
            start = end
        }
        guard start < bytes.count else { return nil }
        if bytes.count == 1, bytes[0] == UInt8(ascii: "*") {
            path = "*"
            query = ""
            return
        }
        guard bytes[start] == UInt8(ascii: "/") else { return nil }
        var queryStart = bytes.count
        for index in start..<bytes.count {
            let byte = bytes[index]
            guard byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "#") else { return nil }
            if byte == UInt8(ascii: "?"), queryStart == bytes.count { queryStart = index }
        }
        path = RequestTarget.text(bytes, start..<queryStart)
        query = queryStart < bytes.count ? RequestTarget.text(bytes, queryStart + 1..<bytes.count) : ""
    }

    private static func text(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> String {
        String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }

    private static func absoluteAuthority(_ bytes: UnsafeRawBufferPointer) -> (String, Int)? {
        for scheme in ["https://", "http://"] {
            let length = scheme.utf8.count
            guard bytes.count > length, HTTPFields.equal(bytes[..<length], scheme) else { continue }
            let rest = bytes[length...]
            guard let slash = rest.firstIndex(of: UInt8(ascii: "/")), slash > length else { return nil }
            return (text(bytes, length..<slash), slash)
        }
        return nil
    }
}

/// Why the transport itself refuses a request, and how it says so.
enum Refusal {
    case malformed(String)
    case bodyTooLarge
    case headersTooLarge
    case tooSlow
    case overloaded
    case expectationFailed

    var response: HTTPResponse {
        switch self {
        case .malformed(let reason):
            return .error(status: 400, code: "BadParameter", message: reason)
        case .bodyTooLarge:
            return .error(
                status: 413, code: "RequestBodyTooLarge",
                message: "The request body is too large: most operations take 64 KiB.")
        case .headersTooLarge:
            return .error(status: 431, code: "BadParameter", message: "The request header fields are too large.")
        case .tooSlow:
            return .error(status: 408, code: "RequestTimeout", message: "The request did not arrive in time.")
        case .overloaded:
            var response = HTTPResponse.error(
                status: 503, code: "ServiceUnavailable", message: "The server is holding too many unfinished requests.")
            response.headers.append(("retry-after", "1"))
            return response
        case .expectationFailed:
            return .error(status: 417, code: "BadParameter", message: "Only the expectation 100-continue is supported.")
        }
    }
}
