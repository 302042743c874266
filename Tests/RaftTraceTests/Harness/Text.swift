import Raft

// How everything is written in traces: an entry as index/term and what it says, a position as index/term.

extension LogEntry {
    var text: String {
        switch payload {
        case .noOp: return "\(index)/\(term)"
        case .command(let bytes): return "\(index)/\(term):\(String(decoding: bytes, as: UTF8.self))"
        case .configuration(let configuration): return "\(index)/\(term):{\(configuration.text)}"
        }
    }
}

extension PoolConfiguration {
    var text: String {
        func list(_ set: Set<NodeID>) -> String { set.sorted().map(\.description).joined(separator: ",") }
        return list(voters) + (outgoingVoters.isEmpty ? "" : " from " + list(outgoingVoters))
            + (learners.isEmpty ? "" : " learners " + list(learners))
    }
}

extension HardState {
    var text: String { "term \(term) vote \(vote?.description ?? "-") commit \(commit)" }
}

extension RoleChange {
    var text: String {
        let leads = role == .follower ? " of \(leader?.description ?? "nobody")" : ""
        return "\(role)\(leads) in term \(term)"
    }
}

extension SnapshotDescriptor {
    var text: String { "\(index)/\(term) {\(configuration.text)}" }
}

extension RaftMessage {
    var text: String { "\(from)>\(to) t\(term) \(body.text)" }
}

extension RaftMessage.Body {
    var text: String {
        switch self {
        case .preVoteRequest(let index, let term): return "pre-vote? last \(index)/\(term)"
        case .preVoteResponse(let granted): return granted ? "pre-vote yes" : "pre-vote no"
        case .voteRequest(let index, let term, let isTransfer):
            return "vote? last \(index)/\(term)" + (isTransfer ? " by transfer" : "")
        case .voteResponse(let granted, _): return granted ? "vote yes" : "vote no"
        case .append(let request):
            let entries = request.entries.map(\.text).joined(separator: " ")
            return (entries.isEmpty ? "heartbeat" : "append \(entries)")
                + " after \(request.prevIndex)/\(request.prevTerm) commit \(request.commit) round \(request.round)"
        case .appendResponse(let response):
            switch response.outcome {
            case .accepted(let match): return "ack \(match) round \(response.round)"
            case .rejected(let index, let term): return "nack hint \(index)/\(term) round \(response.round)"
            }
        case .readIndexRequest: return "read?"
        case .readIndexResponse(_, let index): return "read at \(index)"
        case .timeoutNow: return "campaign now"
        case .snapshotOffer(let descriptor): return "snapshot \(descriptor.text)"
        case .lease(let message): return message.text
        }
    }
}

extension LeaseMessage {
    var text: String {
        switch self {
        case .grant(let grant): return "lease \(grant.request.counter) from \(grant.floor) on"
        case .released(let index): return "released \(index)"
        case .published(let index): return "published \(index)"
        case .surrender(let id): return "surrender through \(id.counter)"
        }
    }
}
