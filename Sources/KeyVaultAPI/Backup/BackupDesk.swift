public import Backup

/// What a node needs to run backups and restores, beside what every request reaches.
public struct BackupDesk: Sendable {
    /// The node that runs the jobs begun here.
    public let node: UInt64
    public let stores: any BackupStores
    public let source: any StateSource

    public init(node: UInt64, stores: any BackupStores, source: any StateSource) {
        self.node = node
        self.stores = stores
        self.source = source
    }
}
