import Foundation
import NodeEnvironment
import Raft
import Testing

@testable import Replication

@Suite("The check of the WAL")
struct WriteAheadLogCheckTests {
    let temporary: TemporaryFolder
    let path: String
    /// The WAL after ten transactions.
    let wal: [UInt8]

    static let frameBytes = 4096 + WriteAheadLogCheck.frameHeaderBytes

    init() throws {
        temporary = try TemporaryFolder()
        let original = temporary.file("node")
        let storage = try SQLiteNodeStorage(folder: original, identity: Samples.identity)
        _ = try storage.load()
        for index in UInt64(1)...10 {
            try storage.persist(
                hardState: HardState(term: 1), truncateFrom: nil, entries: [Samples.entry(index, bytes: 3000)])
        }
        path = try temporary.copy(of: original, as: "crashed")
        wal = try bytes(ofFile: path + "/log.db-wal")
    }

    private var frames: Int { (wal.count - WriteAheadLogCheck.headerBytes) / Self.frameBytes }

    private func offset(_ frame: Int) -> Int { WriteAheadLogCheck.headerBytes + frame * Self.frameBytes }

    private func isCommit(_ frame: Int) -> Bool {
        wal[(offset(frame) + 4)..<(offset(frame) + 8)].contains { $0 != 0 }
    }

    /// The first frame of the last transaction.
    private var lastTransaction: Int {
        var frame = frames - 1
        while frame > 0, !isCommit(frame - 1) { frame -= 1 }
        return frame
    }

    @Test("finds a good file good")
    func good() {
        #expect(frames > 20)
        #expect(WriteAheadLogCheck.inspect(wal) == .whole(frames: frames))
    }

    @Test("takes a file that ends early for an interrupted write")
    func tornAtTheEnd() {
        for cut in [1, 30, 4000, 4120] {
            let torn = Array(wal.dropLast(cut))
            #expect(WriteAheadLogCheck.inspect(torn) == .whole(frames: frames - 1))
        }
    }

    @Test("takes damage in the last transaction for an interrupted write")
    func tornLastTransaction() {
        for frame in lastTransaction..<frames {
            var torn = wal
            torn[offset(frame) + 1000] ^= 1
            #expect(WriteAheadLogCheck.inspect(torn) == .tornTail(frames: frame))
        }
    }

    @Test("finds damage before the last transaction, wherever it is", arguments: 0..<10)
    func damaged(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let frame = Int.random(in: 0..<(lastTransaction - 3), using: &random)
            let position = Int.random(in: 0..<Self.frameBytes, using: &random)
            var damaged = wal
            damaged[offset(frame) + position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            #expect(
                WriteAheadLogCheck.inspect(damaged) == .damaged(frame: frame), "byte \(position) of frame \(frame)")
        }
    }

    @Test("finds a damaged header")
    func header() {
        for position in 0..<WriteAheadLogCheck.headerBytes {
            var damaged = wal
            damaged[position] ^= 0x10
            let finding = WriteAheadLogCheck.inspect(damaged)
            guard case .damaged = finding else {
                Issue.record("byte \(position): \(finding)")
                continue
            }
        }
    }

    @Test("makes the storage refuse what SQLite would silently drop")
    func refusal() throws {
        var damaged = wal
        damaged[offset(frames / 2) + 500] ^= 1
        try overwrite(path + "/log.db-wal", with: damaged)
        do throws(NodeFolderError) {
            _ = try SQLiteNodeStorage(folder: path, identity: Samples.identity)
            Issue.record("damage was not found")
        } catch {
            guard case .storage(.corrupted(let text)) = error else {
                Issue.record("unexpected \(error)")
                return
            }
            #expect(text.contains("log.db-wal: frame \(frames / 2) was flushed"))
        }
        // Nothing was touched: put right, it is readable.
        try overwrite(path + "/log.db-wal", with: wal)
        let count = (try? SQLiteNodeStorage(folder: path, identity: Samples.identity).load())?.entries.count
        #expect(count == 10)
    }

    @Test("lets an interrupted write go, and the node has what came before")
    func interrupted() throws {
        try overwrite(path + "/log.db-wal", with: Array(wal.dropLast(100)))
        #expect(try SQLiteNodeStorage(folder: path, identity: Samples.identity).load().entries.count == 9)
    }

    @Test("leaves frames of an earlier use of the file alone")
    func earlierUse() {
        // As after a checkpoint: the first frames are new, with another salt.
        var mixed = wal
        for position in offset(4)..<offset(5) { mixed[position] = UInt8(truncatingIfNeeded: position) }
        for frame in 5..<frames {
            for position in 8..<16 { mixed[offset(frame) + position] ^= 0xA5 }
        }
        #expect(WriteAheadLogCheck.inspect(mixed) == .whole(frames: 4))
    }

    @Test("never traps", arguments: 0..<10)
    func fuzz(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            var bytes = Array(wal.prefix(Int.random(in: 0..<(3 * Self.frameBytes), using: &random)))
            for _ in 0..<3 where !bytes.isEmpty {
                let range = min(bytes.count, Bool.random(using: &random) ? 56 : bytes.count)
                bytes[Int.random(in: 0..<range, using: &random)] = .random(in: 0...255, using: &random)
            }
            _ = WriteAheadLogCheck.inspect(bytes)
        }
        #expect(WriteAheadLogCheck.inspect([]) == .tornTail(frames: 0))
    }
}
