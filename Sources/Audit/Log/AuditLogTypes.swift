/// What an operation must wait for.
public enum AuditMode: String, Hashable, Sendable {
    /// No answer leaves before its record is on disk; without a record there is no answer.
    case strict
    /// Answers don't wait. Records that can't be written are counted, and the count is recorded once writing works
    /// again.
    case relaxed
}

/// Why a record could not be made durable. The operation it stands for must not take effect.
public enum AuditFailure: Error, Hashable, Sendable {
    /// No space (or quota, or permitted file size) is left. Writing is tried again with the next record.
    case diskFull
    /// The next file can't be opened now, with this `errno`: too many files are open, or memory is short. It is tried
    /// again with the next record.
    case cannotOpen(Int32)
    /// Writing failed with this `errno`; the log accepts nothing until it is opened again.
    case writeFailed(Int32)
    /// Flushing failed with this `errno`: what is on disk is unknown, so the log accepts nothing until it is opened
    /// again.
    case syncFailed(Int32)
    /// More records are waiting than the log buffers.
    case overloaded
    /// The log was closed.
    case closed
}

/// Why a log's folder could not be opened.
public enum AuditOpenError: Error, Hashable, Sendable {
    /// A system call failed on this path.
    case system(call: String, path: String, errno: Int32)
    /// The folder or a file in it is a link, belongs to somebody else, or is open to group or world.
    case unsafePermissions(path: String)
    /// Another process has the log open.
    case inUse
    /// The existing records do not verify. Nothing was changed.
    case damaged(AuditBreak)
}

/// How many lines a log has and the chain value of the last one: whoever knows it can tell whether these lines were
/// changed or cut since.
public struct AuditHead: Hashable, Sendable {
    /// Lines in all files, headers included.
    public let count: UInt64
    /// Chain value of line `count`, 32 bytes; zeros for an empty log.
    public let chain: [UInt8]

    /// The caller has made sure that `chain` has 32 bytes: nothing checks it here.
    public init(count: UInt64, chain: [UInt8]) {
        self.count = count
        self.chain = chain
    }

    /// The head of a log without a line.
    public static let empty = AuditHead(count: 0, chain: [UInt8](repeating: 0, count: 32))
}

/// What every line or file header says about where the log was written.
public struct AuditOrigin: Hashable, Sendable {
    /// The name of this node: `node`.
    public var node: String
    /// `PoolName`.
    public var pool: String
    /// `TenantId`, in file headers; `nil` leaves it out.
    public var tenant: String?
    /// The issuer of all callers' tokens, in file headers; `nil` leaves it out.
    public var issuer: String?

    public init(node: String, pool: String = "", tenant: String? = nil, issuer: String? = nil) {
        self.node = node
        self.pool = pool
        self.tenant = tenant
        self.issuer = issuer
    }
}

/// How a log behaves.
public struct AuditLogOptions: Sendable {
    /// A file that has reached this size is followed by the next one. Bytes.
    public var fileBytes: Int
    /// Records waiting to be written may take this much memory before further ones are refused. Bytes.
    public var bufferBytes: Int
    /// The head sidecar is written at most this often while records are coming. Nanoseconds.
    public var headInterval: UInt64
    /// Flushes for records that may wait for others begin at least this far apart, as long as fewer of them have come
    /// than had the flush before. Nanoseconds.
    public var gatherInterval: UInt64
    /// Heads of this log that are known from elsewhere. Opening fails when the records on disk fall short of one.
    public var anchors: [AuditHead]
    /// Called on the writer's thread with the end of the durable lines, at most once each ``headInterval``: to
    /// replicate it. Also where the sidecar couldn't be written.
    public var onHead: (@Sendable (AuditHead) -> Void)?
    /// Called on the writer's thread when the sidecar couldn't be written, once until it could be again.
    public var onHeadFailure: (@Sendable (AuditOpenError) -> Void)?
    /// Called on the writer's thread when the next file can't be opened now (``AuditFailure/cannotOpen(_:)``), once
    /// until it is begun. Until then nothing is recorded.
    public var onFileFailure: (@Sendable (AuditOpenError) -> Void)?
    /// Called on the writer's thread when that file is begun after all.
    public var onFileBegun: (@Sendable () -> Void)?

    public init(
        fileBytes: Int = 64 << 20, bufferBytes: Int = 16 << 20, headInterval: UInt64 = 1_000_000_000,
        gatherInterval: UInt64 = 2_000_000, anchors: [AuditHead] = [],
        onHead: (@Sendable (AuditHead) -> Void)? = nil, onHeadFailure: (@Sendable (AuditOpenError) -> Void)? = nil,
        onFileFailure: (@Sendable (AuditOpenError) -> Void)? = nil, onFileBegun: (@Sendable () -> Void)? = nil
    ) {
        self.onHeadFailure = onHeadFailure
        self.onFileFailure = onFileFailure
        self.onFileBegun = onFileBegun
        self.fileBytes = fileBytes
        self.bufferBytes = bufferBytes
        self.headInterval = headInterval
        self.gatherInterval = gatherInterval
        self.anchors = anchors
        self.onHead = onHead
    }
}

/// When a record is written.
public enum AuditUrgency: Sendable {
    /// At once.
    case immediate
    /// With more that the caller records at once; it calls ``AuditLog/startWriting()`` then. Where many came so, they
    /// wait for as many others, or a little while (``AuditLogOptions/gatherInterval``).
    case atEndOfTurn
    /// With what others are about to record: at once if nothing was written of late, else soon
    /// (``AuditLogOptions/gatherInterval``).
    case withOthers
}

/// Where completions run. All completions of one flush that name the same executor are handed over in one call.
public protocol AuditExecutor: AnyObject, Sendable {
    /// Runs `work` once, later or at once. Called on the log's thread, or on the appending one for a record that is
    /// refused at once. Must not block.
    func execute(_ work: @escaping @Sendable () -> Void)
}

/// What a log has done since it was opened.
public struct AuditCounters: Hashable, Sendable {
    /// Records on disk.
    public var written: UInt64 = 0
    /// Flushes to disk.
    public var flushes: UInt64 = 0
    /// Strict mode: records that were refused.
    public var refused: UInt64 = 0
    /// Relaxed mode: records that were lost.
    public var lost: UInt64 = 0
    /// Attempts to write the head sidecar that failed.
    public var headFailures: UInt64 = 0
}
