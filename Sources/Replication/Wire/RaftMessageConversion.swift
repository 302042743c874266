package import Raft
import SwiftProtobuf

extension Quorate_Replication_V1_RaftMessage {
    package init(_ message: RaftMessage) {
        self.init()
        from = message.from.rawValue
        to = message.to.rawValue
        term = message.term
        body = Self.encode(message.body)
    }

    private static func encode(_ body: RaftMessage.Body) -> OneOf_Body {
        switch body {
        case .preVoteRequest(let lastIndex, let lastTerm):
            return .preVoteRequest(.init(index: lastIndex, term: lastTerm))
        case .preVoteResponse(let granted):
            return .preVoteResponse(.with { $0.granted = granted })
        case .voteRequest(let lastIndex, let lastTerm, let isTransfer):
            return .voteRequest(
                .with {
                    $0.last = .init(index: lastIndex, term: lastTerm)
                    $0.isTransfer = isTransfer
                })
        case .voteResponse(let granted, let age):
            return .voteResponse(
                .with {
                    $0.granted = granted
                    $0.age = age
                })
        case .append(let request):
            return .append(.init(request))
        case .appendResponse(let response):
            return .appendResponse(.init(response))
        case .readIndexRequest(let id):
            return .readIndexRequest(.with { $0.id = id })
        case .readIndexResponse(let id, let index):
            return .readIndexResponse(
                .with {
                    $0.id = id
                    $0.index = index
                })
        case .timeoutNow:
            return .timeoutNow(.init())
        case .snapshotOffer(let descriptor):
            return .snapshotOffer(
                .with {
                    $0.last = .init(index: descriptor.index, term: descriptor.term)
                    $0.configuration = .init(descriptor.configuration)
                })
        case .lease(let message):
            return .lease(.init(message))
        }
    }

    /// - Throws: ``WireError`` if sender or receiver is 0, a number doesn't fit into 63 bits, or the body is missing or
    ///   contradicts itself. Whether the sender is who sent it is for the session to decide.
    package func validated() throws(WireError) -> RaftMessage {
        RaftMessage(
            from: try from.asNodeID("sender"), to: try to.asNodeID("receiver"), term: try term.asNumber("term"),
            body: try validatedBody())
    }

    private func validatedBody() throws(WireError) -> RaftMessage.Body {
        switch body {
        case .preVoteRequest(let position):
            let last = try position.validated("last entry")
            return .preVoteRequest(lastIndex: last.index, lastTerm: last.term)
        case .preVoteResponse(let vote):
            return .preVoteResponse(granted: vote.granted)
        case .voteRequest(let request):
            guard request.hasLast else { throw .missing("last entry") }
            let last = try request.last.validated("last entry")
            return .voteRequest(lastIndex: last.index, lastTerm: last.term, isTransfer: request.isTransfer)
        case .voteResponse(let vote):
            return .voteResponse(granted: vote.granted, age: vote.age)
        case .append(let request):
            return .append(try request.validated())
        case .appendResponse(let response):
            return .appendResponse(try response.validated())
        case .readIndexRequest(let request):
            return .readIndexRequest(id: request.id)
        case .readIndexResponse(let response):
            return .readIndexResponse(id: response.id, index: try response.index.asNumber("read index"))
        case .timeoutNow:
            return .timeoutNow
        case .snapshotOffer(let offer):
            return .snapshotOffer(try offer.validated())
        case .lease(let message):
            return .lease(try message.validated())
        case nil:
            throw .unknownBody(of: "Raft message")
        }
    }
}

extension Quorate_Replication_V1_LogPosition {
    init(index: LogIndex, term: Term) {
        self.init()
        self.index = index
        self.term = term
    }

    /// Index and term are zero together: before the first entry there is no term.
    func validated(_ field: String) throws(WireError) -> (index: LogIndex, term: Term) {
        let position = (index: try index.asNumber(field), term: try term.asNumber(field))
        guard (position.index == 0) == (position.term == 0) else { throw .inconsistent("\(field): no such position") }
        return position
    }
}

extension Quorate_Replication_V1_AppendRequest {
    init(_ request: AppendRequest) {
        self.init()
        previous = .init(index: request.prevIndex, term: request.prevTerm)
        entries = request.entries.map(Quorate_Replication_V1_LogEntry.init)
        commit = request.commit
        round = request.round
        if let index = request.released { released = index }
    }

    /// Entries follow the previous position and one another without a gap, with terms that never fall: what Raft's
    /// log takes for granted is checked here, where bad bytes come in.
    func validated() throws(WireError) -> AppendRequest {
        guard hasPrevious else { throw .missing("previous entry") }
        guard entries.count <= WireLimits.entriesPerAppend else { throw .outOfLimits("number of entries") }
        let previous = try previous.validated("previous entry")
        var last = previous
        var validated: [LogEntry] = []
        validated.reserveCapacity(entries.count)
        for message in entries {
            let entry = try message.validated()
            guard entry.index == last.index + 1, entry.term >= last.term else {
                throw .inconsistent("the entries of an append don't follow one another")
            }
            last = (entry.index, entry.term)
            validated.append(entry)
        }
        return AppendRequest(
            prevIndex: previous.index, prevTerm: previous.term, entries: validated,
            commit: try commit.asNumber("commit index"), round: round,
            released: hasReleased ? try released.asNumber("released index") : nil)
    }
}

extension Quorate_Replication_V1_AppendResponse {
    init(_ response: AppendResponse) {
        self.init()
        round = response.round
        published = response.published
        covers = response.covers
        if let request = response.leaseRequest { leaseRequest = .init(request) }
        switch response.outcome {
        case .accepted(let matchIndex): acceptedThrough = matchIndex
        case .rejected(let hintIndex, let hintTerm):
            rejectedHint = .init(index: hintIndex, term: hintTerm)
        }
    }

    func validated() throws(WireError) -> AppendResponse {
        AppendResponse(
            outcome: try validatedOutcome(), round: round, published: try published.asNumber("published index"),
            covers: covers, leaseRequest: hasLeaseRequest ? leaseRequest.identifier : nil)
    }

    private func validatedOutcome() throws(WireError) -> AppendResponse.Outcome {
        switch outcome {
        case .acceptedThrough(let index):
            return .accepted(matchIndex: try index.asNumber("match index"))
        case .rejectedHint(let hint):
            // Not a position of one log: the hint's term may belong to another index, so each is only bounded.
            return .rejected(
                hintIndex: try hint.index.asNumber("hint index"), hintTerm: try hint.term.asNumber("hint term"))
        case nil:
            throw .unknownBody(of: "append response")
        }
    }
}

extension Quorate_Replication_V1_SnapshotOffer {
    func validated() throws(WireError) -> SnapshotDescriptor {
        guard hasLast else { throw .missing("last entry") }
        guard hasConfiguration else { throw .missing("configuration") }
        let last = try last.validated("last entry")
        return SnapshotDescriptor(index: last.index, term: last.term, configuration: try configuration.validated())
    }
}
