import Glibc

/// The end of the log on disk: the current file, and the head that is durable in it.
///
/// Belongs to the writer's thread. Either a whole piece of lines becomes durable, or none of it stays in the file.
struct LogFile: ~Copyable {
    private let folder: LogFolder
    private let origin: @Sendable () -> AuditOrigin
    private let calls: DiskCalls
    private let fileBytes: Int
    private var descriptor: Int32 = -1
    private(set) var number: UInt64
    private var length: Int
    /// The last durable line.
    private(set) var head: AuditHead

    /// Opens the file that was recovered, or makes the first one.
    init(
        folder: LogFolder, origin: @escaping @Sendable () -> AuditOrigin, recovered: RecoveredLog, fileBytes: Int,
        calls: DiskCalls
    ) throws(AuditOpenError) {
        self.folder = folder
        self.origin = origin
        self.calls = calls
        self.fileBytes = max(fileBytes, 4096)
        number = recovered.file ?? 0
        length = recovered.length
        head = recovered.head
        if let file = recovered.file {
            descriptor = try Disk.open(folder.filePath(file), O_WRONLY | O_APPEND)
        } else {
            // Numbering goes on behind files that were moved away, so that a name never stands for two things.
            number = try folder.list().numbers.last ?? 0
            if let failure = startFile() {
                throw .system(call: "write", path: folder.filePath(number + 1), errno: failure.code)
            }
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Whether the next line belongs into the next file, `pending` bytes being on their way into this one.
    func isFull(with pending: Int) -> Bool {
        length + pending >= fileBytes
    }

    /// Begins the next file: its header is durable when this returns `nil`. After a temporary failure there is no such
    /// file, and it can be begun again.
    mutating func startFile() -> AuditFailure? {
        let path = folder.filePath(number + 1)
        let directory: Int32
        do throws(AuditOpenError) {
            // Before the file: the last descriptor may be the file's, and then it couldn't be made durable.
            directory = try Disk.openFolder(folder.path, calls: calls)
        } catch {
            return AuditFailure(opening: error)
        }
        defer { close(directory) }
        let opened: Int32
        do throws(AuditOpenError) {
            opened = try Disk.open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL, calls: calls)
        } catch {
            return AuditFailure(opening: error)
        }
        var draft = ChainedLine.Draft(after: head)
        draft.append(
            FileHeader.encode(file: number + 1, after: head, origin: origin(), time: Clock.unixMilliseconds()))
        if let failure = write(draft.bytes, to: opened) {
            close(opened)
            unlink(path)
            return failure
        }
        guard fsync(directory) == 0 else {
            let code = errno
            close(opened)
            return .syncFailed(code)
        }
        if descriptor >= 0 { close(descriptor) }
        descriptor = opened
        number += 1
        length = draft.bytes.count
        head = draft.head
        return nil
    }

    /// Makes the lines of `draft` durable, or takes them back.
    mutating func commit(_ draft: borrowing ChainedLine.Draft) -> AuditFailure? {
        if let failure = write(draft.bytes, to: descriptor) {
            if case .diskFull = failure, ftruncate(descriptor, off_t(length)) != 0 { return .writeFailed(errno) }
            return failure
        }
        length += draft.bytes.count
        head = draft.head
        return nil
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) -> AuditFailure? {
        if let error = Disk.writeAll(bytes, to: descriptor, calls: calls) { return AuditFailure(writing: error) }
        // A failed flush is never tried again: the kernel may have dropped the pages and would report success.
        guard calls.sync(descriptor) == 0 else { return .syncFailed(errno) }
        return nil
    }
}

extension AuditFailure {
    init(writing error: Int32) {
        switch error {
        case ENOSPC, EDQUOT, EFBIG: self = .diskFull
        default: self = .writeFailed(error)
        }
    }

    /// Why the next file couldn't be opened. No record was written to it, so what may pass is tried again.
    init(opening error: AuditOpenError) {
        guard case .system(_, _, let code) = error else {
            self = .writeFailed(EACCES)
            return
        }
        switch code {
        case EMFILE, ENFILE, ENOMEM, EAGAIN, EINTR: self = .cannotOpen(code)
        default: self.init(writing: code)
        }
    }

    /// The `errno` behind it.
    var code: Int32 {
        switch self {
        case .cannotOpen(let code), .writeFailed(let code), .syncFailed(let code): code
        case .diskFull: ENOSPC
        case .overloaded, .closed: EAGAIN
        }
    }

    /// Whether the next record may succeed without the log being opened again.
    var isTemporary: Bool {
        switch self {
        case .diskFull, .cannotOpen, .overloaded: true
        case .writeFailed, .syncFailed, .closed: false
        }
    }
}
