import CryptographicModule
import Glibc

/// The last two members of every line: its sequence number and its chain value.
///
/// A line is `content,"seq":N,"chain":"C"}`, where C is the base64url of SHA-256(chain value of the line before ‖
/// everything up to and including N). The chain has no key: it shows changes to whoever holds a later head, and only to
/// them.
enum ChainedLine {
    /// The longest line that is taken for a record, bytes.
    static let maximumBytes = 64 * 1024
    /// The first bytes of a file's header line; no event begins like this.
    static let headerMark: StaticString = "{\"header\":"

    private static let sequenceMark: StaticString = ",\"seq\":"
    private static let chainMark: StaticString = ",\"chain\":\""
    private static let endMark: StaticString = "\"}\n"
    private static let chainTextBytes = 43
    private static let suffixBytes = 10 + chainTextBytes + 2

    /// Lines under construction on top of a head.
    struct Draft {
        private(set) var head: AuditHead
        private(set) var bytes: [UInt8] = []
        private var input: [UInt8] = []

        init(after head: AuditHead, capacity: Int = 0) {
            self.head = head
            bytes.reserveCapacity(capacity)
        }

        mutating func append(_ content: some Collection<UInt8>) {
            let sequence = head.count + 1
            let start = bytes.count
            bytes.append(contentsOf: content)
            ChainedLine.append(ChainedLine.sequenceMark, to: &bytes)
            bytes.append(contentsOf: String(sequence).utf8)
            input.removeAll(keepingCapacity: true)
            input.append(contentsOf: head.chain)
            input.append(contentsOf: bytes[start...])
            let chain = Digest.sha256(input)
            ChainedLine.append(ChainedLine.chainMark, to: &bytes)
            Base64URL.append(chain, to: &bytes)
            ChainedLine.append(ChainedLine.endMark, to: &bytes)
            head = AuditHead(count: sequence, chain: chain)
        }
    }

    private static func append(_ text: StaticString, to bytes: inout [UInt8]) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// A line cut into its parts; `nil` when it has not the form of a record.
    struct Parts {
        /// What the chain value covers.
        let content: UnsafeRawBufferPointer
        let sequence: UInt64
        let chain: [UInt8]

        init?(_ line: UnsafeRawBufferPointer) {
            guard line.count > ChainedLine.suffixBytes, line.first == UInt8(ascii: "{") else { return nil }
            let end = line.count - ChainedLine.suffixBytes
            let mark = UnsafeRawBufferPointer(rebasing: line[end..<(end + 10)])
            let text = UnsafeRawBufferPointer(rebasing: line[(end + 10)..<(line.count - 2)])
            guard ChainedLine.equals(mark, ChainedLine.chainMark), line[line.count - 2] == UInt8(ascii: "\""),
                line[line.count - 1] == UInt8(ascii: "}"), let chain = Base64URL.decode(text), chain.count == 32,
                let sequence = Self.sequence(UnsafeRawBufferPointer(rebasing: line[..<end]))
            else { return nil }
            content = UnsafeRawBufferPointer(rebasing: line[..<end])
            self.sequence = sequence
            self.chain = chain
        }

        /// The number behind the last `,"seq":`: canonical decimal digits.
        private static func sequence(_ content: UnsafeRawBufferPointer) -> UInt64? {
            var start = content.count
            while start > 0, content[start - 1] &- 0x30 < 10 { start -= 1 }
            guard start >= 7, (1...19).contains(content.count - start), content[start] != UInt8(ascii: "0"),
                ChainedLine.equals(UnsafeRawBufferPointer(rebasing: content[(start - 7)..<start]), sequenceMark)
            else { return nil }
            var sequence: UInt64 = 0
            for index in start..<content.count { sequence = sequence * 10 + UInt64(content[index] - 0x30) }
            return sequence
        }
    }

    static func equals(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        guard let start = bytes.baseAddress, bytes.count == text.utf8CodeUnitCount else { return false }
        return memcmp(start, text.utf8Start, bytes.count) == 0
    }

    static func isHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        line.count > 10 && equals(UnsafeRawBufferPointer(rebasing: line[..<10]), headerMark)
    }
}
