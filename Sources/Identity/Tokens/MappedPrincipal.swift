import CryptographicModule
import StrictJSON

/// A principal of the pool: sixteen bytes and their GUID text.
struct MappedPrincipal: Hashable, Sendable {
    let bytes: [UInt8]
    let text: String

    /// The principal that `objectID` of `issuer` stands for; `nil` when it must be a GUID and is none.
    init?(objectID: String, issuer: String, mapping: PrincipalMapping) {
        switch mapping {
        case .directory:
            guard let bytes = GUIDText.parse(objectID) else { return nil }
            self.bytes = bytes
        case .derived:
            bytes = Self.derive(objectID: objectID, issuer: issuer)
        }
        text = GUIDText.format(bytes)
    }

    /// The first sixteen bytes of a SHA-256 over both texts, each with its length, marked as a version 8 UUID (RFC
    /// 9562, 5.8).
    private static func derive(objectID: String, issuer: String) -> [UInt8] {
        var input = Array("quorate/1/principal".utf8)
        for field in [issuer, objectID] {
            withUnsafeBytes(of: UInt32(field.utf8.count).bigEndian) { input.append(contentsOf: $0) }
            input.append(contentsOf: field.utf8)
        }
        var bytes = Array(Digest.sha256(input).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        return bytes
    }
}

/// The text form of a GUID: 8-4-4-4-12 hexadecimal digits.
enum GUIDText {
    private static let hyphens = [8, 13, 18, 23]

    /// The sixteen bytes, or `nil` for text of any other form. Digits of either case are accepted.
    static func parse(_ text: String) -> [UInt8]? {
        var characters = Array(text.utf8)
        guard characters.count == 36 else { return nil }
        for position in hyphens.reversed() {
            guard characters.remove(at: position) == UInt8(ascii: "-") else { return nil }
        }
        return Hexadecimal.decode(String(decoding: characters, as: UTF8.self))
    }

    /// Lower-case text of sixteen bytes.
    static func format(_ bytes: [UInt8]) -> String {
        var characters = Array(Hexadecimal.encode(bytes).utf8)
        for position in hyphens { characters.insert(UInt8(ascii: "-"), at: position) }
        return String(decoding: characters, as: UTF8.self)
    }
}
