import PoolState

/// The command that puts the end of this node's audit log into the hands of all members.
enum ReplicatedAuditHead {
    static func command(node: UInt64, count: UInt64, hash: [UInt8], time: Int64) -> PoolCommand {
        .auditHead(AuditHead(node: node, count: count, hash: hash, time: time))
    }
}
