/// The few forms of DER (X.690) that public keys need.
enum DER {
    static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        var bytes = [tag]
        switch content.count {
        case 0..<0x80: bytes.append(UInt8(content.count))
        case 0x80..<0x100: bytes += [0x81, UInt8(content.count)]
        default:
            let length = UInt16(truncatingIfNeeded: content.count)
            bytes += [0x82, UInt8(length >> 8), UInt8(truncatingIfNeeded: length)]
        }
        return bytes + content
    }

    static func sequence(_ elements: [UInt8]...) -> [UInt8] { element(0x30, elements.flatMap { $0 }) }

    /// An unsigned integer from big-endian bytes.
    static func integer(_ magnitude: [UInt8]) -> [UInt8] {
        let trimmed = Array(magnitude.drop { $0 == 0 })
        guard let first = trimmed.first else { return [0x02, 0x01, 0x00] }
        return element(0x02, first & 0x80 == 0 ? trimmed : [0] + trimmed)
    }

    static func bitString(_ content: [UInt8]) -> [UInt8] { element(0x03, [0] + content) }

    /// Reads elements one after the other; every length is checked before it is used.
    struct Reader {
        private var rest: ArraySlice<UInt8>

        init(_ bytes: some Collection<UInt8>) { rest = Array(bytes)[...] }

        var isAtEnd: Bool { rest.isEmpty }

        /// The content of the next element, if it has this tag.
        mutating func read(_ tag: UInt8) -> ArraySlice<UInt8>? {
            guard rest.first == tag, let length = length() else { return nil }
            let (start, count) = length
            guard count <= rest.endIndex - start else { return nil }
            let content = rest[start..<start + count]
            rest = rest[(start + count)...]
            return content
        }

        /// Index of the content and its length; only minimal encodings of up to two bytes.
        private func length() -> (Int, Int)? {
            let index = rest.startIndex + 1
            guard index < rest.endIndex else { return nil }
            let first = rest[index]
            switch first {
            case 0..<0x80: return (index + 1, Int(first))
            case 0x81:
                guard index + 1 < rest.endIndex, rest[index + 1] >= 0x80 else { return nil }
                return (index + 2, Int(rest[index + 1]))
            case 0x82:
                guard index + 2 < rest.endIndex, rest[index + 1] != 0 else { return nil }
                return (index + 3, Int(rest[index + 1]) << 8 | Int(rest[index + 2]))
            default: return nil
            }
        }
    }
}
