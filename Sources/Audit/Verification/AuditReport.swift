/// What is wrong at the first place where a log does not verify.
public enum AuditBreakKind: Hashable, Sendable {
    /// A file between two others is not there.
    case missingFile
    /// The first line of a file is not a header, or not one that follows the file before it.
    case badHeader
    /// A line has not the form of a record, or is longer than any record.
    case malformedLine
    /// A line's sequence number is not the one expected here: lines were removed, repeated or moved.
    case wrongSequence(expected: UInt64, found: UInt64)
    /// A line's chain value does not follow from its content and the line before it.
    case wrongChain
    /// The last line of the log has no end: a crash while it was being written, or a cut. Its event was never
    /// acknowledged by a crash.
    case tornLine
    /// The log is shorter than the head beside it says.
    case shorterThanHead(expected: UInt64, found: UInt64)
    /// The line that the head names has another chain value.
    case headMismatch
    /// The head sidecar can't be read.
    case badHead
    /// The log is shorter than a head that is known from elsewhere.
    case shorterThanAnchor(expected: UInt64, found: UInt64)
    /// The line that an anchor names has another chain value: this is not the log that the anchor was taken of.
    case anchorMismatch(count: UInt64)
}

/// The first place where a log does not verify.
public struct AuditBreak: Error, Hashable, Sendable {
    /// The file's name within the folder.
    public let file: String
    /// The line in that file, from 1; 0 when the break concerns the file as a whole.
    public let line: UInt64
    public let kind: AuditBreakKind

    public init(file: String, line: UInt64, kind: AuditBreakKind) {
        self.file = file
        self.line = line
        self.kind = kind
    }
}

/// The result of verifying a log.
public struct AuditReport: Hashable, Sendable {
    /// Log files that were read.
    public var files = 0
    /// Lines that verified before the first break, headers included.
    public var lines: UInt64 = 0
    /// Of these, records of events.
    public var events: UInt64 = 0
    /// Bytes that were read.
    public var bytes: UInt64 = 0
    /// The sequence number of the first line; above 1 when older files were moved away.
    public var firstSequence: UInt64 = 1
    /// The node that the oldest file's header names; `nil` when there is no such file.
    public var node: String?
    /// `PoolName` in the same header.
    public var pool: String?
    /// Time of the first event that verified, as it stands there; `nil` where there is none.
    public var firstEventTime: String?
    /// Time of the last line that verified, as it stands there: where that is a file's header, when the file was begun.
    public var lastTime: String?
    /// Whether the head sidecar is there and can be read.
    public var hasHead = false
    /// The last line that verified.
    public var head = AuditHead.empty
    /// Lines behind the last one that the head sidecar or an anchor covers: these could be cut off without being
    /// missed.
    public var uncoveredLines: UInt64 = 0
    /// Unfinished lines that were moved aside at a start after a crash.
    public var tornFiles: [String] = []
    /// The first break; `nil` when everything verified.
    public var firstBreak: AuditBreak?

    /// A report on a log of which nothing was read: intact, without files.
    public init() {}

    /// Whether every line verified, and against every head that was given.
    public var isIntact: Bool { firstBreak == nil }
}
