import Glibc

/// The system calls whose failures the log must survive, so that a test can make them fail.
struct DiskCalls: Sendable {
    /// As `open(2)`, with mode 0600 for a file that it makes: a descriptor, or -1 with `errno`.
    var open: @Sendable (String, Int32) -> Int32 = { path, flags in Glibc.open(path, flags, 0o600) }
    /// As `write(2)`: bytes written, or -1 with `errno`.
    var write: @Sendable (Int32, UnsafeRawBufferPointer) -> Int
    /// As `fdatasync(2)`: 0, or -1 with `errno`.
    var sync: @Sendable (Int32) -> Int32

    static let system = DiskCalls(
        write: { descriptor, bytes in Glibc.write(descriptor, bytes.baseAddress, bytes.count) },
        sync: { descriptor in fdatasync(descriptor) })
}

/// Files of the log's folder: created 0600, never through a link, checked to be ours.
enum Disk {
    /// Opens a file for the log. `flags` beside the ones that every file gets.
    static func open(
        _ path: String, _ flags: Int32, calls: DiskCalls = .system
    ) throws(AuditOpenError) -> Int32 {
        let descriptor = calls.open(path, flags | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ELOOP { throw .unsafePermissions(path: path) }
            throw .system(call: "open", path: path, errno: errno)
        }
        do throws(AuditOpenError) {
            try check(descriptor, path: path, type: S_IFREG)
        } catch {
            close(descriptor)
            // This call has made it.
            if flags & O_EXCL != 0 { unlink(path) }
            throw error
        }
        return descriptor
    }

    /// Makes the folder if it is not there, and checks that nobody else can reach into it.
    static func prepareFolder(_ path: String) throws(AuditOpenError) {
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw .system(call: "mkdir", path: path, errno: errno) }
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unsafePermissions(path: path) }
        defer { close(descriptor) }
        try check(descriptor, path: path, type: S_IFDIR)
    }

    private static func check(_ descriptor: Int32, path: String, type: mode_t) throws(AuditOpenError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(call: "fstat", path: path, errno: errno) }
        guard status.st_mode & S_IFMT == type, status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
            throw .unsafePermissions(path: path)
        }
    }

    /// Makes the creation, renaming or removal of a file in `folder` durable.
    static func syncFolder(_ folder: String) throws(AuditOpenError) {
        let descriptor = try openFolder(folder)
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system(call: "fsync", path: folder, errno: errno) }
    }

    /// A descriptor by which what changes in `folder` can be made durable.
    static func openFolder(_ folder: String, calls: DiskCalls = .system) throws(AuditOpenError) -> Int32 {
        let descriptor = calls.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(call: "open", path: folder, errno: errno) }
        return descriptor
    }

    /// Writes all of `bytes`; `nil` or the `errno` of the call that failed.
    static func writeAll(_ bytes: [UInt8], to descriptor: Int32, calls: DiskCalls) -> Int32? {
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let count = calls.write(descriptor, UnsafeRawBufferPointer(rebasing: buffer[offset...]))
                if count < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                guard count > 0 else { return ENOSPC }
                offset += count
            }
            return nil
        }
    }

    /// Replaces `name` in `folder` as a whole: after a crash it has the old content or the new one.
    static func replace(_ name: String, in folder: String, with bytes: [UInt8]) throws(AuditOpenError) {
        let temporary = "\(folder)/\(name).tmp"
        let descriptor = try open(temporary, O_WRONLY | O_CREAT | O_TRUNC)
        defer { close(descriptor) }
        if let error = writeAll(bytes, to: descriptor, calls: .system) {
            throw .system(call: "write", path: temporary, errno: error)
        }
        guard fdatasync(descriptor) == 0 else { throw .system(call: "fdatasync", path: temporary, errno: errno) }
        guard rename(temporary, "\(folder)/\(name)") == 0 else {
            throw .system(call: "rename", path: temporary, errno: errno)
        }
    }

    /// Up to `limit` bytes of a file from `offset` on.
    static func read(_ path: String, from offset: Int = 0, limit: Int) throws(AuditOpenError) -> [UInt8] {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw .system(call: "open", path: path, errno: errno) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit)
        var filled = 0
        while filled < limit {
            let count = bytes.withUnsafeMutableBytes { buffer in
                pread(descriptor, buffer.baseAddress.map { $0 + filled }, limit - filled, off_t(offset + filled))
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(call: "read", path: path, errno: errno) }
            if count == 0 { break }
            filled += count
        }
        bytes.removeLast(limit - filled)
        return bytes
    }

    static func size(_ path: String) throws(AuditOpenError) -> Int {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw .system(call: "stat", path: path, errno: errno) }
        return Int(status.st_size)
    }
}
