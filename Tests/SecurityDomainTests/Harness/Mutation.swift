/// SplitMix64: the same numbers at every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Byte ranges of the length-prefixed fields of a canonical document, lengths excluded.
func fieldRanges(_ document: [UInt8]) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var offset = 0
    while offset + 4 <= document.count {
        let length = document[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
        ranges.append(offset + 4..<offset + 4 + length)
        offset += 4 + length
    }
    return ranges
}

/// The document with the lowest bit of the last byte of one field flipped; nil for an empty field.
func flippingField(_ index: Int, of document: [UInt8]) -> [UInt8]? {
    let range = fieldRanges(document)[index]
    guard !range.isEmpty else { return nil }
    var changed = document
    changed[range.upperBound - 1] ^= 1
    return changed
}

/// Damages a document in one of the ways that damage comes: flipped, cut, grown, overwritten, spliced.
func mutate(_ document: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = document
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
        guard !bytes.isEmpty else { break }
        let position = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: bytes.removeSubrange(position...)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: position)
        case 3: bytes[position] = [0, 0xFF, 0x7F, 0x80, 0x22, 0x5C].randomElement(using: &generator) ?? 0
        case 4: bytes.remove(at: position)
        default:
            let other = Int.random(in: 0..<bytes.count, using: &generator)
            bytes.swapAt(position, other)
        }
    }
    return bytes
}
