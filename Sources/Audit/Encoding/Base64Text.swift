import CryptographicModule

/// Base64url of the 32-byte values in records.
enum Base64Text {
    static func encode(_ bytes: [UInt8]) -> String {
        Base64URL.encode(bytes)
    }

    static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        try? Base64URL.decode(Array(text))
    }
}
