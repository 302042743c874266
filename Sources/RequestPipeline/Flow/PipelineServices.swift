public import AccessControl
public import Audit
public import CryptographicModule
public import Logging
public import PoolState

/// Everything that the request path reaches: made once at start, shared by all requests.
///
/// A class, as everything that goes along with a request: a struct of so many references would be retained and released
/// one by one at each hand-over.
public final class PipelineServices: Sendable {
    /// The pool's state and the way to change it. While the node is sealed, reads and writes fail.
    public let pool: any Pool
    /// Uses private keys and keeps those opened that were used lately.
    public let module: CryptographicModule
    /// Tells whether the node is unsealed, and has the keyring if it is.
    public let custody: any KeyCustody
    /// This node's own log. An answer that needs a record waits for it to be on disk.
    public let audit: AuditLog
    /// Counts requests of unauthenticated callers; its records, one for a minute, go to ``audit``.
    public let anonymous: AnonymousSampler
    /// Counts what is refused for load; its records go to ``audit``.
    public let loadRefusals: LoadRefusals
    /// Where slow cryptography runs, off the event loops.
    public let computation: any ComputationPool
    /// The names under which clients may reach this node. Any other gets 421.
    public let hosts: HostTable
    /// Dates requests and jobs, and decides whether tokens have expired.
    public let clock: any CivilClock
    /// How the configuration names pool and node.
    public let identity: ServiceIdentity
    /// The node's log, for its operator. No secret goes there.
    public let logger: Logger

    public init(
        pool: any Pool, module: CryptographicModule, custody: any KeyCustody, audit: AuditLog,
        anonymous: AnonymousSampler, computation: any ComputationPool, hosts: HostTable, clock: any CivilClock,
        identity: ServiceIdentity, logger: Logger
    ) {
        self.pool = pool
        self.module = module
        self.custody = custody
        self.audit = audit
        self.anonymous = anonymous
        loadRefusals = LoadRefusals(log: audit)
        self.computation = computation
        self.hosts = hosts
        self.clock = clock
        self.identity = identity
        self.logger = logger
    }
}

/// What the service says of itself in answers and in the names and headers of backups. Audit records get their names
/// elsewhere: `AuditOrigin`.
public struct ServiceIdentity: Sendable {
    /// Backup folders are named after it, too: `mhsm-{pool}-…`.
    public let poolName: String
    public let nodeName: String
    /// `node.region` of the configuration, sent as `x-ms-keyvault-region`.
    public let region: String
    /// Of the program, not of the protocol.
    public let version: String

    public init(poolName: String, nodeName: String, region: String, version: String) {
        self.poolName = poolName
        self.nodeName = nodeName
        self.region = region
        self.version = version
    }
}

/// Who holds the pool's keys on this node.
public protocol KeyCustody: Sendable {
    /// The unsealed pool, or `nil` while the node is sealed.
    var unsealed: UnsealedPool? { get }
    /// Whom the node lets bring the pool back; `nil` on one that began without a pool on its disk.
    var recovery: RecoveryAccess? { get }
    /// A sealed record of key material by the SHA-256 of its bytes; reads the disk.
    /// - Throws: ``CryptoError/recordMissing`` where there is none, or no longer.
    func record(digest: [UInt8]) throws(CryptoError) -> SealedRecord
}

/// A bounded pool of threads for computation that would hold up an event loop.
public protocol ComputationPool: Sendable {
    /// Queues `work`; returns false, without running it, when the queue is full, or the caller's part of it.
    ///
    /// - Parameter caller: who asked for it, since callers take turns; nil for the node itself.
    func submit(for caller: GUID?, _ work: @escaping @Sendable () -> Void) -> Bool

    /// Whether there is other work, waiting or running, beside the one that asks.
    var hasOtherWork: Bool { get }
}

/// Civil time.
public protocol CivilClock: Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    func unixMilliseconds() -> Int64
}
