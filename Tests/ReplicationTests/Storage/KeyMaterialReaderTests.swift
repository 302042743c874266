import Foundation
import GRDB
import NodeEnvironment
import Raft
import Replication
import Testing

@Suite("The reader of key material")
struct KeyMaterialReaderTests {
    let temporary: TemporaryFolder
    let storage: SQLiteNodeStorage

    init() throws {
        temporary = try TemporaryFolder()
        storage = try SQLiteNodeStorage(folder: temporary.file("node"), identity: Samples.identity)
        _ = try storage.load()
        try storage.persist(hardState: HardState(term: 1), truncateFrom: nil, entries: Samples.entries(1...50))
    }

    @Test("finds what was saved, at once, and not what was removed")
    func reads() throws {
        let reader = try storage.makeKeyMaterialReader()
        let blob = Samples.blob(1)
        #expect(try reader.blob(digest: blob.digest) == nil)
        try storage.saveApplied(Samples.mark(1), rows: [], blobs: [blob, Samples.blob(2)])
        #expect(try reader.blob(digest: blob.digest) == blob.bytes)
        try storage.saveApplied(Samples.mark(2), rows: [], blobs: [MaterialBlob(digest: blob.digest, bytes: nil)])
        #expect(try reader.blob(digest: blob.digest) == nil)
        #expect(try reader.blob(digest: Samples.blob(2).digest) == Samples.blob(2).bytes)
        #expect(try reader.blob(digest: []) == nil)
    }

    @Test("refuses a record that doesn't match its digest")
    func damaged() throws {
        try storage.saveApplied(Samples.mark(1), rows: [], blobs: [Samples.blob(1)])
        let other = try DatabaseQueue(path: temporary.file("node/state.db"))
        try other.write { try $0.execute(sql: "UPDATE material SET bytes = x'00'") }
        let reader = try storage.makeKeyMaterialReader()
        do {
            _ = try reader.blob(digest: Samples.blob(1).digest)
            Issue.record("a damaged record was handed out")
        } catch {
            guard case .corrupted(let text) = error else { throw error }
            #expect(text.contains("a record of key material does not match its digest"))
        }
    }

    @Test("serves many threads while the driver writes")
    func concurrent() async throws {
        let reader = try storage.makeKeyMaterialReader(connections: 4)
        let blobs = (0..<20).map { Samples.blob($0) }
        try storage.saveApplied(Samples.mark(1), rows: [], blobs: blobs)
        let readers = (0..<8).map { number in
            Task { () async throws -> Void in
                for round in 0..<200 {
                    let blob = blobs[(number + round) % blobs.count]
                    #expect(try reader.blob(digest: blob.digest) == blob.bytes)
                }
            }
        }
        for index in UInt64(2)...50 {
            try storage.saveApplied(Samples.mark(index), rows: [Samples.row(index, value: "x")], blobs: [])
        }
        for task in readers { try await task.value }
    }
}
