import NodeEnvironment
import ProtobufCoding
import Raft

// The frames that carry entries, and the answers to them, encoded and decoded without their messages: each entry goes
// in one to every follower. A field that one of the messages is given has to be written here too; `DirectAppendTests`
// compares the encodings, and `SchemaTests` knows which fields there are.

extension PeerFrame {
    /// The encoding of an append or of an answer to one; nil for every other frame, and where a configuration is among
    /// the entries.
    func encodedDirectly() -> [UInt8]? {
        guard case .message(.raft(let message)) = self else { return nil }
        switch message.body {
        case .append(let request):
            guard request.entries.allSatisfy({ !$0.hasConfiguration }) else { return nil }
            let expectedCount = request.entries.reduce(64) { $0 + $1.size + 16 }
            return message.frame(8, expectedCount) { request.write(to: &$0) }
        case .appendResponse(let response):
            return message.frame(9, 64) { response.write(to: &$0) }
        default:
            return nil
        }
    }

    /// Decodes an append, or an answer to one, that is in order. Nil for all else, on which the messages decide.
    init?(decodingDirectly bytes: [UInt8]) {
        var reader = CanonicalReader(bytes)
        var message: RaftMessage?
        reader.message(2) { message = RaftMessage(reading: &$0) }
        guard let message, reader.isComplete else { return nil }
        self = .message(.raft(message))
    }
}

extension RaftMessage {
    /// A frame with this message, whose body has the number `field`.
    fileprivate func frame(
        _ field: UInt8, _ expectedCount: Int, _ body: (inout CanonicalWriter) -> Void
    ) -> [UInt8] {
        var writer = CanonicalWriter(reserving: expectedCount)
        writer.message(2) { writer in
            writer.field(1, from.rawValue)
            writer.field(2, to.rawValue)
            writer.field(3, term)
            writer.message(field, body)
        }
        return writer.bytes
    }

    fileprivate init?(reading reader: inout CanonicalReader) {
        guard let from = try? (reader.number(1) ?? 0).asNodeID("sender"),
            let to = try? (reader.number(2) ?? 0).asNodeID("receiver"),
            let term = try? (reader.number(3) ?? 0).asNumber("term")
        else { return nil }
        var body: Body?
        if !reader.message(8, { body = AppendRequest(reading: &$0).map { .append($0) } }) {
            reader.message(9) { body = AppendResponse(reading: &$0).map { .appendResponse($0) } }
        }
        guard let body else { return nil }
        self.init(from: from, to: to, term: term, body: body)
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
        var position: Quorate_Replication_V1_LogPosition?
        reader.message(1) { position = .init(index: $0.number(1) ?? 0, term: $0.number(2) ?? 0) }
        guard let previous = try? position?.validated("previous entry") else { return nil }
        var entries: [LogEntry] = []
        var last = previous
        var found: LogEntry?
        while reader.message(2, { found = LogEntry(reading: &$0) }) {
            guard let entry = found, entry.index == last.index + 1, entry.term >= last.term,
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

extension AppendResponse {
    fileprivate func write(to writer: inout CanonicalWriter) {
        switch outcome {
        case .accepted(let matchIndex): writer.present(1, matchIndex)
        case .rejected(let hintIndex, let hintTerm):
            writer.message(2) {
                $0.field(1, hintIndex)
                $0.field(2, hintTerm)
            }
        }
        writer.field(3, round)
        writer.field(4, published)
        if let leaseRequest {
            writer.message(5) {
                $0.field(1, leaseRequest.process)
                $0.field(2, leaseRequest.counter)
            }
        }
        writer.field(6, covers)
    }

    /// Nil if something is not as `Quorate_Replication_V1_AppendResponse.validated()` has it.
    fileprivate init?(reading reader: inout CanonicalReader) {
        let outcome: Outcome
        if let index = reader.number(1) {
            guard let index = try? index.asNumber("match index") else { return nil }
            outcome = .accepted(matchIndex: index)
        } else {
            var hint: (index: UInt64, term: UInt64)?
            reader.message(2) { hint = ($0.number(1) ?? 0, $0.number(2) ?? 0) }
            guard let hint, let index = try? hint.index.asNumber("hint index"),
                let term = try? hint.term.asNumber("hint term")
            else { return nil }
            outcome = .rejected(hintIndex: index, hintTerm: term)
        }
        let round = reader.number(3) ?? 0
        guard let published = try? (reader.number(4) ?? 0).asNumber("published index") else { return nil }
        var leaseRequest: LeaseRequestID?
        reader.message(5) { leaseRequest = LeaseRequestID(process: $0.number(1) ?? 0, counter: $0.number(2) ?? 0) }
        self.init(
            outcome: outcome, round: round, published: published, covers: (reader.number(6) ?? 0) != 0,
            leaseRequest: leaseRequest)
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
