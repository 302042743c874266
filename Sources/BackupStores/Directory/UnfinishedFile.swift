import Backup
import Glibc
import Synchronization

/// A folder, opened step by step so that no symbolic link below the root leads elsewhere.
struct FolderHandle: ~Copyable {
    fileprivate let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    static func open(
        root: String, _ folders: some Sequence<String>, creating: Bool
    ) throws(BackupStoreFault) -> FolderHandle {
        var current = Glibc.open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard current >= 0 else { throw SystemFailure.fault("the directory for backups") }
        for folder in folders {
            if creating, mkdirat(current, folder, 0o700) != 0, errno != EEXIST {
                let fault = SystemFailure.fault("folder '\(folder)'")
                close(current)
                throw fault
            }
            let next = openat(current, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            let fault = SystemFailure.fault("folder '\(folder)'")
            close(current)
            guard next >= 0 else { throw fault }
            current = next
        }
        return FolderHandle(descriptor: current)
    }

    func read(_ name: String, from offset: UInt64, count: Int) throws(BackupStoreFault) -> [UInt8] {
        let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw SystemFailure.fault("file '\(name)'") }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                pread(file, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset) + off_t(filled))
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw SystemFailure.fault("file '\(name)'") }
            if got == 0 { break }
            filled += got
        }
        return Array(bytes.prefix(filled))
    }

    func create(_ name: String) throws(BackupStoreFault) -> Int32 {
        let file = openat(descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SystemFailure.fault("file '\(name)'") }
        return file
    }

    /// Never over a file that is there: a good backup must not be lost to another.
    func rename(_ name: String, to new: String, by moves: [FileMove]) throws(BackupStoreFault) {
        var last = ENOSYS
        for move in moves {
            last = move.run(descriptor, name, new)
            if last == 0 { return try sync() }
            guard FileMove.isMissing(last) else { throw SystemFailure.fault("file '\(new)'", last) }
        }
        throw .failed(
            "the directory's file system can give a file its name only at the risk of writing over another: neither "
                + "renameat2 with RENAME_NOREPLACE nor a hard link works there (\(String(cString: strerror(last)))). "
                + "Use another file system")
    }

    /// Makes the names in the folder durable.
    func sync() throws(BackupStoreFault) {
        guard fsync(descriptor) == 0 else { throw SystemFailure.fault("the folder") }
    }

    func remove(_ name: String) { unlinkat(descriptor, name, 0) }

    /// Does nothing where there is no such file.
    func unlink(_ name: String) throws(BackupStoreFault) {
        guard unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else { throw SystemFailure.fault("file '\(name)'") }
    }
}

/// A file that gets its name when it is whole and on the disk.
final class UnfinishedFile: Sendable {
    private let root: String
    private let folders: [String]
    private let name: String
    private let moves: [FileMove]
    /// Negative once it is closed.
    private let descriptor: Mutex<Int32>

    private var unfinishedName: String { Self.name(for: name) }

    /// What it is called until then.
    static func name(for name: String) -> String { name + ".part" }

    /// - Parameter moves: ways to give the file its name, tried one after the other.
    init(
        root: String, folders: some Sequence<String>, name: String, moves: [FileMove]
    ) throws(BackupStoreFault) {
        self.root = root
        self.folders = Array(folders)
        self.name = name
        self.moves = moves
        let folder = try FolderHandle.open(root: root, folders, creating: true)
        descriptor = Mutex(try folder.create(name + ".part"))
    }

    deinit { close() }

    func append(_ bytes: [UInt8]) throws(BackupStoreFault) {
        let file = descriptor.withLock { $0 }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                write(file, buffer.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemFailure.fault("file '\(unfinishedName)'") }
            written += count
        }
    }

    func finish() throws(BackupStoreFault) {
        guard fsync(descriptor.withLock { $0 }) == 0 else { throw SystemFailure.fault("file '\(unfinishedName)'") }
        close()
        // Each folder is a name in the one above it.
        for depth in folders.indices {
            try FolderHandle.open(root: root, folders.prefix(depth), creating: false).sync()
        }
        try FolderHandle.open(root: root, folders, creating: false).rename(unfinishedName, to: name, by: moves)
    }

    /// Removes the file, and the folder that was made for it where it is empty now.
    func abandon() {
        close()
        guard let folder = try? FolderHandle.open(root: root, folders, creating: false) else { return }
        folder.remove(unfinishedName)
        guard let last = folders.last else { return }
        if let parent = try? FolderHandle.open(root: root, folders.dropLast(), creating: false) {
            parent.removeFolder(last)
        }
    }

    private func close() {
        descriptor.withLock { file in
            if file >= 0 { Glibc.close(file) }
            file = -1
        }
    }
}

extension FolderHandle {
    /// If it is empty.
    func removeFolder(_ name: String) { unlinkat(descriptor, name, AT_REMOVEDIR) }
}

/// The system's last failure.
enum SystemFailure {
    /// - Parameters:
    ///   - what: what was to be used, for the message.
    ///   - number: the failure's, where it isn't the system's last.
    static func fault(_ what: String, _ number: Int32 = errno) -> BackupStoreFault {
        switch number {
        case ENOENT, ENOTDIR: .notFound(what)
        case EEXIST: .exists(what)
        case ENOSPC, EDQUOT: .full
        case EACCES, EPERM:
            .failed("the node may not use \(what): \(String(cString: strerror(number))). Give it to the node's user")
        case EROFS:
            .failed(
                "\(what): \(String(cString: strerror(number))). Where systemd runs the node, its unit has to name the "
                    + "directory in ReadWritePaths=")
        case ELOOP: .failed("\(what) is a symbolic link")
        default: .failed("\(what): \(String(cString: strerror(number)))")
        }
    }
}
