import NodeEnvironment
import Raft

// How messages stand in a trace. Nothing here may depend on the order of a set or a dictionary: it differs between
// processes, and a trace must not.

extension PeerMessage {
    var summary: String {
        switch self {
        case .raft(let message): "term \(message.term) \(message.body.summary)"
        case .forwardedProposal(let proposal): "proposal \(Workload.number(of: proposal.proposalID))"
        case .proposalRefused(let id, let reason): "refusal of proposal \(Workload.number(of: id)): \(reason)"
        case .nodeStatus(let status):
            "status: \(status.isSealed ? "sealed" : "unsealed"), applied \(status.appliedIndex)"
        default: "a message of another kind"
        }
    }
}

extension RaftMessage.Body {
    fileprivate var summary: String {
        switch self {
        case .preVoteRequest(let index, let term): "pre-vote? last \(index)/\(term)"
        case .preVoteResponse(let granted): granted ? "pre-vote yes" : "pre-vote no"
        case .voteRequest(let index, let term, let isTransfer):
            "vote? last \(index)/\(term)" + (isTransfer ? " by transfer" : "")
        case .voteResponse(let granted, let age): (granted ? "vote yes" : "vote no") + " age \(age)"
        case .append(let request): request.summary
        case .appendResponse(let response): response.summary
        case .readIndexRequest: "read?"
        case .readIndexResponse(_, let index): "read at \(index)"
        case .timeoutNow: "campaign now"
        case .snapshotOffer(let descriptor): "snapshot \(descriptor.index)/\(descriptor.term)"
        case .lease(.grant(let grant)): "lease \(grant.request.counter) from \(grant.floor) on"
        case .lease(.released(let index)): "released \(index)"
        case .lease(.published(let index)): "published \(index)"
        case .lease(.surrender(let id)): "surrender through \(id.counter)"
        }
    }
}

extension AppendRequest {
    fileprivate var summary: String {
        let names = entries.map { "\($0.index)/\($0.term)" }.joined(separator: " ")
        return "append [\(names)] after \(prevIndex)/\(prevTerm) commit \(commit) round \(round)"
    }
}

extension AppendResponse {
    fileprivate var summary: String {
        switch outcome {
        case .accepted(let match): "ack \(match) round \(round)"
        case .rejected(let index, let term): "nack hint \(index)/\(term) round \(round)"
        }
    }
}
