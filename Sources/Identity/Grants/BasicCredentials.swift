import CryptographicModule

/// A client's credentials in an `Authorization: Basic` header (RFC 6749, 2.3.1): both halves form-encoded, then joined
/// and base64-encoded.
struct BasicCredentials {
    static let maximumBytes = 4096

    let clientID: String
    let secret: PresentedSecret

    /// `nil` when the header uses another scheme.
    ///
    /// - Throws: ``OAuthError/invalidClient`` when it is Basic but malformed.
    init?(authorization: String) throws(OAuthError) {
        let header = Array(authorization.utf8)
        let scheme = Array("basic ".utf8)
        guard header.count > scheme.count,
            header.prefix(scheme.count).elementsEqual(scheme, by: { $0 | 0x20 == $1 | 0x20 })
        else { return nil }
        let encoded = header[scheme.count...].drop { $0 == 0x20 }
        guard encoded.count <= Self.maximumBytes, let decoded = Base64.decode(encoded),
            let colon = decoded.firstIndex(of: UInt8(ascii: ":")),
            let clientID = try? FormDecoder.text(decoded[..<colon]),
            let secret = try? FormDecoder.secret(decoded[(colon + 1)...])
        else { throw .invalidClient }
        self.clientID = clientID
        self.secret = secret
    }
}

/// Standard base64 with padding (RFC 4648, 4), strict: no blanks, no missing padding, no bits behind the end.
enum Base64 {
    static func decode(_ text: some RandomAccessCollection<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        var body = Array(text)
        var padding = 0
        while padding < 2, body.last == UInt8(ascii: "=") {
            body.removeLast()
            padding += 1
        }
        for index in body.indices {
            switch body[index] {
            case UInt8(ascii: "+"): body[index] = UInt8(ascii: "-")
            case UInt8(ascii: "/"): body[index] = UInt8(ascii: "_")
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "="): return nil
            default: break
            }
        }
        return Base64URL.decode(body)
    }
}
