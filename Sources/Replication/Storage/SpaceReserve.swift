#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file that holds disk space back for what a node must still be able to write when the disk is full: a vote, and
/// the compaction that gives space back. Without it a full disk could keep a pool from electing anyone.
final class SpaceReserve {
    static let fileName = "reserve"
    /// Room for a few hundred transactions of a page or two, before the WAL is checkpointed.
    static let bytes = 8 << 20

    private let path: String
    private let size: Int

    init(folder: NodeFolder, size: Int = SpaceReserve.bytes) throws(NodeFolderError) {
        path = folder.file(Self.fileName)
        self.size = size
        _ = try FilePermissions.check(path, is: .file)
        refill()
    }

    /// Takes the space back if the disk has it; without it the node runs as well, only less prepared.
    func refill() {
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // An incomplete reserve would eat the last of the disk and be of no use.
        if posix_fallocate(descriptor, 0, off_t(size)) != 0 { _ = ftruncate(descriptor, 0) }
    }

    /// - Returns: whether there was anything to give up.
    func release() -> Bool {
        let descriptor = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size > 0 else { return false }
        return ftruncate(descriptor, 0) == 0
    }
}
