import NodeEnvironment
import Raft

/// The checksum chain over the stored log.
///
/// The link of an entry covers the entry and the link before it. So an entry that was altered, lost, repeated, moved,
/// or that comes from an older version of the file (a write that the device dropped or put elsewhere) breaks the
/// chain at its place, and the place can be named. The chain of each node starts differently, so that another node's
/// file is no valid log either.
struct LogChain {
    /// What the first link is chained to.
    static func origin(_ identity: FolderIdentity) -> [UInt8] {
        var input = Checksum.Input(label: "quorate/disk/log-origin")
        input.append(identity.poolID)
        input.append(identity.node.rawValue)
        return input.digest
    }

    /// What the first link behind a snapshot is chained to, where the entry at its index isn't known.
    static func restart(_ origin: [UInt8], behind mark: AppliedMark) -> [UInt8] {
        var input = Checksum.Input(label: "quorate/disk/log-restart")
        input.append(origin)
        input.append(mark.index)
        input.append(mark.term)
        input.append(mark.chainTag)
        return input.digest
    }

    static func link(after previous: [UInt8], _ record: EntryRecord) -> [UInt8] {
        var input = Checksum.Input(label: "quorate/disk/log", capacity: 160 + record.payload.count)
        input.append(previous)
        input.append(record.index)
        input.append(record.term)
        input.append(UInt64(record.kind.rawValue))
        input.append(record.payload)
        input.append(record.tag)
        return input.digest
    }
}

/// An entry as the columns of its row.
struct EntryRecord {
    enum Kind: Int64 {
        case noOp = 0
        case configuration = 1
        case command = 2
    }

    let index: LogIndex
    let term: Term
    let kind: Kind
    let payload: [UInt8]
    let tag: [UInt8]

    init(index: LogIndex, term: Term, kind: Kind, payload: [UInt8], tag: [UInt8]) {
        self.index = index
        self.term = term
        self.kind = kind
        self.payload = payload
        self.tag = tag
    }

    init(_ entry: LogEntry) throws(WireError) {
        index = entry.index
        term = entry.term
        tag = entry.tag
        switch entry.payload {
        case .noOp: (kind, payload) = (.noOp, [])
        case .configuration(let configuration): (kind, payload) = (.configuration, try configuration.encoded())
        case .command(let bytes): (kind, payload) = (.command, bytes)
        }
    }

    func entry() throws(WireError) -> LogEntry {
        let value: EntryPayload
        switch kind {
        case .noOp: value = .noOp
        case .configuration: value = .configuration(try PoolConfiguration(decoding: payload))
        case .command: value = .command(payload)
        }
        return LogEntry(index: index, term: term, payload: value, tag: tag)
    }
}
