import Glibc

/// A way to give a file in a folder another name that never takes the place of another file. File systems differ in
/// which they have: FAT and some mounts of SMB and FUSE have no hard links, NFS has no renaming of this kind.
struct FileMove: Sendable {
    /// - Returns: 0, or the number of the system's error.
    let run: @Sendable (_ folder: Int32, _ name: String, _ new: String) -> Int32

    /// In the order in which they are tried.
    static let all = [renaming, linking]

    /// `renameat2(2)` with `RENAME_NOREPLACE`, looked up by name: the C library's headers show it only to those who
    /// define `_GNU_SOURCE`, which Swift's import of them doesn't.
    static let renaming = FileMove { folder, name, new in
        typealias Rename = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
        guard let symbol = dlsym(nil, "renameat2") else { return ENOSYS }
        // The type is that of the manual; the last argument is RENAME_NOREPLACE.
        return unsafeBitCast(symbol, to: Rename.self)(folder, name, folder, new, 1) == 0 ? 0 : errno
    }

    /// A second name, then the first one goes. Where it can't be removed, it stays as what it is: an unfinished name.
    static let linking = FileMove { folder, name, new in
        let failure: Int32 = linkat(folder, name, folder, new, 0) == 0 ? 0 : errno
        // NFS repeats a request whose answer was lost, and may be told then of what it has itself done.
        let isDone = failure == 0 || (failure == EEXIST && FileMove.isSame(folder, name, new))
        guard isDone else { return failure }
        unlinkat(folder, name, 0)
        return 0
    }

    /// Whether two names are of one file.
    private static func isSame(_ folder: Int32, _ name: String, _ new: String) -> Bool {
        var one = stat()
        var other = stat()
        guard fstatat(folder, name, &one, AT_SYMLINK_NOFOLLOW) == 0 else { return false }
        guard fstatat(folder, new, &other, AT_SYMLINK_NOFOLLOW) == 0 else { return false }
        return one.st_dev == other.st_dev && one.st_ino == other.st_ino
    }

    /// Whether a file system, or the kernel, means by this that it doesn't have this way at all.
    static func isMissing(_ failure: Int32) -> Bool { [ENOSYS, EINVAL, ENOTSUP, EPERM, EMLINK].contains(failure) }
}
