import CryptographicModule

/// Base64 in its standard alphabet with padding (RFC 4648 section 4), as `x5c` holds certificates.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
            for position in 0..<4 {
                let sextet = Int(bits >> (18 - 6 * UInt32(position)) & 0x3F)
                text.append(position <= group.count ? alphabet[sextet] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Decodes standard base64: padding required, no blanks, no stray bits.
    static func decode(_ text: String) -> [UInt8]? {
        let utf8 = Array(text.utf8)
        guard utf8.count % 4 == 0 else { return nil }
        let padding = utf8.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        var unpadded: [UInt8] = []
        unpadded.reserveCapacity(utf8.count)
        for byte in utf8.dropLast(padding) {
            switch byte {
            case UInt8(ascii: "+"): unpadded.append(UInt8(ascii: "-"))
            case UInt8(ascii: "/"): unpadded.append(UInt8(ascii: "_"))
            case UInt8(ascii: "-"), UInt8(ascii: "_"): return nil
            default: unpadded.append(byte)
            }
        }
        return Base64URL.decode(unpadded)
    }
}
