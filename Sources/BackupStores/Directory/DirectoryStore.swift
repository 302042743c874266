public import Backup

/// A directory tree on the node's own machine, or mounted there. Its containers are folders: `file:///weekly` is the
/// folder `weekly` in it.
public struct DirectoryStore: Sendable {
    private let root: String
    private let moves: [FileMove]

    /// - Parameter root: an absolute path.
    public init(root: String) { self.init(root: root, moves: FileMove.all) }

    /// - Parameter moves: ways to give a file its name, tried one after the other.
    init(root: String, moves: [FileMove]) { (self.root, self.moves) = (root, moves) }

    func container(_ address: BackupAddress) throws(BackupStoreFault) -> any BackupContainer {
        let prefix = "file:///"
        guard address.uri.hasPrefix(prefix) else { throw .invalidAddress("write it as file:///FOLDER") }
        var path = address.uri.dropFirst(prefix.count)
        while path.last == "/" { path.removeLast() }
        guard let segments = BackupPath.segments(path) else {
            throw .invalidAddress("a folder's name has letters, digits, '-', '_' and '.' only")
        }
        return DirectoryContainer(root: root, segments: segments, moves: moves)
    }
}

/// One folder of the tree.
struct DirectoryContainer: BackupContainer {
    let root: String
    let segments: [String]
    let moves: [FileMove]

    var uri: String { "file:///" + segments.joined(separator: "/") }

    /// Goes the whole way of a backup: a file system may take files and have no safe way to give them their names.
    func probe() async throws(BackupStoreFault) {
        let folder = "probe-\(UInt64.random(in: 0...(.max)))"
        let upload = try await create("\(folder)/probe")
        do throws(BackupStoreFault) {
            try await upload.append([0])
            try await upload.finish()
        } catch {
            await upload.abandon()
            throw error
        }
        // A backup can be written also where nothing may be removed.
        try? await remove(folder: folder, object: "probe")
    }

    func create(_ name: String) async throws(BackupStoreFault) -> any BackupUpload {
        let path = try path(of: name)
        let root = root
        let moves = moves
        let file = try await FileWork.run { () throws(BackupStoreFault) in
            try UnfinishedFile(root: root, folders: path.dropLast(), name: path[path.count - 1], moves: moves)
        }
        return DirectoryUpload(file)
    }

    func read(_ name: String, from offset: UInt64, count: Int) async throws(BackupStoreFault) -> [UInt8] {
        let path = try path(of: name)
        let root = root
        return try await FileWork.run { () throws(BackupStoreFault) in
            let folder = try FolderHandle.open(root: root, path.dropLast(), creating: false)
            return try folder.read(path[path.count - 1], from: offset, count: count)
        }
    }

    func remove(folder: String, object: String) async throws(BackupStoreFault) {
        let path = try path(of: folder)
        guard BackupPath.segments(object)?.count == 1 else { throw .invalidAddress("the object's name isn't plain") }
        let root = root
        try await FileWork.run { () throws(BackupStoreFault) in
            // Where this one is missing, another disk may not be mounted, and nothing is known of what is on it.
            let parent = try FolderHandle.open(root: root, path.dropLast(), creating: false)
            do throws(BackupStoreFault) {
                let folder = try FolderHandle.open(root: root, path, creating: false)
                try folder.unlink(object)
                try folder.unlink(UnfinishedFile.name(for: object))
            } catch .notFound {
                return
            }
            parent.removeFolder(path[path.count - 1])
        }
    }

    private func path(of name: String) throws(BackupStoreFault) -> [String] {
        guard let inner = BackupPath.segments(name) else { throw .invalidAddress("the folder's name isn't plain") }
        return segments + inner
    }
}

/// A file of the tree that is being written.
actor DirectoryUpload: BackupUpload {
    private let file: UnfinishedFile

    init(_ file: UnfinishedFile) { self.file = file }

    func append(_ bytes: [UInt8]) async throws(BackupStoreFault) {
        let file = file
        try await FileWork.run { () throws(BackupStoreFault) in try file.append(bytes) }
    }

    func finish() async throws(BackupStoreFault) {
        let file = file
        try await FileWork.run { () throws(BackupStoreFault) in try file.finish() }
    }

    func abandon() async {
        let file = file
        // Nothing better can be done about a file that can't be removed than to leave it under its unfinished name.
        try? await FileWork.run { () throws(BackupStoreFault) in file.abandon() }
    }
}
