import Foundation

/// The data folder of one scratch node on a file system of its own, in memory, that a drill can fill.
struct ScratchDisk {
    /// Room for the node's files and for what a drill writes, in MiB. All of it is taken while the disk is full.
    static let megabytes = 64

    /// The node's data folder.
    let folder: String
    let programs: DrillPrograms

    private var ballast: String { folder + "/ballast" }

    /// Puts the file system in place, empty.
    ///
    /// - Throws: ``ClientError`` where this process may not.
    func attach() throws {
        try ScratchFiles.makeFolder(folder)
        let options = "size=\(Self.megabytes)m,mode=0700,nosuid,nodev,noexec"
        let outcome = try programs.run(
            "/usr/bin/env", ["mount", "-t", "tmpfs", "-o", options, "quorate-drill", folder], environment: [:])
        guard outcome.status == 0 else {
            throw ClientError.unreadable(
                """
                A node whose disk runs full needs a file system of its own, which could not be mounted: \
                \(outcome.error.suffix(300)). Run the drill as root, or as \
                'unshare --user --map-root-user --mount hsmctl drill run …'.
                """)
        }
    }

    /// Takes all room that there is, to the last byte.
    func fill() throws {
        let descriptor = open(ballast, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("made") }
        defer { close(descriptor) }
        for size in [1 << 20, 1 << 12, 1] {
            let bytes = [UInt8](repeating: 0, count: size)
            while write(descriptor, bytes, size) > 0 || errno == EINTR {}
            guard errno == ENOSPC else { throw failure("written") }
        }
    }

    /// Gives back what ``fill()`` took.
    func free() throws {
        guard unlink(ballast) == 0 || errno == ENOENT else { throw failure("removed") }
    }

    /// Takes the file system away, with what is on it; also while a process that is ending has files open, and when the
    /// drill is over.
    func detach() {
        _ = try? DrillPrograms().run("/usr/bin/env", ["umount", "--lazy", folder], environment: [:])
    }

    private func failure(_ what: String) -> ClientError {
        .unreadable("\(ballast) can't be \(what): \(String(cString: strerror(errno)))")
    }
}
