import CryptographicModule
import Foundation
import NodeEnvironment
import Raft
import SwiftProtobuf

extension Quorate_Replication_V1_AppliedMark {
    init(_ mark: AppliedMark) {
        self.init()
        index = mark.index
        term = mark.term
        chainTag = Data(mark.chainTag)
        stateRoot = Data(mark.stateRoot)
        tag = Data(mark.tag)
    }

    func validated() throws(WireError) -> AppliedMark {
        guard stateRoot.count == WireLimits.tagBytes, !tag.isEmpty else { throw .outOfLimits("snapshot's mark") }
        return AppliedMark(
            index: try index.asPositiveNumber("snapshot's index"), term: try term.asPositiveNumber("snapshot's term"),
            chainTag: try chainTag.asTag("snapshot's chain tag"), stateRoot: [UInt8](stateRoot),
            tag: try tag.asTag("snapshot's tag"))
    }
}

extension Quorate_Replication_V1_SnapshotCursor {
    init(_ cursor: SnapshotCursor) {
        self.init()
        switch cursor {
        case .beginning: break
        case .row(let table, let key):
            row = .with {
                $0.table = UInt32(table)
                $0.key = Data(key)
            }
        case .blob(let digest): blob = Data(digest)
        }
    }

    func validated() throws(WireError) -> SnapshotCursor {
        switch place {
        case nil: return .beginning
        case .row(let row): return .row(table: try row.table.asTable(), key: try row.key.asRowKey())
        case .blob(let digest):
            guard digest.count == WireLimits.tagBytes else { throw .outOfLimits("snapshot's cursor") }
            return .blob(digest: [UInt8](digest))
        }
    }
}

extension UInt32 {
    fileprivate func asTable() throws(WireError) -> UInt8 {
        guard let table = UInt8(exactly: self) else { throw .outOfLimits("table") }
        return table
    }
}

extension Data {
    fileprivate func asRowKey() throws(WireError) -> [UInt8] {
        guard count <= WireLimits.rowKeyBytes else { throw .outOfLimits("row key") }
        return [UInt8](self)
    }
}

extension Quorate_Replication_V1_SnapshotRequest {
    init(_ request: SnapshotRequest) {
        self.init()
        if let wanted = request.mark { mark = .init(wanted) }
        after = .init(request.after)
    }

    func validated() throws(WireError) -> SnapshotRequest {
        SnapshotRequest(mark: hasMark ? try mark.validated() : nil, after: try after.validated())
    }
}

extension Quorate_Replication_V1_SnapshotChunk {
    init(_ chunk: SnapshotChunk) {
        self.init()
        mark = .init(chunk.mark)
        after = .init(chunk.after)
        rows = chunk.rows.map { row in
            .with {
                $0.table = UInt32(row.table)
                $0.key = Data(row.key)
                $0.value = Data(row.value ?? [])
            }
        }
        blobs = chunk.blobs.map { Data($0.bytes ?? []) }
        isLast = chunk.isLast
        checksum = Data(SnapshotChecksum.of(chunk))
    }

    /// Besides lengths and order the checksum is compared: a chunk stays on this node's disk until the whole snapshot
    /// has been found genuine.
    func validated() throws(WireError) -> SnapshotChunk {
        guard hasMark else { throw .missing("snapshot's mark") }
        guard rows.count + blobs.count <= WireLimits.itemsPerChunk else { throw .outOfLimits("items of a snapshot") }
        var validatedRows: [StateRow] = []
        validatedRows.reserveCapacity(rows.count)
        for row in rows {
            guard row.value.count <= WireLimits.commandBytes else { throw .outOfLimits("row") }
            validatedRows.append(
                StateRow(table: try row.table.asTable(), key: try row.key.asRowKey(), value: [UInt8](row.value)))
        }
        var validatedBlobs: [MaterialBlob] = []
        for blob in blobs {
            guard blob.count <= WireLimits.opaqueBytes else { throw .outOfLimits("sealed record") }
            let bytes = [UInt8](blob)
            validatedBlobs.append(MaterialBlob(digest: Digest.sha256(bytes), bytes: bytes))
        }
        let chunk = SnapshotChunk(
            mark: try mark.validated(), after: try after.validated(), rows: validatedRows, blobs: validatedBlobs,
            isLast: isLast)
        guard chunk.isInOrder else { throw .inconsistent("the parts of a snapshot are not in order") }
        guard [UInt8](checksum) == SnapshotChecksum.of(chunk) else {
            throw .inconsistent("a part of a snapshot does not match its checksum")
        }
        return chunk
    }
}

/// What finds damage of a chunk on its way from one disk to the other.
enum SnapshotChecksum {
    static func of(_ chunk: SnapshotChunk) -> [UInt8] {
        var input = Checksum.Input(label: "quorate/snapshot/chunk", capacity: 1 << 20)
        input.append(chunk.mark.index)
        input.append(chunk.mark.term)
        input.append(chunk.mark.stateRoot)
        switch chunk.after {
        case .beginning: input.append(0)
        case .row(let table, let key):
            input.append(1)
            input.append(UInt64(table))
            input.append(key)
        case .blob(let digest):
            input.append(2)
            input.append(digest)
        }
        input.append(UInt64(chunk.rows.count))
        for row in chunk.rows {
            input.append(UInt64(row.table))
            input.append(row.key)
            input.append(row.value)
        }
        // A digest stands for its record.
        for blob in chunk.blobs { input.append(blob.digest) }
        input.append(UInt64(chunk.isLast ? 1 : 0))
        return input.digest
    }
}
