import Foundation

/// Reads the files in `Vectors`.
enum Vectors {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Vectors")

    /// The fields of each case.
    static func load(_ file: String) throws -> [[String]] {
        try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init) }
    }
}

func bytes(_ hexadecimal: some StringProtocol) -> [UInt8] {
    let digits = hexadecimal.utf8.map { UInt8(Character(UnicodeScalar($0)).hexDigitValue ?? 0) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// SplitMix64: the same cases in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension [UInt8] {
    /// The same with one bit changed.
    func flipping(bit: Int) -> [UInt8] {
        var copy = self
        copy[bit / 8] ^= 1 << (bit % 8)
        return copy
    }

    /// Changed as a careless or hostile sender would: bits, bytes, lengths, pieces moved, doubled or cut away.
    func mutated(_ random: inout SeededGenerator) -> [UInt8] {
        var copy = self
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            guard !copy.isEmpty else { return copy }
            let position = Int.random(in: 0..<copy.count, using: &random)
            let length = Int.random(in: 1...Swift.min(16, copy.count - position), using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0: copy[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: copy[position] = UInt8.random(in: 0...255, using: &random)
            case 2: copy[position] = [0x00, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFF].randomElement(using: &random) ?? 0
            case 3: copy.removeSubrange(position..<position + length)
            case 4: copy.insert(contentsOf: copy[position..<position + length], at: position)
            case 5: copy.removeLast(copy.count - position)
            case 6: copy.insert(UInt8.random(in: 0...255, using: &random), at: position)
            default: copy.append(contentsOf: copy[position..<position + length])
            }
        }
        return copy
    }
}
