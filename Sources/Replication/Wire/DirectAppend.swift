import NodeEnvironment
import ProtobufCoding
import Raft

// The frames that carry entries, encoded and decoded without their messages: each entry goes in one to every follower.
// A field that one of the messages is given has to be written here too; `DirectAppendTests` compares the encodings, and
// `SchemaTests` knows which fields there are.

extension PeerFrame {
    /// The encoding of an append; nil for every other frame, and where a configuration is among the entries.
    func encodedDirectly() -> [UInt8]? {
        guard case .message(.raft(let message)) = self, case .append(let request) = message.body,
            request.entries.allSatisfy({ !$0.hasConfiguration })
        else { return nil }
        var writer = CanonicalWriter(reserving: request.entries.reduce(64) { $0 + $1.size + 16 })
        writer.message(2) { writer in
            writer.field(1, message.from.rawValue)
            writer.field(2, message.to.rawValue)
            writer.field(3, message.term)
            writer.message(8) { request.write(to: &$0) }
        }
        return writer.bytes
    }

    /// Decodes an append that is in order. Nil for all else, on which the messages decide.
    init?(decodingDirectly bytes: [UInt8]) {
        var reader = CanonicalReader(bytes)
        let message = reader.message(2) { reader -> RaftMessage? in
            guard let from = try? (reader.number(1) ?? 0).asNodeID("sender"),
                let to = try? (reader.number(2) ?? 0).asNodeID("receiver"),
                let term = try? (reader.number(3) ?? 0).asNumber("term"),
                let request = reader.message(8, { AppendRequest(reading: &$0) })
            else { return nil }
            return RaftMessage(from: from, to: to, term: term, body: .append(request))
        }
        guard let message, reader.isComplete else { return nil }
        self = .message(.raft(message))
    }
}

extension AppendRequest {
    fileprivate func write(to writer: inout CanonicalWriter) {
        writer.message(1) {
            $0.field(1, prevIndex)
            $0.field(2, prevTerm)
        }
        for entry in entries { writer.message(2) { entry.write(to: &$0) } }
        writer.field(3, commit)
        writer.field(4, round)
        if let released { writer.present(5, released) }
    }

    /// Nil if something is not as `Quorate_Replication_V1_AppendRequest.validated()` has it.
    fileprivate init?(reading reader: inout CanonicalReader) {
        let position = reader.message(1) { reader in
            try? Quorate_Replication_V1_LogPosition(index: reader.number(1) ?? 0, term: reader.number(2) ?? 0)
                .validated("previous entry")
        }
        guard let previous = position else { return nil }
        var entries: [LogEntry] = []
        var last = previous
        while let entry = reader.message(2, { LogEntry(reading: &$0) }) {
            guard entry.index == last.index + 1, entry.term >= last.term,
                entries.count < WireLimits.entriesPerAppend
            else { return nil }
            entries.append(entry)
            last = (entry.index, entry.term)
        }
        guard let commit = try? (reader.number(3) ?? 0).asNumber("commit index") else { return nil }
        let round = reader.number(4) ?? 0
        let released = reader.number(5)
        if let released, (try? released.asNumber("released index")) == nil { return nil }
        self.init(
            prevIndex: previous.index, prevTerm: previous.term, entries: entries, commit: commit, round: round,
            released: released)
    }
}

extension LogEntry {
    fileprivate var hasConfiguration: Bool {
        if case .configuration = payload { true } else { false }
    }

    fileprivate func write(to writer: inout CanonicalWriter) {
        writer.field(1, index)
        writer.field(2, term)
        switch payload {
        case .noOp: writer.present(3, [])
        case .command(let bytes): writer.present(5, bytes)
        // Whoever calls has seen to it that there is none: an entry without its payload would be another entry.
        case .configuration: preconditionFailure("a configuration is left to the messages")
        }
        writer.field(6, tag)
    }

    /// Nil for all but a valid entry with a command.
    fileprivate init?(reading reader: inout CanonicalReader) {
        guard let index = try? (reader.number(1) ?? 0).asPositiveNumber("entry index"),
            let term = try? (reader.number(2) ?? 0).asPositiveNumber("entry term"),
            let command = reader.bytes(5), command.count <= WireLimits.commandBytes
        else { return nil }
        let tag = reader.bytes(6) ?? []
        guard tag.isEmpty || tag.count == WireLimits.tagBytes else { return nil }
        self.init(index: index, term: term, payload: .command(command), tag: tag)
    }
}
