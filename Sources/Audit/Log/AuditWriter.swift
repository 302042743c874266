import Glibc
import Synchronization

/// The writer's side of the log: everything in here happens on its one thread.
final class AuditWriter {
    private let queue: AuditQueue
    private let folder: LogFolder
    private let lock: Int32
    private let options: AuditLogOptions
    private var file: LogFile
    /// Records of the log about itself, made before the next event.
    private var notes: [AuditEvent]
    /// Records that failed, or found no room, since the last one that was written.
    private var missing: UInt64 = 0
    private var storedHead = AuditHead.empty
    /// The last one that ``AuditLogOptions/onHead`` was told of.
    private var toldHead = AuditHead.empty
    private var headFails = false
    /// Whether the next file could not be opened when it was tried last.
    private var fileFails = false
    private var nextHeadTime: UInt64 = 0
    private var permanentFailure: AuditFailure?

    init(
        queue: AuditQueue, folder: LogFolder, lock: Int32, file: consuming LogFile, options: AuditLogOptions,
        notes: [AuditEvent]
    ) {
        self.queue = queue
        self.folder = folder
        self.lock = lock
        self.file = file
        self.options = options
        self.notes = notes
    }

    deinit {
        close(lock)
    }

    func run() {
        storeHead(now: Clock.monotonicNanoseconds())
        if !notes.isEmpty { write(AuditBatch()) }
        var batch = AuditBatch()
        while true {
            // Only while the sidecar is behind the log is there anything to wake up for.
            let deadline = storedHead == file.head ? nil : nextHeadTime
            let delivery = queue.take(into: &batch, deadline: deadline)
            if delivery == .batch {
                queue.begin(batch, interval: options.gatherInterval)
                write(batch)
                batch.removeAll()
            }
            let now = Clock.monotonicNanoseconds()
            if delivery == .closed || now >= nextHeadTime { storeHead(now: now) }
            if delivery == .closed { return queue.writerEnds() }
        }
    }

    // MARK: - Batches

    /// Writes a batch, in as many pieces as it touches files, and answers those who wait for each piece.
    private func write(_ batch: AuditBatch) {
        missing += UInt64(batch.turnedAway)
        var first = 0
        repeat {
            var end = first
            var failure = permanentFailure
            if failure == nil, file.isFull(with: 0) { failure = beginFile() }
            if failure == nil {
                let (draft, next) = piece(of: batch, from: first)
                end = next
                failure = file.commit(draft)
            }
            if failure != nil { end = batch.ends.count }
            conclude(first..<end, failure, of: batch)
            first = end
        } while first < batch.ends.count
    }

    /// Begins the next file. Says once that it can't be opened for now, and once that it could be again.
    private func beginFile() -> AuditFailure? {
        let failure = file.startFile()
        switch failure {
        case .cannotOpen(let code)? where !fileFails:
            fileFails = true
            options.onFileFailure?(.system(call: "open", path: folder.filePath(file.number + 1), errno: code))
        case nil where fileFails:
            fileFails = false
            options.onFileBegun?()
        default: break
        }
        return failure
    }

    /// The lines from `first` on that fit into the current file, and the index behind them.
    private func piece(of batch: AuditBatch, from first: Int) -> (ChainedLine.Draft, Int) {
        var draft = ChainedLine.Draft(after: file.head, capacity: batch.bytes.count + batch.ends.count * 80)
        for note in notes { draft.append(note.encode()) }
        if missing > 0 {
            let extra = [AuditDetails.Extra("count", String(missing)), AuditDetails.Extra("mode", queue.mode.rawValue)]
            draft.append(TailRecovery.note("AuditRecordsMissing", extra).encode())
        }
        var index = first
        while index < batch.ends.count, index == first || !file.isFull(with: draft.bytes.count) {
            let start = index == 0 ? 0 : batch.ends[index - 1]
            draft.append(batch.bytes[start..<batch.ends[index]])
            index += 1
        }
        return (draft, index)
    }

    private func conclude(_ records: Range<Int>, _ failure: AuditFailure?, of batch: AuditBatch) {
        if let failure {
            missing += UInt64(records.count)
            if !failure.isTemporary, permanentFailure == nil {
                permanentFailure = failure
                queue.fail(failure)
            }
            queue.count(records.count, failure: failure)
        } else {
            missing = 0
            notes = []
            queue.published.withLock { published in
                published.head = file.head
                published.failure = nil
                published.counters.written += UInt64(records.count)
                published.counters.flushes += 1
            }
        }
        guard !batch.waiters.isEmpty else { return }
        AuditQueue.deliver(batch.waiters[records], failure.map { .failure($0) } ?? .success(()))
    }

    // MARK: - Head

    /// Brings the sidecar up to date, and tells of the head. A failure of the sidecar is not an event's failure: the
    /// lines are durable, and it is tried again. Nor does it keep the head from being known elsewhere.
    private func storeHead(now: UInt64) {
        nextHeadTime = now + options.headInterval
        guard storedHead != file.head else { return }
        do throws(AuditOpenError) {
            try folder.writeHead(file.head)
            storedHead = file.head
            headFails = false
        } catch {
            queue.published.withLock { $0.counters.headFailures += 1 }
            if !headFails { options.onHeadFailure?(error) }
            headFails = true
        }
        guard toldHead != file.head else { return }
        toldHead = file.head
        options.onHead?(file.head)
    }
}

/// Starts the writer's thread; `nil` when the system has none to give.
func startAuditThread(_ writer: AuditWriter) -> pthread_t? {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(writer)
    guard pthread_create(&thread, nil, runAuditThread, context.toOpaque()) == 0 else {
        context.release()
        return nil
    }
    return thread
}

/// A free function, because a closure given to C may be taken for one of the main actor.
private func runAuditThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Unmanaged<AuditWriter>.fromOpaque(context).takeRetainedValue().run() }
    return nil
}
