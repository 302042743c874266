import Foundation
import NodeEnvironment
import Raft
import Replication
import Testing

@Suite("A node's folder")
struct NodeFolderTests {
    let temporary: TemporaryFolder
    let path: String

    init() throws {
        temporary = try TemporaryFolder()
        path = temporary.file("node")
    }

    private func refusal(
        _ path: String? = nil, identity: FolderIdentity = Samples.identity
    ) -> NodeFolderError? {
        do throws(NodeFolderError) {
            _ = try SQLiteNodeStorage(folder: path ?? self.path, identity: identity)
            return nil
        } catch {
            return error
        }
    }

    @Test("and everything in it is for its owner only")
    func modes() throws {
        let storage = try SQLiteNodeStorage(folder: path, identity: Samples.identity)
        _ = try storage.load()
        try storage.persist(hardState: HardState(term: 1), truncateFrom: nil, entries: Samples.entries(1...2))
        try storage.saveApplied(Samples.mark(1), rows: [Samples.row(1, value: "x")], blobs: [])
        #expect(try mode(of: path) == 0o700)
        let files = try FileManager.default.contentsOfDirectory(atPath: path)
        #expect(
            Set(files).isSuperset(of: ["lock", "log.db", "log.db-wal", "state.db", "state.db-wal", "reserve"]))
        for file in files {
            #expect(try mode(of: path + "/" + file) == 0o600, "\(file)")
        }
    }

    @Test("is refused when others have rights on it")
    func openFolder() throws {
        #expect(refusal() == nil)
        try setMode(0o750, of: path)
        #expect(refusal() == .tooOpen(path: path, mode: 0o750))
    }

    @Test("is refused when others have rights on a file", arguments: ["log.db", "state.db", "lock", "reserve"])
    func openFile(_ file: String) throws {
        #expect(refusal() == nil)
        try setMode(0o640, of: path + "/" + file)
        #expect(refusal() == .tooOpen(path: path + "/" + file, mode: 0o640))
    }

    @Test("is refused when it is a symbolic link")
    func linkedFolder() throws {
        #expect(refusal() == nil)
        let link = temporary.file("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        #expect(refusal(link) == .symbolicLink(path: link))
    }

    @Test(
        "is refused when a file is a symbolic link",
        arguments: ["log.db", "state.db", "lock", "log.db-wal", "reserve"])
    func linkedFile(_ file: String) throws {
        #expect(refusal() == nil)
        let original = path + "/" + file
        let target = temporary.file("target")
        if FileManager.default.fileExists(atPath: original) {
            try FileManager.default.moveItem(atPath: original, toPath: target)
        }
        try FileManager.default.createSymbolicLink(atPath: original, withDestinationPath: target)
        #expect(refusal() == .symbolicLink(path: original))
    }

    @Test("is refused while another holder has it, and free afterwards")
    func held() throws {
        var storage: SQLiteNodeStorage? = try SQLiteNodeStorage(folder: path, identity: Samples.identity)
        #expect(refusal() == .inUse(path: path, holder: "process \(getpid())"))
        _ = try storage?.load()
        storage = nil
        #expect(refusal() == nil)
    }

    @Test("of another pool or node is refused by name")
    func foreign() throws {
        #expect(refusal() == nil)
        let otherPool = FolderIdentity(poolID: [UInt8](repeating: 0xAB, count: 16), node: NodeID(7))
        #expect(
            refusal(identity: otherPool)
                == .otherPool(
                    path: path + "/log.db", found: "000102030405060708090a0b0c0d0e0f",
                    expected: String(repeating: "ab", count: 16)))
        let otherNode = FolderIdentity(poolID: Samples.pool, node: NodeID(8))
        #expect(refusal(identity: otherNode) == .otherNode(path: path + "/log.db", found: 7, expected: 8))
    }

    @Test("put together from two nodes' files is refused")
    func mixed() throws {
        #expect(refusal() == nil)
        let other = temporary.file("other")
        #expect(refusal(other, identity: FolderIdentity(poolID: Samples.pool, node: NodeID(8))) == nil)
        try FileManager.default.removeItem(atPath: path + "/state.db")
        try FileManager.default.copyItem(atPath: other + "/state.db", toPath: path + "/state.db")
        #expect(refusal() == .otherNode(path: path + "/state.db", found: 8, expected: 7))
    }

    @Test("whose parent is missing names the reason")
    func noParent() {
        let path = temporary.file("missing/node")
        guard case .unreachable(path, let reason) = refusal(path) else {
            Issue.record("expected a refusal that names the path")
            return
        }
        #expect(reason == "No such file or directory")
    }

    @Test("that is a file is refused")
    func notAFolder() throws {
        try Data().write(to: URL(fileURLWithPath: path))
        #expect(refusal() == .wrongKind(path: path))
    }
}
