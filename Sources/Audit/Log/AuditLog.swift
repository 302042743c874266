import Glibc
import Synchronization

/// A node's audit log: chained lines of JSON in a folder, made durable in groups by a thread of its own.
///
/// While one flush is under way, records gather for the next one; so the cost of a flush is shared by everything that
/// came meanwhile, and a record waits for two flushes at most, or where it may wait for others
/// (``AuditUrgency/withOthers``) a little longer. Nothing runs while nothing is recorded.
public final class AuditLog: Sendable {
    private let queue: AuditQueue
    private let thread: Mutex<pthread_t?>

    /// Opens or begins a log.
    ///
    /// - Parameters:
    ///   - folder: a folder of its own; made if it is not there.
    ///   - origin: the node and pool that the records are of; asked for again, on the log's own thread, where a
    ///     further file begins.
    /// - Throws: ``AuditOpenError``. An existing log whose end doesn't verify is not touched.
    public convenience init(
        folder: String, origin: @autoclosure @escaping @Sendable () -> AuditOrigin, mode: AuditMode = .strict,
        options: AuditLogOptions = AuditLogOptions()
    ) throws(AuditOpenError) {
        try self.init(folder: folder, origin: origin(), mode: mode, options: options, calls: .system)
    }

    init(
        folder path: String, origin: @autoclosure @escaping @Sendable () -> AuditOrigin, mode: AuditMode,
        options: AuditLogOptions, calls: DiskCalls
    ) throws(AuditOpenError) {
        try Disk.prepareFolder(path)
        let folder = LogFolder(path: path)
        let lock = try folder.lock()
        let writer: AuditWriter
        do throws(AuditOpenError) {
            let recovered = try TailRecovery(folder: folder, anchors: options.anchors).recover()
            let file = try LogFile(
                folder: folder, origin: origin, recovered: recovered, fileBytes: options.fileBytes, calls: calls)
            queue = AuditQueue(mode: mode, bufferBytes: options.bufferBytes, head: file.head)
            writer = AuditWriter(
                queue: queue, folder: folder, lock: lock, file: file, options: options, notes: recovered.notes)
        } catch {
            Glibc.close(lock)
            throw error
        }
        thread = Mutex(nil)
        guard let started = startAuditThread(writer) else {
            throw .system(call: "pthread_create", path: path, errno: EAGAIN)
        }
        thread.withLock { $0 = started }
    }

    deinit {
        close()
    }

    /// Finds out whether a log can be opened or begun here. One that is there is read and not changed, an unfinished
    /// line at its end neither. The folder and its lock are made where they are missing.
    ///
    /// - Throws: what opening would throw.
    public static func check(folder path: String) throws(AuditOpenError) {
        try Disk.prepareFolder(path)
        let folder = LogFolder(path: path)
        let lock = try folder.lock()
        defer { Glibc.close(lock) }
        let found = try TailRecovery(folder: folder, anchors: [], isTrial: true).recover()
        if let file = found.file {
            Glibc.close(try Disk.open(folder.filePath(file), O_WRONLY | O_APPEND))
        }
        try folder.tryWriting()
    }

    /// Records an event.
    ///
    /// - Parameters:
    ///   - executor: where `completion` runs in strict mode; without one on the log's own thread, or here and now for
    ///     a record that is refused at once.
    ///   - urgency: what comes together shares a flush.
    ///   - completion: called exactly once. In strict mode when the record is on disk, or can't be; in relaxed mode
    ///     here, at once and always with success.
    public func append(
        _ event: AuditEvent, on executor: (any AuditExecutor)? = nil, urgency: AuditUrgency = .immediate,
        then completion: @escaping @Sendable (Result<Void, AuditFailure>) -> Void
    ) {
        queue.append(event.encode(), AuditWaiter(executor: executor, completion: completion), urgency)
    }

    /// Has the thread write what was recorded as part of a turn.
    public func startWriting() { queue.wakeWriter() }

    /// The last line that is on disk.
    public var head: AuditHead { queue.published.withLock { $0.head } }

    /// All numbers are of the same moment.
    public var counters: AuditCounters { queue.published.withLock { $0.counters } }

    /// The last failure, while nothing was written since.
    public var failure: AuditFailure? { queue.published.withLock { $0.failure } }

    /// Writes what waits, then the head sidecar, and ends the thread. Later records are refused. Must not be called
    /// from a completion.
    public func close() {
        queue.close()
        guard let running = thread.withLock({ $0.take() }) else { return }
        if pthread_equal(running, pthread_self()) != 0 {
            // The last reference was dropped within a completion: the thread can't wait for itself.
            pthread_detach(running)
        } else {
            pthread_join(running, nil)
        }
    }
}
