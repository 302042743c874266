import CryptographicModule
import SecurityDomain

/// Reads a backup's file piece by piece, and checks all that can be checked without its keys: form, order,
/// completeness, digests, and the signature of the pool that made it.
///
/// Holds one chunk, and what was fed in and not yet taken.
public struct BackupScanner {
    /// What comes next in the file.
    public enum Piece: Hashable, Sendable {
        case header(BackupHeader)
        case chunk(index: UInt32, isLast: Bool, sealed: [UInt8])
        case summary(BackupSummary)
    }

    private enum Stage { case header, chunks, trailer, ended }

    private var stage = Stage.header
    private var buffer: [UInt8] = []
    private var offset = 0
    private var header: BackupHeader?
    /// The associated data of every chunk.
    private(set) var headerDigest: [UInt8] = []
    private var digests: [[UInt8]] = []
    private var size: UInt64 = 0

    public init() {}

    /// The next bytes of the file.
    public mutating func feed(_ bytes: [UInt8]) {
        if offset > 0 {
            buffer.removeFirst(offset)
            offset = 0
        }
        buffer.append(contentsOf: bytes)
        size += UInt64(bytes.count)
    }

    /// - Returns: nil until more was fed.
    public mutating func next() throws(BackupFault) -> Piece? {
        switch stage {
        case .header: try nextHeader()
        case .chunks, .trailer: try nextFrame()
        case .ended:
            if available > 0 { throw .bytesAfterEnd } else { nil }
        }
    }

    /// Says that the file ends here.
    public func finish() throws(BackupFault) {
        guard available == 0 || stage != .ended else { throw .bytesAfterEnd }
        guard stage == .ended else { throw .truncated }
    }

    private var available: Int { buffer.count - offset }

    private mutating func take(_ count: Int) -> [UInt8] {
        defer { offset += count }
        return Array(buffer[offset..<offset + count])
    }

    private func peek(_ place: Int, _ count: Int) -> ArraySlice<UInt8> {
        buffer[offset + place..<offset + place + count]
    }

    private mutating func nextHeader() throws(BackupFault) -> Piece? {
        let start = buffer[offset...].prefix(4)
        guard start.elementsEqual(BackupFrame.magic.prefix(start.count)) else {
            if start.starts(with: BackupFrame.magic.prefix(3)), start.count == 4 {
                throw .unsupportedFormat(Self.printable(start))
            }
            throw .notABackup
        }
        guard available >= BackupFrame.preludeLength else { return nil }
        let count = Int(BackupFrame.number(peek(4, 4)))
        guard count <= BackupLimits.headerBytes else { throw .malformed("a header of \(count) bytes") }
        guard available >= BackupFrame.preludeLength + count else { return nil }
        let prelude = take(BackupFrame.preludeLength + count)
        let header = try BackupHeader(decoding: Array(prelude.dropFirst(BackupFrame.preludeLength)))
        self.header = header
        headerDigest = Digest.sha256(prelude)
        stage = .chunks
        return .header(header)
    }

    private static func printable(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.map { (0x21...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    private mutating func nextFrame() throws(BackupFault) -> Piece? {
        guard let header, available >= BackupFrame.headLength else { return nil }
        guard let kind = BackupFrame.Kind(rawValue: buffer[offset]) else {
            throw .malformed("a piece of unknown kind \(buffer[offset])")
        }
        let index = BackupFrame.number(peek(1, 4))
        let tag = peek(5, 8)
        let count = Int(BackupFrame.number(peek(13, 4)))
        guard tag.elementsEqual(headerDigest.prefix(8)) else {
            // One foreign chunk was put in; all foreign ones mean that it is the header that was changed.
            throw digests.isEmpty ? BackupFault.headerDamaged : .chunkOfOtherBackup(index)
        }
        guard index == digests.count else {
            throw .chunkOutOfOrder(expected: UInt32(digests.count), found: index)
        }
        let isTrailer = kind == .trailer
        guard isTrailer == (stage == .trailer) else {
            if isTrailer { throw .truncated } else { throw .malformed("a chunk after the last one") }
        }
        let limit = isTrailer ? BackupLimits.trailerBytes : header.chunkSize + BulkCipher.overhead
        guard count <= limit else { throw .malformed("a piece of \(count) bytes") }
        guard available >= BackupFrame.headLength + count else { return nil }
        let body = Array(take(BackupFrame.headLength + count).dropFirst(BackupFrame.headLength))
        return try isTrailer ? .summary(end(body, header)) : chunk(index, kind == .lastChunk, body)
    }

    private mutating func chunk(_ index: UInt32, _ isLast: Bool, _ body: [UInt8]) throws(BackupFault) -> Piece {
        guard digests.count < BackupLimits.chunks else { throw .malformed("more than \(BackupLimits.chunks) chunks") }
        digests.append(Digest.sha256(body))
        if isLast { stage = .trailer }
        return .chunk(index: index, isLast: isLast, sealed: body)
    }

    private mutating func end(_ body: [UInt8], _ header: BackupHeader) throws(BackupFault) -> BackupSummary {
        guard let key = header.keyring.systemKeys.last(where: { $0.role == .attestation })?.publicKey,
            let signer = try? PublicKey(spkiDER: key)
        else { throw .malformed("the header names no key that signs") }
        let trailer = try BackupTrailer(decoding: body, signer: signer)
        guard trailer.headerDigest == headerDigest else { throw .headerDamaged }
        for (index, pair) in zip(trailer.chunkDigests, digests).enumerated() where pair.0 != pair.1 {
            throw .chunkDamaged(UInt32(index))
        }
        guard trailer.chunkDigests.count == digests.count else { throw .countMismatch }
        stage = .ended
        return BackupSummary(
            items: trailer.items, contentBytes: trailer.bytes, fileBytes: size - UInt64(available),
            chunks: digests.count, signer: Digest.sha256(key))
    }
}

/// How much a whole backup holds.
public struct BackupSummary: Hashable, Sendable {
    /// Rows and sealed records. From the trailer: whoever can't decrypt has the pool's word for it.
    public let items: UInt64
    /// Plaintext of all chunks, from the trailer as well.
    public let contentBytes: UInt64
    /// What was read, from the first byte of the header to the last one of the trailer.
    public let fileBytes: UInt64
    /// How many were read, each with the digest that the trailer names.
    public let chunks: Int
    /// SHA-256 of the public key (SPKI, DER) that signed it: the pool's attestation key.
    public let signer: [UInt8]
}
