import Raft

/// One leader a term, one vote a term, and a term and vote that a node never forgets, over all its lives.
final class VoteChecker {
    private struct Ballot: Hashable {
        let voter: NodeID
        let term: Term
    }

    private(set) var violation: Violation?
    private var leaders: [Term: NodeID] = [:]
    private var granted: [Ballot: NodeID] = [:]
    /// The newest vote that each node has told of.
    private var lastGrant: [NodeID: (term: Term, candidate: NodeID)] = [:]
    private var spoken: [NodeID: Term] = [:]

    /// How many elections were won.
    var elections: Int { leaders.count }

    func leads(_ node: NodeID, term: Term) {
        if let other = leaders[term], other != node {
            fail(.twoLeaders(term: term, other, node))
        }
        leaders[term] = node
    }

    /// A message has left `node`.
    func sent(_ message: RaftMessage) {
        switch message.body {
        case .preVoteRequest, .preVoteResponse:
            // These name a term that nobody is in yet.
            return
        case .voteRequest:
            // Who asks for votes has given its own to itself.
            votes(message.from, for: message.from, term: message.term)
        case .voteResponse(granted: true, _):
            votes(message.from, for: message.to, term: message.term)
        default:
            break
        }
        spoken[message.from] = max(spoken[message.from] ?? 0, message.term)
    }

    private func votes(_ voter: NodeID, for candidate: NodeID, term: Term) {
        let ballot = Ballot(voter: voter, term: term)
        if let other = granted[ballot], other != candidate {
            fail(.votedTwice(voter, term: term, other, candidate))
        }
        granted[ballot] = candidate
        if term >= lastGrant[voter]?.term ?? 0 { lastGrant[voter] = (term, candidate) }
    }

    /// `node` starts on a disk that holds this.
    func starts(_ node: NodeID, stored: HardState) {
        if let grant = lastGrant[node], grant.term >= stored.term,
            grant.term > stored.term || grant.candidate != stored.vote
        {
            fail(.forgotVote(node, term: grant.term, candidate: grant.candidate))
        }
        if let last = spoken[node], last > stored.term {
            fail(.forgotTerm(node, spoken: last, stored: stored.term))
        }
    }

    /// The node's disk was put back to an earlier state, which is known: what it has forgotten is no finding.
    func forget(_ node: NodeID) {
        lastGrant[node] = nil
        spoken[node] = nil
    }

    func stored(_ new: HardState, over old: HardState?, by node: NodeID) {
        guard let old else { return }
        let changedVote = new.term == old.term && old.vote != nil && new.vote != old.vote
        if new.term < old.term || changedVote { fail(.hardStateWentBack(node, term: new.term)) }
    }

    private func fail(_ found: Violation) {
        violation = violation ?? found
    }
}
