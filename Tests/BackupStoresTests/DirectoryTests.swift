import Backup
import Glibc
import RequestTesting
import Testing

@testable import BackupStores

@Suite struct DirectoryTests {
    private let folder: TemporaryFolder
    private let stores: ConfiguredStores

    init() throws {
        folder = try TemporaryFolder()
        stores = ConfiguredStores(directory: DirectoryStore(root: folder.path))
    }

    private func container(_ uri: String = "file:///weekly") throws(BackupStoreFault) -> any BackupContainer {
        try stores.container(BackupAddress(uri: uri, token: nil))
    }

    private func exists(_ path: String) -> Bool { access("\(folder.path)/\(path)", F_OK) == 0 }

    /// The temporary folder removes only what lies directly in it.
    private func clear() {
        for path in ["weekly/one/backup.qbk", "weekly/one", "weekly"] { remove("\(folder.path)/\(path)") }
    }

    @Test func whatWasWrittenIsReadInPieces() async throws {
        defer { clear() }
        let container = try container()
        #expect(container.uri == "file:///weekly")
        let upload = try await container.create("one/backup.qbk")
        try await upload.append(Array("hello, ".utf8))
        try await upload.append(Array("world".utf8))
        #expect(!exists("weekly/one/backup.qbk"))
        try await upload.finish()
        #expect(try await container.read("one/backup.qbk", from: 0, count: 100) == Array("hello, world".utf8))
        #expect(try await container.read("one/backup.qbk", from: 7, count: 3) == Array("wor".utf8))
        #expect(try await container.read("one/backup.qbk", from: 50, count: 3) == [])
        var status = stat()
        #expect(stat("\(folder.path)/weekly/one/backup.qbk", &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(!exists("weekly/one/backup.qbk.part"))
    }

    @Test func theSystemsRefusalHasACure() {
        let faults: [(Int32, String)] = [
            (EROFS, "Read-only file system. Where systemd runs the node, its unit has to name the directory"),
            (EACCES, "may not use folder 'x': Permission denied. Give it to the node's user"),
        ]
        for (number, words) in faults {
            errno = number
            let fault = SystemFailure.fault("folder 'x'")
            guard case .failed(let text) = fault, text.contains(words) else {
                Issue.record("\(fault)")
                continue
            }
        }
    }

    @Test func aBackupIsNeverWrittenOver() async throws {
        defer { clear() }
        let container = try container()
        let first = try await container.create("one/backup.qbk")
        try await first.append([1])
        try await first.finish()
        let second = try await container.create("one/backup.qbk")
        try await second.append([2])
        await #expect(throws: BackupStoreFault.exists("file 'backup.qbk'")) { try await second.finish() }
        await second.abandon()
        #expect(try await container.read("one/backup.qbk", from: 0, count: 9) == [1])
    }

    private func container(moves: [FileMove]) throws(BackupStoreFault) -> any BackupContainer {
        try ConfiguredStores(directory: DirectoryStore(root: folder.path, moves: moves))
            .container(BackupAddress(uri: "file:///weekly", token: nil))
    }

    /// Of file systems without hard links, and of those that have nothing else.
    @Test(arguments: [
        [FileMove.renaming], [FileMove.linking], [FileMove.renaming, FileMove { _, _, _ in EPERM }],
        [FileMove { _, _, _ in EINVAL }, FileMove.linking], [FileMove { _, _, _ in ENOSYS }, FileMove.linking],
    ])
    func eachWayToGiveAFileItsNameKeepsWhatIsThere(_ moves: [FileMove]) async throws {
        defer { clear() }
        let container = try container(moves: moves)
        try await container.probe()
        #expect(try contents("weekly") == [])
        let first = try await container.create("one/backup.qbk")
        try await first.append([1])
        try await first.finish()
        #expect(try contents("weekly/one") == ["backup.qbk"])
        let second = try await container.create("one/backup.qbk")
        try await second.append([2])
        await #expect(throws: BackupStoreFault.exists("file 'backup.qbk'")) { try await second.finish() }
        await second.abandon()
        #expect(try await container.read("one/backup.qbk", from: 0, count: 9) == [1])
    }

    /// A file system over a network may say of its own link that the name is taken.
    @Test func aLinkThatWasMadeBeforeIsOnesOwn() throws {
        let unfinished = try folder.write("backup.qbk.part", "x")
        #expect(link(unfinished, "\(folder.path)/backup.qbk") == 0)
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        #expect(FileMove.linking.run(descriptor, "backup.qbk.part", "backup.qbk") == 0)
        #expect(exists("backup.qbk") && !exists("backup.qbk.part"))
    }

