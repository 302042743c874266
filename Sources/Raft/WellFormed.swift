extension RaftMessage {
    /// Whether the message could have been made by a correct node, as far as it shows by itself. Keeps every number so
    /// far from overflow that arithmetic on it is safe.
    var isWellFormed: Bool {
        guard from.rawValue != 0, term > 0, term <= Limits.largestNumber else { return false }
        switch body {
        case .preVoteRequest(let lastIndex, let lastTerm):
            return lastIndex <= Limits.largestNumber && lastTerm < term
        case .voteRequest(let lastIndex, let lastTerm, _):
            return lastIndex <= Limits.largestNumber && lastTerm < term
        case .append(let request):
            return request.isWellFormed(in: term)
        case .appendResponse(let response):
            return response.isWellFormed
        case .readIndexResponse(_, let index):
            return index <= Limits.largestNumber
        case .snapshotOffer(let descriptor):
            return descriptor.isWellFormed && descriptor.term <= term
        case .lease(let message):
            return message.isWellFormed
        case .preVoteResponse, .voteResponse, .readIndexRequest, .timeoutNow:
            return true
        }
    }
}

extension LeaseMessage {
    var isWellFormed: Bool {
        switch self {
        case .grant(let grant): return grant.floor <= Limits.largestNumber
        case .released(let index), .published(let index): return index <= Limits.largestNumber
        case .surrender: return true
        }
    }
}

extension AppendRequest {
    /// The entries follow on each other and on the previous one, and none is of a later term than the leader's.
    func isWellFormed(in term: Term) -> Bool {
        guard prevIndex <= Limits.largestNumber, prevTerm <= term, commit <= Limits.largestNumber,
            (prevIndex == 0) == (prevTerm == 0), (released ?? 0) <= Limits.largestNumber
        else { return false }
        var index = prevIndex
        var previousTerm = prevTerm
        for entry in entries {
            guard index < Limits.largestNumber, entry.index == index + 1, entry.term >= previousTerm,
                entry.term > 0, entry.term <= term
            else { return false }
            if case .configuration(let configuration) = entry.payload, !configuration.isWellFormed { return false }
            index = entry.index
            previousTerm = entry.term
        }
        return true
    }
}

extension AppendResponse {
    var isWellFormed: Bool {
        guard published <= Limits.largestNumber else { return false }
        switch outcome {
        case .accepted(let match): return match <= Limits.largestNumber
        case .rejected(let hintIndex, let hintTerm):
            return hintIndex <= Limits.largestNumber && hintTerm <= Limits.largestNumber
        }
    }
}

extension SnapshotDescriptor {
    var isWellFormed: Bool {
        index > 0 && index <= Limits.largestNumber && term > 0 && (configuration.isEmpty || configuration.isWellFormed)
    }
}
