import CryptographicModule
import Synchronization

/// A random UUID (RFC 9562 version 4) in text form. It names a request; it guards nothing.
enum RequestID {
    /// Random words that are not used yet. Drawn many at a time, since a draw costs more than all else here.
    private static let stock = Mutex<[UInt64]>([])
    private static let stockSize = 512

    static func make() -> String {
        var words = stock.withLock { stock in
            if stock.count < 2 { stock = draw() }
            return (stock.removeLast(), stock.removeLast())
        }
        words.0 = words.0 & ~0xF000 | 0x4000
        words.1 = words.1 & ~(0b11 << 62) | 0b10 << 62
        return text(words)
    }

    private static func draw() -> [UInt64] {
        Random.bytes(8 * stockSize).withUnsafeBytes { bytes in
            (0..<stockSize).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
        }
    }

    private static func text(_ words: (UInt64, UInt64)) -> String {
        String(unsafeUninitializedCapacity: 36) { text in
            var position = 0
            for nibble in 0..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
                    text[position] = UInt8(ascii: "-")
                    position += 1
                }
                let word = nibble < 16 ? words.0 : words.1
                let digit = UInt8(word >> (60 - 4 * UInt64(nibble % 16)) & 15)
                text[position] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                position += 1
            }
            return position
        }
    }
}
