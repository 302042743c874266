import Raft

/// Which process speaks as which node. A node has one living process; a second one means that folder and key were
/// copied, and must not be let in beside the first.
///
/// A value without a clock: times are nanoseconds that only move forward.
struct SessionTable {
    struct Session: Hashable {
        let processID: [UInt8]
        /// Names the connection.
        let connection: UInt64
        /// When something was last received on it.
        var lastHeard: UInt64
    }

    enum Admission: Hashable {
        /// `superseded`: the earlier connection of the same process, to be closed.
        case admitted(superseded: UInt64?)
        /// Another process is connected as this node and was last heard of that many nanoseconds ago.
        case refused(silentFor: UInt64)
    }

    private var sessions: [NodeID: Session] = [:]

    mutating func admit(_ node: NodeID, processID: [UInt8], connection: UInt64, now: UInt64) -> Admission {
        let old = sessions[node]
        if let old, old.processID != processID {
            return .refused(silentFor: now > old.lastHeard ? now - old.lastHeard : 0)
        }
        sessions[node] = Session(processID: processID, connection: connection, lastHeard: now)
        return .admitted(superseded: old?.connection)
    }

    mutating func heard(from node: NodeID, connection: UInt64, now: UInt64) {
        guard sessions[node]?.connection == connection else { return }
        sessions[node]?.lastHeard = now
    }

    mutating func ended(_ node: NodeID, connection: UInt64) {
        guard sessions[node]?.connection == connection else { return }
        sessions[node] = nil
    }

    subscript(node: NodeID) -> Session? { sessions[node] }
}
