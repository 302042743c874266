import Raft
import Synchronization

/// What each member may ask of this node, and have of it.
final class MemberAllowances: Sendable {
    private struct Kinds {
        var requests: Allowance
        var grants: Allowance
        var notices: Allowance

        init(now: Instant) {
            (requests, grants, notices) = (.ofRequests(now: now), .ofGrants(now: now), .ofNotices(now: now))
        }
    }

    private let members = Mutex<[NodeID: Kinds]>([:])

    func takeRequest(of node: NodeID) -> Bool { take(of: node) { $0.requests.take(now: $1) } }
    func takeGrant(of node: NodeID) -> Bool { take(of: node) { $0.grants.take(now: $1) } }

    func takeNotice(of node: NodeID) -> Bool { take(of: node) { $0.notices.take(now: $1) } }

    private func take(of node: NodeID, _ body: (inout Kinds, Instant) -> Bool) -> Bool {
        let now = SystemClock().now()
        return members.withLock { body(&$0[node, default: Kinds(now: now)], now) }
    }
}
