import Raft

/// One leader a term, one vote a term, and a term that never falls on a node, over all its lives.
final class VoteChecker {
    private struct Ballot: Hashable {
        let voter: NodeID
        let term: Term
    }

    private(set) var violation: Violation?
    private var leaders: [Term: NodeID] = [:]
    private var granted: [Ballot: NodeID] = [:]
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
        case .voteResponse(granted: true):
            let ballot = Ballot(voter: message.from, term: message.term)
            if let other = granted[ballot], other != message.to {
                fail(.votedTwice(message.from, term: message.term, other, message.to))
            }
            granted[ballot] = message.to
        default:
            break
        }
        spoken[message.from] = max(spoken[message.from] ?? 0, message.term)
    }

    /// `node` starts on a disk that holds `term`.
    func starts(_ node: NodeID, term: Term) {
        if let last = spoken[node], last > term { fail(.forgotTerm(node, spoken: last, stored: term)) }
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
