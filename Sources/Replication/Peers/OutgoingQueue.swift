import NodeEnvironment
import Raft

/// What waits to be sent to one node. Bounded by bytes: a peer that doesn't keep up costs this node a fixed amount of
/// memory, and consensus repeats what was dropped.
struct OutgoingQueue {
    let limit: Int
    private(set) var bytes = 0
    private var messages: [PeerMessage] = []
    private var first = 0

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { messages.count - first }
    var isEmpty: Bool { count == 0 }

    /// Appends, and drops what is oldest where the limit asks for it: messages of consensus first, since they are
    /// repeated or out of date anyway.
    ///
    /// Of pieces of a snapshot only the newest waits. A member asks for one at a time, and asks again for one that is
    /// long in coming: over a slow link the repetitions would become more and more, and hold up all else. A repetition
    /// leaves the first one its place, lest it be put off each time.
    ///
    /// - Returns: how many messages were dropped.
    mutating func append(_ message: PeerMessage) -> Int {
        if case .snapshotChunk(let chunk) = message, messages[first...].contains(where: { $0.repeats(chunk) }) {
            return 1
        }
        messages.append(message)
        bytes += message.queueBytes
        let before = count
        if message.isSnapshotPiece { drop(downTo: 0) { $0.isSnapshotPiece } }
        guard bytes > limit else { return before - count }
        // Down to half, so that a full queue isn't searched again for each message.
        drop(downTo: limit / 2) { if case .raft = $0 { return true } else { return false } }
        if bytes > limit { drop(downTo: limit / 2) { _ in true } }
        return before - count
    }

    private mutating func drop(downTo target: Int, where mayBeDropped: (PeerMessage) -> Bool) {
        var kept: [PeerMessage] = []
        // The newest message is kept whatever its size; else one beyond the limit could never be sent.
        let last = messages.count - 1
        for position in first...last {
            let message = messages[position]
            if position < last, bytes > target, mayBeDropped(message) {
                bytes -= message.queueBytes
            } else {
                kept.append(message)
            }
        }
        messages = kept
        first = 0
    }

    mutating func popFirst() -> PeerMessage? {
        guard first < messages.count else { return nil }
        let message = messages[first]
        first += 1
        bytes -= message.queueBytes
        if first == messages.count {
            messages.removeAll(keepingCapacity: true)
            first = 0
        } else if first >= 1024, first * 2 >= messages.count {
            messages.removeFirst(first)
            first = 0
        }
        return message
    }

    mutating func removeAll() {
        messages = []
        first = 0
        bytes = 0
    }
}

extension PeerMessage {
    fileprivate var isSnapshotPiece: Bool {
        if case .snapshotChunk = self { true } else { false }
    }

    /// Whether it is the same piece of the same snapshot.
    fileprivate func repeats(_ chunk: SnapshotChunk) -> Bool {
        guard case .snapshotChunk(let own) = self else { return false }
        return own.mark == chunk.mark && own.after == chunk.after
    }

    /// About what the message takes in memory.
    var queueBytes: Int {
        switch self {
        case .raft(let message):
            guard case .append(let request) = message.body else { return 128 }
            return request.entries.reduce(128) { $0 + $1.size + 64 }
        case .forwardedProposal(let proposal): return 128 + proposal.command.count
        case .proposalRefused, .nodeStatus: return 192
        case .unsealRequest(let bytes), .unsealReply(let bytes): return 64 + bytes.count
        case .snapshotRequest: return 512
        case .memberNotices(let notices): return notices.reduce(64) { $0 + 128 + $1.address.utf8.count }
        case .snapshotChunk(let chunk):
            return chunk.rows.reduce(512) { $0 + $1.key.count + ($1.value?.count ?? 0) + 64 }
                + chunk.blobs.reduce(0) { $0 + ($1.bytes?.count ?? 0) + 96 }
        }
    }
}
