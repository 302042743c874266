import StrictJSON

/// A principal of the pool: sixteen bytes and their GUID text.
struct MappedPrincipal: Hashable, Sendable {
    let bytes: [UInt8]
    let text: String

    /// The principal that `objectID` names; `nil` where it is no GUID.
    init?(objectID: String) {
        guard let bytes = GUIDText.parse(objectID) else { return nil }
        self.bytes = bytes
        text = GUIDText.format(bytes)
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
