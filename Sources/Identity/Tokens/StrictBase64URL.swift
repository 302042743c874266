import CryptographicModule

/// The base64url of tokens (RFC 7515, 2): no padding, no line breaks, no other alphabet, no bits behind the end.
enum StrictBase64URL {
    static func encode(_ bytes: [UInt8]) -> String {
        Base64URL.encode(bytes)
    }

    static func decode(_ text: [UInt8]) -> [UInt8]? {
        try? Base64URL.decode(text)
    }
}
