/// One complete answer.
///
/// The transport adds `content-length` and `date`; a response must not bring its own.
public struct HTTPResponse: Sendable {
    /// Three digits, 200 to 599.
    public var status: Int
    /// Fields in the order in which they are sent. Names are lower-cased on HTTP/2.
    public var headers: [(String, String)]
    /// Fields that are sent before these, and don't have to be checked again.
    public var standing: StandingFields?
    /// Not sent in answer to HEAD, nor with 204 and 304.
    public var body: [UInt8]

    public init(
        status: Int, standing: StandingFields? = nil, headers: [(String, String)] = [], body: [UInt8] = []
    ) {
        self.status = status
        self.standing = standing
        self.headers = headers
        self.body = body
    }

    /// All fields in the order in which they are sent.
    public var allHeaders: [(String, String)] { (standing?.fields ?? []) + headers }
}

extension HTTPResponse {
    /// The error envelope of the protocol: `{"error":{"code":…,"message":…}}`.
    ///
    /// - Parameters:
    ///   - code: the error's name, plain ASCII without quotes.
    ///   - message: plain text for people; quotes, backslashes and control characters are escaped.
    public static func error(status: Int, code: String, message: String) -> HTTPResponse {
        var body: [UInt8] = []
        body.reserveCapacity(40 + code.utf8.count + message.utf8.count)
        body.append(contentsOf: #"{"error":{"code":""#.utf8)
        appendEscaped(code, to: &body)
        body.append(contentsOf: #"","message":""#.utf8)
        appendEscaped(message, to: &body)
        body.append(contentsOf: #""}}"#.utf8)
        return HTTPResponse(status: status, headers: [("content-type", "application/json; charset=utf-8")], body: body)
    }

    /// The answer to a request whose handler let go of its responder, or made a response that can't be sent.
    static let internalError = error(
        status: 500, code: "InternalServerError", message: "The request could not be completed.")

    private static func appendEscaped(_ text: String, to body: inout [UInt8]) {
        let digits: StaticString = "0123456789abcdef"
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                body.append(UInt8(ascii: "\\"))
                body.append(byte)
            case 0..<0x20, 0x7F:
                body.append(contentsOf: #"\u00"#.utf8)
                digits.withUTF8Buffer { table in
                    body.append(table[Int(byte >> 4)])
                    body.append(table[Int(byte & 15)])
                }
            default:
                body.append(byte)
            }
        }
    }

    /// Whether every name is a token, every value free of control characters, and the status one that can be final.
    /// What fails this would let the content of one field become another (response splitting).
    var isWellFormed: Bool {
        guard status >= 200, status <= 599 else { return false }
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy(HTTPToken.isTokenByte) else { return false }
            guard value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else { return false }
        }
        return true
    }

    /// Whether a response of this status has no content and no `content-length` (RFC 9110 section 8.6).
    var isBodiless: Bool { status == 204 || status == 304 }
}

/// Tokens of RFC 9110 section 5.6.2.
enum HTTPToken {
    /// For each byte that a token may hold the same in lower case, for others 0.
    static let lowered = (0...UInt8.max).map { isTokenByte($0) ? HTTPFields.lowercased($0) : 0 }

    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            return true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            return true
        default:
            return false
        }
    }
}