    /// It is found out by the check, before a backup has been written in vain.
    @Test func aFileSystemWithoutASafeWaySaysSo() async throws {
        defer { clear() }
        let container = try container(moves: [FileMove { _, _, _ in EINVAL }, FileMove { _, _, _ in EPERM }])
        do throws(BackupStoreFault) {
            try await container.probe()
            Issue.record("it passed")
        } catch {
            #expect("\(error)".contains("neither renameat2 with RENAME_NOREPLACE nor a hard link works there"))
        }
        #expect(try contents("weekly") == [])
    }

    /// What has another cause is told as that.
    @Test func aFailureIsNoLackOfAWay() async throws {
        defer { clear() }
        let container = try container(moves: [FileMove { _, _, _ in ENOSPC }, FileMove.linking])
        await #expect(throws: BackupStoreFault.full) { try await container.probe() }
        #expect(try contents("weekly") == [])
    }

    @Test func whatIsAbandonedIsGone() async throws {
        defer { clear() }
        let upload = try await container().create("one/backup.qbk")
        try await upload.append([1])
        await upload.abandon()
        #expect(exists("weekly") && !exists("weekly/one"))
        try await container().probe()
        #expect(try #require(try? contents("weekly")) == [])
    }

    @Test func whatIsNotKeptIsRemovedWithItsFolder() async throws {
        defer { clear() }
        let container = try container()
        // Nothing is known of what is in a folder that isn't there now.
        await #expect(throws: BackupStoreFault.notFound("folder 'weekly'")) {
            try await container.remove(folder: "one", object: "backup.qbk")
        }
        let upload = try await container.create("one/backup.qbk")
        try await upload.finish()
        // Not what lies elsewhere, nor a folder with something else in it.
        for (folder, object) in [("..", "x"), ("one", "../backup.qbk"), ("one", "a/b"), ("", "backup.qbk")] {
            await #expect(throws: BackupStoreFault.self) { try await container.remove(folder: folder, object: object) }
        }
        try await container.remove(folder: "one", object: "other.qbk")
        #expect(exists("weekly/one/backup.qbk"))
        try await container.remove(folder: "one", object: "backup.qbk")
        #expect(exists("weekly") && !exists("weekly/one"))
        // Whoever didn't hear the answer asks again.
        try await container.remove(folder: "one", object: "backup.qbk")
        // What a node left that died while it wrote goes, too.
        let left = try await container.create("one/backup.qbk")
        try await left.append([1])
        try await container.remove(folder: "one", object: "backup.qbk")
        #expect(!exists("weekly/one"))
    }

    private func contents(_ path: String) throws -> [String] {
        guard let directory = opendir("\(folder.path)/\(path)") else { throw TestFailure("no folder") }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    @Test(arguments: [
        "file:///", "file://host/weekly", "file:weekly", "file:///../weekly", "file:///weekly/../../x",
        "file:///a//b", "file:///%2e%2e/x", "file:///.", "file:///a\0b", "file:///a b", "/weekly", "http://x/y", "",
    ])
    func addressesThatAreNone(_ uri: String) {
        #expect(throws: BackupStoreFault.self) { try container(uri) }
    }

    @Test(arguments: ["../x", "x/../y", "", "/etc/passwd", "x//y", "a\0b", ".", "x/%2e%2e/y"])
    func namesThatLeadElsewhere(_ name: String) async throws {
        let container = try container()
        await #expect(throws: BackupStoreFault.self) { try await container.create(name) }
        await #expect(throws: BackupStoreFault.self) { try await container.read(name, from: 0, count: 1) }
    }

    @Test func symbolicLinksAreNotFollowed() async throws {
        defer { remove("\(folder.path)/weekly") }
        #expect(symlink("/tmp", "\(folder.path)/weekly") == 0)
        await #expect(throws: BackupStoreFault.self) { try await container().create("one/backup.qbk") }
    }

    @Test func whatIsMissingIsNamed() async throws {
        let container = try container()
        await #expect(throws: BackupStoreFault.notFound("folder 'weekly'")) {
            try await container.read("one/backup.qbk", from: 0, count: 1)
        }
        let nowhere = ConfiguredStores(directory: DirectoryStore(root: "/nonexistent"))
        let place = try nowhere.container(BackupAddress(uri: "file:///x", token: nil))
        await #expect(throws: BackupStoreFault.notFound("the directory for backups")) { try await place.probe() }
    }

    @Test func aFullDiskSaysSo() async throws {
        // A device that is always full.
        let full = open("/dev/full", O_WRONLY)
        defer { close(full) }
        #expect(write(full, [1], 1) < 0)
        #expect(SystemFailure.fault("x") == .full)
    }
}
