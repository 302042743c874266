import Foundation

/// Replaces small files in the node's data folder. After a loss of power there is the old content or the new one,
/// whole.
enum DurableFile {
    /// Why a file can't be read or written.
    struct Fault: Error, CustomStringConvertible {
        let call: String
        let path: String
        let number: Int32

        init(_ call: String, _ path: String) { (self.call, self.path, number) = (call, path, errno) }

        var description: String { "\(call) of \(path): \(String(cString: strerror(number)))" }
    }

    /// When this returns the new content is on the disk.
    ///
    /// - Parameters:
    ///   - length: of what `content` writes.
    ///   - content: writes to the descriptor and returns what `write` did.
    static func replace(
        _ name: String, in folder: String, length: Int, content: (Int32) throws -> Int
    ) throws {
        try prepare(name, in: folder, length: length, content: content)
        try putInPlace(name, in: folder)
    }

    /// The first half of replacing: when this returns the new content is on the disk, beside the old one, which still
    /// counts.
    static func prepare(
        _ name: String, in folder: String, length: Int, content: (Int32) throws -> Int
    ) throws {
        let temporary = temporaryPath(name, in: folder)
        // What an interrupted attempt has left may have another mode or owner.
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Fault("open", temporary) }
        defer { close(descriptor) }
        guard try content(descriptor) == length, fsync(descriptor) == 0 else { throw Fault("write", temporary) }
    }

    /// The second half.
    static func putInPlace(_ name: String, in folder: String) throws {
        let temporary = temporaryPath(name, in: folder)
        guard rename(temporary, "\(folder)/\(name)") == 0 else { throw Fault("rename", temporary) }
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw Fault("open", folder) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw Fault("fsync", folder) }
    }

    private static func temporaryPath(_ name: String, in folder: String) -> String { "\(folder)/\(name).tmp" }
}
