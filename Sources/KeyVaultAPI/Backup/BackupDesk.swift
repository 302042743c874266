public import Backup
import Synchronization

/// What a node needs to run backups and restores, beside what every request reaches.
public struct BackupDesk: Sendable {
    /// The node that runs the jobs begun or taken over here.
    public let node: UInt64
    /// Where backups may go to and come from.
    public let stores: any BackupStores
    /// What a backup is made of.
    public let source: any StateSource
    let atWork = JobsAtWork()

    /// To be made once for a process: the desk, and its copies, know which jobs the process works on.
    public init(node: UInt64, stores: any BackupStores, source: any StateSource) {
        self.node = node
        self.stores = stores
        self.source = source
    }
}

/// The jobs that this process works on: it must not go on with its own job because it could not say for a while how far
/// it is.
final class JobsAtWork: Sendable {
    private let jobs = Mutex<Set<[UInt8]>>([])

    func contains(_ id: [UInt8]) -> Bool { jobs.withLock { $0.contains(id) } }
    func insert(_ id: [UInt8]) { jobs.withLock { _ = $0.insert(id) } }
    func remove(_ id: [UInt8]) { jobs.withLock { _ = $0.remove(id) } }
}
