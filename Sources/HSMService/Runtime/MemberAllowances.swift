import Raft
import Synchronization

/// What each member may ask of this node, and have of it.
final class MemberAllowances: Sendable {
    private struct Pair {
        var requests: Allowance
        var grants: Allowance

        init(now: Instant) { (requests, grants) = (.ofRequests(now: now), .ofGrants(now: now)) }
    }

    private let members = Mutex<[NodeID: Pair]>([:])

    func takeRequest(of node: NodeID) -> Bool { take(of: node) { $0.requests.take(now: $1) } }
    func takeGrant(of node: NodeID) -> Bool { take(of: node) { $0.grants.take(now: $1) } }

    private func take(of node: NodeID, _ body: (inout Pair, Instant) -> Bool) -> Bool {
        let now = SystemClock().now()
        return members.withLock { body(&$0[node, default: Pair(now: now)], now) }
    }
}
