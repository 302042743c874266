/// The pieces of a backup's file: `QBK1`, length[4], header; then frames, the last of them the trailer.
///
/// A frame: kind, index[4], the first 8 bytes of SHA-256 of the header, length[4], body. Index and header's digest
/// are there to name what was done to a file. What protects it is the encryption: its nonce is seven zero bytes,
/// index[4], last[1]; its associated data is the header's digest.
enum BackupFrame {
    enum Kind: UInt8 {
        case chunk = 0x43
        case lastChunk = 0x4c
        case trailer = 0x54
    }

    static let magic = Array("QBK1".utf8)
    static let preludeLength = 8
    static let headLength = 1 + 4 + 8 + 4

    static func encode(_ kind: Kind, _ index: UInt32, headerDigest: [UInt8], _ body: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(headLength + body.count)
        bytes.append(kind.rawValue)
        append(index, to: &bytes)
        bytes.append(contentsOf: headerDigest.prefix(8))
        append(UInt32(body.count), to: &bytes)
        bytes.append(contentsOf: body)
        return bytes
    }

    static func prelude(_ header: [UInt8]) -> [UInt8] {
        var bytes = magic
        append(UInt32(header.count), to: &bytes)
        return bytes + header
    }

    static func nonce(_ index: UInt32, isLast: Bool) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 7)
        append(index, to: &bytes)
        bytes.append(isLast ? 1 : 0)
        return bytes
    }

    static func append(_ number: UInt32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    static func number(_ bytes: some Collection<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
}
