import Foundation
import Glibc

/// A pattern to look for, kept masked so that the search doesn't find itself.
struct Marker: Sendable {
    let name: String
    private let masked: [UInt8]
    static let mask: UInt8 = 0x5C

    /// - Parameter masked: each byte of the pattern XORed with ``mask``.
    init(name: String, masked: [UInt8]) {
        self.name = name
        self.masked = masked
    }

    var count: Int { masked.count }

    func byte(_ index: Int) -> UInt8 { masked[index] ^ Self.mask }

    /// The same number as OpenSSL keeps it, least significant byte first.
    var reversed: Marker { Marker(name: name + ", reversed", masked: masked.reversed()) }

    /// The middle of the number: its ends may be cut or shifted in other encodings.
    var core: Marker {
        Marker(name: name, masked: Array(masked.dropFirst(4).prefix(24)))
    }

    var unmasked: [UInt8] { masked.map { $0 ^ Self.mask } }

    func occurs(in bytes: UnsafeRawBufferPointer) -> Int {
        guard let first = masked.first, bytes.count >= masked.count, let start = bytes.baseAddress else { return 0 }
        var (found, position) = (0, 0)
        while position <= bytes.count - masked.count {
            let rest = bytes.count - masked.count + 1 - position
            guard let hit = memchr(start + position, Int32(first ^ Self.mask), rest) else { break }
            position = UnsafeRawPointer(hit) - start
            var matched = 1
            while matched < masked.count, bytes[position + matched] ^ Self.mask == masked[matched] { matched += 1 }
            if matched == masked.count { found += 1 }
            position += 1
        }
        return found
    }

    func occurs(in bytes: [UInt8]) -> Int { bytes.withUnsafeBytes { occurs(in: $0) } }
}

/// Looks through every readable and writable mapping of this process.
enum MemoryScan {
    static func count(_ markers: [Marker]) -> [String: Int] {
        var found: [String: Int] = [:]
        for region in regions() {
            for marker in markers {
                let hits = marker.occurs(in: region)
                if hits > 0 { found[marker.name, default: 0] += hits }
            }
        }
        return found
    }

    /// Read in place: a copy would be found as well.
    private static func regions() -> [UnsafeRawBufferPointer] {
        guard let maps = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8) else { return [] }
        return maps.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count >= 2, fields[1].hasPrefix("rw"), !line.hasSuffix("[vvar]") else { return nil }
            let ends = fields[0].split(separator: "-").compactMap { UInt(String($0), radix: 16) }
            guard ends.count == 2 else { return nil }
            return UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: ends[0]), count: Int(ends[1] - ends[0]))
        }
    }
}
