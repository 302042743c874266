import Backup
import NIOPosix
import NodeEnvironment
import Replication
import Synchronization

/// The node's stored state, for backups: read beside the driver, off the threads that serve requests.
struct StoredState: StateSource {
    let snapshots: StateSnapshotSource
    /// Brings the stored state up to what was applied; false if there is no room for that.
    let save: @Sendable () async -> Bool

    func open() async throws(StateSourceFault) -> any StateCursor {
        guard await save() else { throw StateSourceFault("the node can't store its state: its disk is full") }
        let snapshots = snapshots
        return try await DiskWork.run { () throws(StateSourceFault) in
            do throws(StorageFailure) {
                guard let reader = try snapshots.open() else { throw StorageFailure.corrupted("nothing was applied") }
                return StoredStateCursor(reader)
            } catch {
                throw StateSourceFault("\(error)")
            }
        }
    }
}

/// One read transaction, from its beginning to its end.
private final class StoredStateCursor: StateCursor {
    private static let chunkBytes = 256 << 10

    private struct Reading {
        let reader: any SnapshotReader
        /// nil at the end.
        var place: SnapshotCursor? = .beginning
    }

    let index: UInt64
    let term: UInt64
    let root: [UInt8]
    private let reading: Mutex<Reading>

    init(_ reader: sending any SnapshotReader) {
        index = reader.mark.index
        term = reader.mark.term
        root = reader.mark.stateRoot
        reading = Mutex(Reading(reader: reader))
    }

    func next() async throws(StateSourceFault) -> [BackupItem]? {
        try await DiskWork.run { () throws(StateSourceFault) in
            do throws(StorageFailure) {
                return try self.read()
            } catch {
                throw StateSourceFault("\(error)")
            }
        }
    }

    private func read() throws(StorageFailure) -> [BackupItem]? {
        try reading.withLock { reading throws(StorageFailure) in
            guard let place = reading.place else { return nil }
            let chunk = try reading.reader.chunk(after: place, byteLimit: Self.chunkBytes)
            reading.place = chunk.isLast ? nil : chunk.end
            var items: [BackupItem] = []
            for row in chunk.rows {
                if let value = row.value { items.append(.row(table: row.table, key: row.key, value: value)) }
            }
            for blob in chunk.blobs {
                if let bytes = blob.bytes { items.append(.blob(bytes)) }
            }
            return items
        }
    }
}

/// Work on the node's files that may take a while.
private enum DiskWork {
    static func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws(StateSourceFault) -> Value
    ) async throws(StateSourceFault) -> Value {
        do {
            return try await NIOThreadPool.singleton.runIfActive { try work() }
        } catch let fault as StateSourceFault {
            throw fault
        } catch {
            throw StateSourceFault("the node is stopping")
        }
    }
}
