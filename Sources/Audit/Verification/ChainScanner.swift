import CryptographicModule

/// Follows the chain through files, and compares it with the heads that are known of it.
struct ChainScanner {
    /// A head that the log must agree with.
    struct Checkpoint {
        let head: AuditHead
        /// Whether it comes from the sidecar rather than from elsewhere.
        let isSidecar: Bool
    }

    /// What one file turned out to hold.
    struct FileResult {
        /// Lines that verified.
        var lines: UInt64 = 0
        /// Bytes of these lines, line ends included.
        var goodBytes = 0
        /// What is wrong with the line behind them.
        var fault: AuditBreakKind?
        /// Whether that line holds a zero byte: a hole that a crash left, since no record ever holds one.
        var faultHasHole = false
    }

    /// The last line that verified.
    private(set) var head: AuditHead
    /// Contents of the first header and of the first event that verified; empty before them.
    private(set) var firstHeader: [UInt8] = []
    private(set) var firstEvent: [UInt8] = []
    private let checkpoints: [UInt64: [Checkpoint]]
    private var input: [UInt8] = []

    /// Content of the last line that verified; empty before the first one.
    private(set) var last: [UInt8] = []

    init(after head: AuditHead, checkpoints: [Checkpoint] = []) {
        self.head = head
        self.checkpoints = Dictionary(grouping: checkpoints) { $0.head.count }
    }

    /// Reads one file to its end or to its first fault.
    mutating func scan(path: String, number: UInt64) throws(AuditOpenError) -> FileResult {
        var result = FileResult()
        var lines = try FileLines(path: path)
        while let line = try lines.next() {
            if let fault = follow(line, isFirst: result.lines == 0, number: number) {
                result.fault = fault
                result.faultHasHole = line.bytes.contains(0)
                return result
            }
            result.lines += 1
            result.goodBytes += line.bytes.count + 1
        }
        if result.lines == 0 { result.fault = .badHeader }
        return result
    }

    /// Takes one line into the chain, or says why it doesn't belong there.
    private mutating func follow(_ line: FileLines.Line, isFirst: Bool, number: UInt64) -> AuditBreakKind? {
        guard line.isTerminated else {
            return line.bytes.count > ChainedLine.maximumBytes ? .malformedLine : .tornLine
        }
        guard line.bytes.count <= ChainedLine.maximumBytes, let parts = ChainedLine.Parts(line.bytes) else {
            return isFirst ? .badHeader : .malformedLine
        }
        guard ChainedLine.isHeader(line.bytes) == isFirst else { return .badHeader }
        if isFirst {
            guard let header = FileHeader(line.bytes), header.file == number, header.previous == head.chain else {
                return .badHeader
            }
        }
        guard parts.sequence == head.count + 1 else {
            return .wrongSequence(expected: head.count + 1, found: parts.sequence)
        }
        input.removeAll(keepingCapacity: true)
        input.append(contentsOf: head.chain)
        input.append(contentsOf: parts.content)
        guard Digest.sha256(input) == parts.chain else { return .wrongChain }
        head = AuditHead(count: parts.sequence, chain: parts.chain)
        if isFirst, firstHeader.isEmpty { firstHeader = Array(parts.content) }
        if !isFirst, firstEvent.isEmpty { firstEvent = Array(parts.content) }
        last.removeAll(keepingCapacity: true)
        last.append(contentsOf: parts.content)
        return disagreement()
    }

    /// Whether the last line, or before any the one that the first file says it follows, is another than is known.
    func disagreement() -> AuditBreakKind? {
        guard head.count > 0, let here = checkpoints[head.count] else { return nil }
        guard let wrong = here.first(where: { $0.head.chain != head.chain }) else { return nil }
        return wrong.isSidecar ? .headMismatch : .anchorMismatch(count: head.count)
    }
}
