import CryptographicModule
import HSMNode
import Logging
import NodeEnvironment
import PoolState
import Raft
import Replication
import SecurityDomain
import Synchronization

/// A node's data folder, opened; with a new pool on it where one was asked for.
final class NodeDisk {
    private let storage: SQLiteNodeStorage
    let materials: KeyMaterialReader
    let snapshots: StateSnapshotSource
    /// The new pool's keys, on the node that has just made it.
    let keyring: Keyring?
    /// The state as it was found, but for the keys, which nobody needs before the node is unsealed. Nothing in it is
    /// believed before that.
    let stored: PoolState?
    /// The pool's record as it was found, or as the first command of a pool that was just made will write it.
    let pool: PoolRecord?
    /// Whose keys the node takes from a peer.
    let anchor: PoolAnchor
    /// Why the new pool's identity key couldn't be noted in the folder; nil where it could. Once the pool's state is on
    /// the disk only people look for it there.
    let anchorFault: (any Error)?

    /// - Parameter beforeFounding: called on an empty folder before a new pool is made on it; what it throws leaves the
    ///   folder empty.
    init(
        _ configuration: NodeConfiguration, _ initialization: PoolInitialization?, _ join: JoinFile?,
        clock: SystemClock, beforeFounding: () throws -> Void
    ) throws {
        let opened = try SQLiteNodeStorage(
            folder: configuration.dataFolder,
            identity: FolderIdentity(poolID: configuration.poolID, node: configuration.nodeID))
        storage = opened
        let found = try opened.load()
        if initialization != nil {
            try Self.requireEmpty(found, configuration)
            try beforeFounding()
        }
        materials = try opened.makeKeyMaterialReader()
        snapshots = opened.makeSnapshotSource()
        let file = AnchorFile(dataFolder: configuration.dataFolder)
        // Nothing behind it keeps the node from starting: the new pool's root is in memory alone, and would be lost.
        var made: NewPool?
        if let initialization { made = try Self.initialize(opened, configuration, initialization, file, clock) }
        keyring = made?.keyring
        anchorFault = made?.anchorFault
        let state: PoolState? =
            found.rows.isEmpty
            ? nil
            : try PoolState(
                withoutKeysOf: found.rows.lazy.map { RowChange(table: $0.table, key: $0.key, value: $0.value) })
        stored = state
        pool = state?.pool ?? made?.pool
        // Where this program can't read the keyring it can't read what a peer sends either.
        let known = (state?.pool).flatMap { try? SealedKeyring.decode($0.keyring) }
        anchor = try PoolAnchor(
            poolID: configuration.poolID, isFounder: configuration.members.count > 1,
            file: file, made: made?.keyring.identity, stored: known?.identity, join: join)
    }

    private static func requireEmpty(
        _ found: StoredNode, _ configuration: NodeConfiguration
    ) throws(ConfigurationError) {
        guard found.hardState == nil, found.entries.isEmpty, found.compactedIndex == 0 else {
            throw ConfigurationError(
                file: configuration.file, problem: "the data folder \(configuration.dataFolder) holds a pool already",
                cure: "Start without --initialize. If that pool was never activated and none of its nodes is unsealed "
                    + "it is lost: empty its nodes' data folders, give it another pool_id, and begin again.")
        }
    }

    private typealias NewPool = (keyring: Keyring, pool: PoolRecord?, anchorFault: (any Error)?)

    /// What can keep the identity key from being noted is met before there is a pool; but it is put in its place after
    /// that. A start that ends before the pool is there has left a folder that is as empty as it was, and one that ends
    /// right after it a pool that is lost with its root, as whoever initializes again is told.
    private static func initialize(
        _ storage: SQLiteNodeStorage, _ configuration: NodeConfiguration, _ initialization: PoolInitialization,
        _ file: AnchorFile, _ clock: SystemClock
    ) throws -> NewPool {
        let now = clock.unixMilliseconds()
        let (keyring, genesis) = try GenesisMaker.make(configuration, initialization, now: now / 1000)
        let envelope = ProposalEnvelope(
            proposalID: Random.bytes(16), proposer: configuration.nodeID.rawValue, principal: nil,
            authentication: .localOperator, stampedAt: now, command: .initializePool(genesis))
        let configurationEntry = PoolConfiguration(voters: Set(configuration.members.map(\.id)))
        let authenticator = KeyringAuthenticator(keyring: keyring, epoch: configuration.firstEpoch)
        try file.prepare(keyring.identity.keyDigest)
        try NodeDriver.bootstrap(
            storage: storage, configuration: configurationEntry, genesis: envelope, authenticator: authenticator)
        var fault: (any Error)?
        do { try file.putInPlace() } catch { fault = error }
        var state = PoolState()
        _ = state.apply(index: 1, term: 1, envelope)
        return (keyring, state.pool, fault)
    }

    /// What a member has said to this node's ticket. A node that has the pool's state knows its peers by that, and
    /// needs nobody to start. One that hasn't knows only whom it is told of: it would call nobody, and let nobody in.
    ///
    /// - Throws: why there is no answer, if one is needed.
    func told(_ joining: Result<JoinAnswer, any Error>?, logger: Logger) throws -> JoinAnswer? {
        guard case .failure(let error)? = joining, stored != nil else { return try joining?.get() }
        logger.notice("going on without joining again", metadata: ["cause": "\(error)"])
        return nil
    }

    /// Hands the storage to its one user.
    func takeStorage() -> SQLiteNodeStorage { storage }
}
