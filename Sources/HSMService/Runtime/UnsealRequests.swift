import ManagementAPI
import Raft
import SecurityDomain
import Synchronization

/// The genuine requests that this node has had lately from sealed members and not granted: what an administrator may
/// approve, by the code that the member shows. One for each member.
final class UnsealRequests: Sendable {
    private struct Waiting {
        let request: PeerUnsealRequest
        var heardAt: Instant
        var wrongCodes = 0
    }

    /// A node that waits asks each of its peers every few seconds.
    private static let silence: Nanoseconds = 60_000_000_000
    /// Wrong codes for one request. There are a hundred million codes.
    private static let attempts = 5

    private let waiting = Mutex<[NodeID: Waiting]>([:])

    func keep(_ request: PeerUnsealRequest, of node: NodeID, now: Instant) {
        waiting.withLock { waiting in
            if waiting[node]?.request == request {
                waiting[node]?.heardAt = now
            } else {
                waiting[node] = Waiting(request: request, heardAt: now)
            }
        }
    }

    func drop(_ node: NodeID) { waiting.withLock { $0[node] = nil } }

    /// The transcript of the member's request, if it is the one that the code belongs to.
    ///
    /// - Parameter granted: of the member's request that was granted last, perhaps by another node.
    func transcript(
        of node: NodeID, code: String, granted: [UInt8]?, now: Instant
    ) throws(UnsealRequestRefusal) -> [UInt8] {
        let found = waiting.withLock { $0[node] }
        guard let found, now.since(found.heardAt) <= Self.silence, found.request.transcript != granted else {
            throw UnsealRequestRefusal(
                "Node \(node) doesn't wait for an approval here: it is unsealed, down, or can't reach this node, or an "
                    + "administrator has sealed it and officers open it. See: hsmctl pool status", isConflict: true)
        }
        guard found.wrongCodes < Self.attempts else {
            throw UnsealRequestRefusal(
                "Too many wrong codes were given for this request of node \(node). Restart the node: it then shows "
                    + "another code.", isConflict: true)
        }
        // Outside of the lock: a code takes a while.
        guard found.request.comparisonCode == code else {
            waiting.withLock { waiting in
                if waiting[node]?.request == found.request { waiting[node]?.wrongCodes += 1 }
            }
            throw UnsealRequestRefusal(
                "The code isn't that of node \(node). Read it at the node itself, in its log; if it shows the one that "
                    + "you gave, somebody else asks in its name: remove the node.")
        }
        return found.request.transcript
    }
}
