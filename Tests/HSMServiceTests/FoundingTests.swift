import Audit
import Foundation
import Logging
import NodeEnvironment
import PoolState
import Raft
import Replication
import RequestTesting
import SecurityDomain
import Testing

@testable import HSMService

/// What stands in a new pool's way is found before there is one: its root would be in memory alone, and the folder be
/// taken for a pool.
@Suite struct FoundingTests {
    /// The node's and the pool's file.
    private let files: TemporaryFolder
    private let data: TemporaryFolder
    private let audit: TemporaryFolder
    private let configuration: NodeConfiguration
    private let initialization: PoolInitialization

    init() throws {
        (files, data, audit) = (try TemporaryFolder(), try TemporaryFolder(), try TemporaryFolder())
        let text = ConfigurationTests.good.replacing(
            "  data_folder: data\n", with: "  data_folder: \(data.path)\n  audit_folder: \(audit.path)\n")
        configuration = try NodeConfiguration.load(file: files.write("node.yaml", text))
        initialization = try PoolInitialization.load(
            file: files.write("initialize.yaml", ConfigurationTests.initialization))
    }

    /// The disk with a new pool on it.
    private func found() throws -> NodeDisk {
        let folder = configuration.auditFolder
        return try NodeDisk(configuration, initialization, nil, clock: SystemClock()) {
            try FoundingChecks.auditLog(folder)
        }
    }

    @Test func aPoolIsFoundedOnce() throws {
        #expect(try found().keyring != nil)
        let error = #expect(throws: ConfigurationError.self) { try found() }
        #expect(error?.problem.contains("holds a pool already") == true)
    }

    /// What keeps the identity key from being noted is met before there is a pool.
    @Test(arguments: ["pool-identity", "pool-identity.tmp"])
    func aFolderWhereTheIdentityKeyCanNotBeNotedCostsNoPool(name: String) throws {
        #expect(mkdir("\(data.path)/\(name)", 0o700) == 0)
        #expect(throws: (any Error).self) { try found() }
        #expect(rmdir("\(data.path)/\(name)") == 0)
        try expectFounded()
    }

    /// The power fails before the pool is on the disk: nothing is bound to the keys that went with it.
    @Test func anInterruptedFoundingIsRepeated() throws {
        let file = AnchorFile(dataFolder: data.path)
        try file.prepare([UInt8](repeating: 7, count: 32))
        let disk = { try NodeDisk(configuration, nil, nil, clock: SystemClock()) {} }
        #expect(try disk().anchor.identity == .founding)
        try expectFounded()
        // The state isn't on the disk yet.
        let known = try #require(try file.read())
        #expect(try disk().anchor.identity == .known(known))
    }

    /// A node that joins has files before it has anything in them by which it would know its peers.
    @Test func aNodeWithoutThePoolsStateNeedsTheAnswerToItsTicket() throws {
        let failure = NodeFailure.noMember(ConfigurationError(file: "join", problem: "nobody answers", cure: "Wait."))
        let logger = Logger(label: "test")
        let disk = { try NodeDisk(configuration, nil, nil, clock: SystemClock()) {} }
        for _ in 0..<2 {
            #expect(throws: NodeFailure.self) { try disk().told(.failure(failure), logger: logger) }
            let answer = JoinAnswer(members: [], epoch: 4)
            #expect(try disk().told(.success(answer), logger: logger)?.epoch == 4)
        }
        try storeState()
        #expect(try disk().told(.failure(failure), logger: logger)?.epoch == nil)
    }

    /// A state with the pool's record.
    private func storeState() throws {
        let (_, genesis) = try GenesisMaker.make(configuration, initialization, now: 0)
        let envelope = ProposalEnvelope(
            proposalID: [UInt8](repeating: 1, count: 16), proposer: 1, principal: nil, authentication: .localOperator,
            stampedAt: 0, command: .initializePool(genesis))
        var state = PoolState()
        let rows = state.apply(index: 1, term: 1, envelope).rows
        let storage = try SQLiteNodeStorage(
            folder: data.path, identity: FolderIdentity(poolID: configuration.poolID, node: configuration.nodeID))
        _ = try storage.load()
        try storage.persist(
            hardState: HardState(term: 1, commit: 1), truncateFrom: nil,
            entries: [LogEntry(index: 1, term: 1, payload: .noOp, tag: [])])
        try storage.saveApplied(
            AppliedMark(index: 1, term: 1, chainTag: [], stateRoot: [], tag: []),
            rows: rows.map { StateRow(table: $0.table, key: $0.key, value: $0.value) }, blobs: [])
    }

    private func expectFounded() throws {
        let disk = try found()
        let digest = try #require(disk.keyring?.identity.keyDigest)
        #expect(disk.anchor.identity == .known(digest) && disk.anchorFault == nil)
        #expect(try AnchorFile(dataFolder: data.path).read() == digest)
        #expect(access("\(data.path)/pool-identity.tmp", F_OK) != 0)
    }

    /// It was kept of a pool that is lost.
    @Test func aDamagedAuditLogCostsNoPool() throws {
        try AuditLog(folder: audit.path, origin: AuditOrigin(node: "node-1", pool: "lost")).close()
        let file = "\(audit.path)/audit-00000001.jsonl"
        let good = try String(contentsOfFile: file, encoding: .utf8)
        let bad = good.replacing("lost", with: "last")
        _ = try audit.write("audit-00000001.jsonl", bad)
        let failure = #expect(throws: NodeFailure.self) { try found() }
        #expect(failure?.exitCode == 74 && failure?.description.contains("doesn't verify") == true)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == bad)
        // Moved away: the new pool begins its own.
        for name in ["audit-00000001.jsonl", "head"] { unlink("\(audit.path)/\(name)") }
        #expect(try found().keyring != nil)
    }

    /// Another process has it open.
    @Test func anAuditLogInUseCostsNoPool() throws {
        let other = try AuditLog(folder: audit.path, origin: AuditOrigin(node: "node-1", pool: "other"))
        #expect(throws: AuditOpenError.inUse) { try found() }
        other.close()
        #expect(try found().keyring != nil)
    }
}
