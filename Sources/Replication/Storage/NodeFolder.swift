#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A node's data folder, held by this process alone for as long as the value lives.
///
/// The hold is a `flock` on the file `lock`: it ends with the process however that ends, so there is no stale lock to
/// clean up by hand.
final class NodeFolder: Sendable {
    let path: String
    private let lockDescriptor: Int32

    /// Creates the folder (0700, its parent must exist) or takes the existing one.
    init(path: String) throws(NodeFolderError) {
        self.path = path
        try Self.ensureFolder(path)
        lockDescriptor = try Self.takeLock(path + "/lock", folder: path)
    }

    deinit {
        // Not left to closing: a child process that is just being made holds the descriptor too, until it becomes
        // another program.
        flock(lockDescriptor, LOCK_UN)
        close(lockDescriptor)
    }

    func file(_ name: String) -> String {
        path + "/" + name
    }

    /// Makes sure that a database file is there, empty or not, before SQLite opens it: SQLite would create it with
    /// the process's umask, and gives its companions (`-wal`, `-shm`) the rights of the file itself.
    ///
    /// - Returns: whether the file had to be created.
    func prepareDatabaseFile(_ name: String) throws(NodeFolderError) -> Bool {
        let path = file(name)
        for companion in ["-wal", "-shm", "-journal"] {
            _ = try FilePermissions.check(path + companion, is: .file)
        }
        if try FilePermissions.check(path, is: .file) { return false }
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unreachable(path: path, reason: FilePermissions.reason(errno)) }
        close(descriptor)
        try FilePermissions.syncFolder(self.path)
        return true
    }

    private static func ensureFolder(_ path: String) throws(NodeFolderError) {
        if try FilePermissions.check(path, is: .folder) { return }
        guard mkdir(path, 0o700) == 0 else {
            throw .unreachable(path: path, reason: FilePermissions.reason(errno))
        }
        try FilePermissions.syncFolder(parent(of: path))
    }

    private static func parent(of path: String) -> String {
        let trimmed = path.last == "/" ? String(path.dropLast()) : path
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    private static func takeLock(_ path: String, folder: String) throws(NodeFolderError) -> Int32 {
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let code = errno
            if code == ELOOP { throw .symbolicLink(path: path) }
            throw .unreachable(path: path, reason: FilePermissions.reason(code))
        }
        do throws(NodeFolderError) {
            try FilePermissions.check(descriptor: descriptor, path: path)
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let code = errno
                guard code == EWOULDBLOCK else {
                    throw .unreachable(path: path, reason: FilePermissions.reason(code))
                }
                throw .inUse(path: folder, holder: holder(descriptor))
            }
        } catch {
            close(descriptor)
            throw error
        }
        // The name of the holder is a help for the operator; the lock holds without it.
        let name = Array("process \(getpid())".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, name, name.count, 0) }
        return descriptor
    }

    private static func holder(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        let text = buffer.prefix(max(0, count))
        // The file's text is printed: only what this program writes there is repeated.
        guard count > 0, text.allSatisfy({ (0x20...0x7E).contains($0) }) else { return "another process" }
        return String(decoding: text, as: UTF8.self)
    }
}
