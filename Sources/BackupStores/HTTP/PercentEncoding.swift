import StrictJSON

/// Percent-encoding (RFC 3986, section 2).
enum PercentEncoding {
    /// Encodes all but unreserved characters.
    static func encode(_ text: String, keepingSlashes: Bool = false) -> String {
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                encoded.append(byte)
            case _ where "-._~".utf8.contains(byte) || (keepingSlashes && byte == UInt8(ascii: "/")):
                encoded.append(byte)
            default:
                encoded += [UInt8(ascii: "%")] + Hexadecimal.encode([byte]).uppercased().utf8
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
