import NodeEnvironment

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The rules for what lies in a node's folder: owned by the node's user, nothing for group and others, no symbolic
/// links.
enum FilePermissions {
    enum Kind {
        case folder
        case file
    }

    /// The text of `errno`, which the caller reads right after the failed call.
    static func reason(_ code: Int32) -> String {
        String(cString: strerror(code))
    }

    /// - Returns: whether something is there.
    /// - Throws: ``NodeFolderError`` if what is there breaks the rules.
    static func check(_ path: String, is kind: Kind) throws(NodeFolderError) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            let code = errno
            if code == ENOENT { return false }
            throw .unreachable(path: path, reason: reason(code))
        }
        try check(status, of: path, is: kind)
        return true
    }

    /// The same for an open descriptor: what was opened, whatever the path names by now.
    static func check(descriptor: Int32, path: String) throws(NodeFolderError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreachable(path: path, reason: reason(errno)) }
        try check(status, of: path, is: .file)
    }

    private static func check(_ status: stat, of path: String, is kind: Kind) throws(NodeFolderError) {
        let format = status.st_mode & S_IFMT
        guard format != S_IFLNK else { throw .symbolicLink(path: path) }
        guard format == (kind == .folder ? S_IFDIR : S_IFREG) else { throw .wrongKind(path: path) }
        guard status.st_uid == geteuid() else {
            throw .wrongOwner(path: path, owner: UInt32(status.st_uid), expected: UInt32(geteuid()))
        }
        let mode = UInt32(status.st_mode & 0o7777)
        guard mode & 0o077 == 0 else { throw .tooOpen(path: path, mode: mode) }
    }

    /// Makes what was created or removed in the folder durable.
    static func syncFolder(_ path: String) throws(NodeFolderError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreachable(path: path, reason: reason(errno)) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .storage(.device("\(path): fsync: \(reason(errno))")) }
    }
}

/// Removes a file; that there is none is fine.
func unlinkFile(_ path: String) {
    _ = unlink(path)
}
