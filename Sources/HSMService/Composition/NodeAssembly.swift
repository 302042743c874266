import AccessControl
import Audit
import BackupStores
import CryptographicModule
import Foundation
import HSMNode
import HTTPTransport
import Identity
import KeyVaultAPI
import Logging
import ManagementAPI
import NIOCore
import NIOPosix
import NodeEnvironment
import PoolState
import Raft
import Replication
import RequestPipeline
import SecurityDomain
import Synchronization

/// Puts the parts of a node together, in the order in which they can fail with the least consequence.
final class NodeAssembly: Sendable {
    private let configuration: NodeConfiguration
    private let logger: Logger
    private let loops: MultiThreadedEventLoopGroup
    /// Consensus and the connections to the other nodes share a loop: what one hands to the other wakes no thread, and
    /// no client's request delays a heartbeat.
    private let driverLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let computation: CryptoThreads
    private let module: CryptographicModule
    private let runtime: NodeRuntime
    private let transport: PeerTransport
    private let directory: MemberDirectory
    /// Raised only by the recovery of a pool that lost its quorum.
    private let epoch: UInt64
    private let vault: KeyVault
    private let unsealing: PeerUnsealing
    private let tickets: TicketKeeping
    private let officers: OfficerUnsealing
    private let ceremonies = OpenCeremonies()
    private let token: AutoUnsealing
    private let audit: AuditLog
    private let server: HTTPServer
    private let pipeline: RequestPipeline
    private let anonymous: AnonymousSampler
    private let loadRefusals: LoadRefusals
    private let firstKeyring: Keyring?
    private let stores: ConfiguredStores
    private let takeover: JobTakeover
    private let calendar: BackupCalendar
    private let tasks = Mutex<[Task<Void, Never>]>([])
    /// Begins when the pool has removed this node, or a new epoch has to be started.
    let ending: NodeEnding

    /// - Parameters:
    ///   - join: by which this node joins.
    ///   - joining: what came of showing the ticket; nil for a node that is started without one.
    init(
        configuration: NodeConfiguration, initialization: PoolInitialization?, join: JoinFile?,
        joining: Result<JoinAnswer, any Error>?, logger: Logger
    ) throws {
        (self.configuration, self.logger) = (configuration, logger)
        let ending = NodeEnding()
        self.ending = ending
        loops = MultiThreadedEventLoopGroup(
            numberOfThreads: configuration.eventLoops > 0 ? configuration.eventLoops : System.coreCount)
        computation = CryptoThreads(
            count: configuration.cryptoThreads, limit: 1024, longestWait: configuration.cryptoLongestWait)
        let nodeKey = try Self.readNodeKey(configuration)
        let disk = try Self.openDisk(configuration, initialization, join, driverLoops, logger)
        firstKeyring = disk.keyring
        let told = try disk.told(joining, logger: logger)
        let directory = MemberDirectory(configuration, stored: disk.stored, told: told?.members ?? [])
        let epoch = disk.stored?.pool?.epoch ?? told?.epoch ?? configuration.firstEpoch
        (self.directory, self.epoch) = (directory, epoch)
        let module = CryptographicModule(
            keyCacheBytes: ModuleSelfSetup.secureHeapBytes / 2, spareKeys: configuration.spareRSAKeys)
        self.module = module
        let hosts = HostTable(hosts: configuration.allHosts)
        let vault = try Self.makeVault(disk, module, hosts)
        self.vault = vault

        let links = NodeLinks(directory: directory, logger: logger)
        let alarms = AlarmJournal(logger: logger)
        let transport = try Self.makeTransport(configuration, epoch, links, driverLoops, alarms, logger)
        self.transport = transport
        let runtime = try Self.makeRuntime(
            configuration, disk, transport, links, driverLoops.next(), alarms, ending, logger)
        self.runtime = runtime
        audit = try Self.openAudit(configuration, disk, runtime, vault, logger)

        let opening = NodeOpening(
            runtime: runtime, vault: vault, ceremonies: ceremonies, epoch: epoch, logger: logger)
        (unsealing, tickets) = Self.makeUnsealing(
            configuration, nodeKey, disk.anchor, directory, runtime, transport, opening, alarms, logger)
        let facts = SealedFacts(disk.stored)
        let token = AutoUnsealing(
            place: configuration.autoUnseal, stored: { facts.current }, custody: vault, alarms: alarms, logger: logger)
        self.token = token
        let gate = RestoringGate(facts: facts, vault: vault, runtime: runtime, opening: opening, logger: logger)
        let (officers, recovery) = Self.makeCeremonies(facts, nodeKey, runtime, vault, opening, epoch, logger)
        self.officers = officers
        links.connect(vault: vault)
        links.connect(runtime: runtime, unsealing: unsealing, transport: transport)

        let anonymous = AnonymousSampler()
        self.anonymous = anonymous
        let services = PipelineServices(
            pool: runtime, module: module, custody: vault, audit: audit, anonymous: anonymous,
            computation: computation, hosts: hosts, clock: SystemClock(),
            identity: Self.serviceIdentity(configuration), logger: logger)
        loadRefusals = services.loadRefusals
        stores = try configuration.backupStores()
        let backups = Self.makeDesk(configuration, stores, disk, runtime)
        takeover = JobTakeover(services: services, desk: backups)
        calendar = BackupCalendar(runtime, vault, ScheduledBackups(services: services, desk: backups), alarms)
        let control = NodeControlPanel(
            configuration: configuration, directory: directory, runtime: runtime, vault: vault, officers: officers,
            recovery: recovery, token: token, unsealing: unsealing,
            sealing: NodeSealing(
                runtime: runtime, vault: vault, facts: facts, token: token, asking: unsealing.asking,
                ceremonies: ceremonies, logger: logger),
            restoring: OfficerRestoring(poolID: configuration.poolID, nodeKey: nodeKey, gate: gate), epoch: epoch)
        let endpoints = Self.endpoints(gate, nodeKey, backups, control, ceremonies)
        pipeline = RequestPipeline(endpoints: endpoints, services: services)
        server = Self.makeServer(configuration)
    }

    /// Asking peers for the root, granting it to them, and keeping what this node shows of itself.
    private static func makeUnsealing(
        _ configuration: NodeConfiguration, _ nodeKey: FileSigningKey, _ anchor: PoolAnchor,
        _ directory: MemberDirectory, _ runtime: NodeRuntime, _ transport: PeerTransport, _ opening: NodeOpening,
        _ alarms: AlarmJournal, _ logger: Logger
    ) -> (PeerUnsealing, TicketKeeping) {
        let identity = PeerIdentity(
            poolID: configuration.poolID, epoch: opening.epoch, node: configuration.nodeID,
            bootNonce: Random.bytes(PeerUnsealRequest.bootNonceLength), machine: MachineFacts.read(), key: nodeKey)
        let file = TicketFile(dataFolder: configuration.dataFolder)
        let send: @Sendable (PeerMessage, NodeID) -> Void = { transport.send($0, to: $1) }
        let peers = PeerUnsealAsking.Peers(
            all: { directory.peers }, key: { directory.member($0)?.publicKey })
        let asking = PeerUnsealAsking(
            identity: identity, name: configuration.nodeName, anchor: anchor, tickets: file, peers: peers,
            custody: opening.vault, alarms: alarms, logger: logger, send: send, opened: { await opening.open($0) })
        let unsealing = PeerUnsealing(
            asking: asking, identity: identity, keyOf: peers.key, pool: runtime,
            custody: opening.vault, alarms: alarms, logger: logger, send: send)
        let tickets = TicketKeeping(
            identity: identity, file: file, pool: runtime, custody: opening.vault, asking: asking, alarms: alarms,
            logger: logger)
        return (unsealing, tickets)
    }

    private static func makeDesk(
        _ configuration: NodeConfiguration, _ stores: ConfiguredStores, _ disk: NodeDisk, _ runtime: NodeRuntime
    ) -> BackupDesk {
        BackupDesk(
            node: configuration.nodeID.rawValue, stores: stores,
            source: StoredState(snapshots: disk.snapshots, save: { await runtime.save() }))
    }

    private static func endpoints(
        _ gate: RestoringGate, _ nodeKey: FileSigningKey, _ backups: BackupDesk, _ control: NodeControlPanel,
        _ ceremonies: OpenCeremonies
    ) -> [Endpoint] {
        let restoring = DomainRestoring(
            nodeKey: nodeKey, situation: { gate.situation() }, take: { await gate.take($0) })
        ceremonies.watch([control.officers, control.recovery, control.restoring, restoring])
        return KeyVaultEndpoints.all(restoring: restoring, backups: backups) + ManagementEndpoints.all(node: control)
    }

    private static func serviceIdentity(_ configuration: NodeConfiguration) -> ServiceIdentity {
        ServiceIdentity(
            poolName: configuration.poolName, nodeName: configuration.nodeName, region: configuration.region,
            version: NodeService.version)
    }

    private static func makeServer(_ configuration: NodeConfiguration) -> HTTPServer {
        let api = configuration.api
        var limits = TransportLimits()
        limits.maximumConnectionsPerSource = configuration.connectionsPerSource
        return HTTPServer(
            configuration: HTTPServerConfiguration(
                host: api.host, port: api.port,
                tls: TLSFiles(certificateChain: api.certificateFile, privateKey: api.keyFile), limits: limits))
    }

    private static func readNodeKey(_ configuration: NodeConfiguration) throws -> FileSigningKey {
        let key: FileSigningKey
        do {
            key = try FileSigningKey(path: configuration.peers.keyFile)
        } catch CryptoError.keyRejected(let reason) {
            throw ConfigurationError(
                file: configuration.file, problem: "'peers.key_file' can't be used: \(reason)",
                cure: "It must be a file of this user with mode 0600, not a link, with an EC P-256 key, not encrypted.")
        }
        guard configuration.selfMember?.publicKey == key.spkiDER else {
            throw ConfigurationError(
                file: configuration.file,
                problem: "the key in \(configuration.peers.keyFile) isn't the one that 'members' names",
                cure: "Set this member's public_key to: openssl pkey -in node.key -pubout -outform DER | base64 -w0")
        }
        return key
    }

    /// The root of a new pool is in memory alone until the pool is activated: a start that fails after it was made
    /// costs the pool. So everything is looked at before.
    private static func openDisk(
        _ configuration: NodeConfiguration, _ initialization: PoolInitialization?, _ join: JoinFile?,
        _ group: MultiThreadedEventLoopGroup, _ logger: Logger
    ) throws -> NodeDisk {
        let disk = try NodeDisk(configuration, initialization, join, clock: SystemClock()) {
            let links = NodeLinks(directory: MemberDirectory(configuration, stored: nil, told: []), logger: logger)
            let alarms = AlarmJournal(logger: logger)
            _ = try makeTransport(configuration, configuration.firstEpoch, links, group, alarms, logger)
            try makeServer(configuration).validate()
            _ = try configuration.backupStores()
            try FoundingChecks.auditLog(configuration.auditFolder)
            try FoundingChecks.ports([configuration.api, configuration.peers], group)
        }
        if let fault = disk.anchorFault {
            logger.error("the new pool's identity key can't be noted in its file", metadata: ["cause": "\(fault)"])
        }
        if disk.stored?.wasRemoved(configuration.nodeID.rawValue) == true { throw NodeFailure.removed }
        return disk
    }

    private static func makeVault(
        _ disk: NodeDisk, _ module: CryptographicModule, _ hosts: HostTable
    ) throws -> KeyVault {
        try KeyVault(
            module: module, materials: disk.materials, facadeAudiences: hosts.facadeAudiences, stored: disk.stored)
    }

    /// What officers can do here: open the node, and let it go on alone.
    private static func makeCeremonies(
        _ facts: SealedFacts, _ nodeKey: FileSigningKey, _ runtime: NodeRuntime, _ vault: KeyVault,
        _ opening: NodeOpening, _ epoch: UInt64, _ logger: Logger
    ) -> (unsealing: OfficerUnsealing, recovery: OfficerUnsealing) {
        let unsealing = OfficerUnsealing(
            purpose: .unseal, stored: { facts.current }, nodeKey: nodeKey,
            obstacle: { vault.unsealed == nil ? nil : "This node is unsealed already." },
            opened: { keyring in
                await opening.openByOfficers(keyring)
                return vault.unsealed != nil
            })
        let recovering = PoolRecovering(runtime: runtime, epoch: epoch, logger: logger)
        let recovery = OfficerUnsealing(
            purpose: .recoverPool,
            stored: { vault.unsealed == nil ? facts.current : OfficerUnsealing.Stored(runtime.latestView.state) },
            nodeKey: nodeKey,
            obstacle: {
                runtime.latestStanding.leader.map { "Node \($0) leads a majority: there is nothing to recover." }
            },
            opened: { try await recovering.recover($0) })
        return (unsealing, recovery)
    }

    private static func makeTransport(
        _ configuration: NodeConfiguration, _ epoch: UInt64, _ links: NodeLinks, _ group: MultiThreadedEventLoopGroup,
        _ alarms: AlarmJournal, _ logger: Logger
    ) throws -> PeerTransport {
        let settings = PeerTransportConfiguration(
            node: configuration.nodeID, uri: configuration.uri(of: configuration.nodeID), poolID: configuration.poolID,
            epoch: epoch, processID: Random.bytes(16), host: configuration.peers.host,
            port: configuration.peers.port,
            tls: PeerTLSFiles(
                certificateChain: configuration.peers.certificateFile, privateKey: configuration.peers.keyFile,
                authorities: configuration.peerAuthorityFile))
        return try PeerTransport(
            configuration: settings, expectedPins: configuration.selfMember.map { [$0.keyDigest] } ?? [],
            handlers: PeerHandlers(
                received: { links.received($1, from: $0) }, connected: { links.connected($0) },
                admitted: { links.returned($0) }, alarm: { alarms.log("\($0)") }),
            group: group, logger: logger)
    }

    private static func makeRuntime(
        _ configuration: NodeConfiguration, _ disk: NodeDisk, _ transport: PeerTransport, _ links: NodeLinks,
        _ loop: any EventLoop, _ alarms: AlarmJournal, _ ending: NodeEnding, _ logger: Logger
    ) throws -> NodeRuntime {
        let clock = SystemClock()
        var raft = Raft.Options(id: configuration.nodeID, randomSeed: SystemRandom().uint64())
        // Until the node knows what its pool has chosen it counts on leases: that is safe with any choice.
        raft.reads = .lease
        // Longer than one client takes from write to write, so that its next entry tells them.
        raft.newsDelay = 3_000_000
        let options = try PlantedMember.altered(NodeOptions(raft: raft, version: NodeService.version))
        // Handed over: from here on only the driver's loop touches it.
        nonisolated(unsafe) let storage = disk.takeStorage()
        return try loop.submit {
            // A leader whose heartbeats wait for a processor loses its office.
            logger.info("consensus", metadata: ["goesFirst": "\(ThreadPriority.goFirst())"])
            let observer = NodeObserver(
                published: { links.published($0) },
                materialRemoved: { links.materialRemoved($0) },
                leased: { links.leased($0) },
                alarm: { alarm in
                    alarms.log("\(alarm)")
                    if alarm == .removed { ending.begin(.removed) }
                },
                roleChanged: { logger.info("role changed", metadata: ["role": "\($0.role)", "term": "\($0.term)"]) },
                unsealMessage: { links.unsealMessage($0, from: $1) })
            let driver = try NodeDriver(
                options: options,
                environment: NodeDriver.Environment(
                    storage: storage, network: transport, clock: clock, random: SystemRandom(), observer: observer),
                now: clock.now())
            return NodeRuntime(
                driver: driver, loop: loop, clock: clock, view: PoolView(state: PoolState(), appliedIndex: 0),
                onHalt: { reason in
                    if case .recovered(let epoch) = reason { return ending.begin(.startAgain(epoch: epoch)) }
                    if let failure = NodeFailure.tooOld(for: reason) { return ending.begin(failure) }
                    logger.critical("the node has stopped: its disk failed", metadata: ["reason": "\(reason)"])
                    exit(EX_IOERR)
                })
        }.wait()
    }

    private static func openAudit(
        _ configuration: NodeConfiguration, _ disk: NodeDisk, _ runtime: NodeRuntime, _ vault: KeyVault,
        _ logger: Logger
    ) throws -> AuditLog {
        let node = configuration.nodeID.rawValue
        // What this node once told the pool about its log: a log that falls short of it, or differs, was tampered with.
        let known = disk.stored?.auditHead(of: node).map { Audit.AuditHead(count: $0.count, chain: $0.hash) }
        let options = AuditLogOptions(anchors: known.map { [$0] } ?? [], onHead: { head in
            guard vault.unsealed != nil else { return }
            let command = ReplicatedAuditHead.command(
                node: node, count: head.count, hash: head.chain, time: SystemClock().unixMilliseconds())
            // A head that isn't taken now is covered by the next one.
            runtime.submit(command, origin: .node) { _ in }
        }, onHeadFailure: { error in
            logger.error("the audit log's head file can't be written", metadata: ["cause": "\(error)"])
        }, onFileFailure: { error in
            logger.error("the audit log's next file can't be begun", metadata: ["cause": "\(error)"])
        }, onFileBegun: {
            logger.notice("the audit log's next file is begun after all")
        })
        let found = disk.pool
        return try AuditLog(
            folder: configuration.auditFolder,
            origin: Self.auditOrigin(configuration, runtime.latestView.state.pool ?? found), options: options)
    }

    /// A node that joins knows its pool's tenant only when it has the pool's state.
    private static func auditOrigin(_ configuration: NodeConfiguration, _ pool: PoolRecord?) -> AuditOrigin {
        AuditOrigin(
            node: configuration.nodeName, pool: configuration.poolName, tenant: pool?.tenantID.description,
            issuer: pool.map { TokenAuthority.issuer(of: $0) })
    }

    // MARK: Life

    func start() async throws {
        // Before the peers' socket opens: a node without a certificate for clients is of no use to its peers either.
        try server.validate()
        _ = try await transport.start()
        transport.setPeers(directory.peerRecords)
        let port = try await server.start(group: loops, sink: pipeline)
        runtime.start()
        logger.notice(
            "listening", metadata: ["api": "\(configuration.api.host):\(port)", "peers": "\(configuration.peers.port)"])
        let opening = NodeOpening(
            runtime: runtime, vault: vault, ceremonies: ceremonies, epoch: epoch, logger: logger)
        let housekeeping = Housekeeping(
            node: configuration.nodeID.rawValue, runtime: runtime, takeover: takeover,
            rewrapping: KeyRewrapping(
                runtime: runtime, custody: vault, module: module, computation: computation, audit: audit,
                logger: logger),
            custody: vault, ceremonies: ceremonies, module: module, computation: computation,
            baseURL: "https://" + (configuration.allHosts.first ?? configuration.nodeName), audit: audit,
            anonymous: anonymous, alarms: AlarmJournal(logger: logger), logger: logger)
        // Not waited for: a node that can't be unsealed yet still has to stop when it is told to.
        let unsealed = Task { [unsealing, firstKeyring] in
            if let firstKeyring { await opening.open(firstKeyring) }
            if !PlantedMember.staysSealed { await unsealing.asking.run() }
        }
        let asking = Task { [token] in await token.run { await opening.open($0) } }
        let spares = SpareKeyMaker(module: module, computation: computation, logger: logger)
        tasks.withLock {
            $0 = [
                unsealed, asking, Task { await housekeeping.run() }, Task { await spares.run() },
                Task { [calendar] in await calendar.run() }, Task { [tickets] in await tickets.run() },
            ]
        }
    }

    /// Reads the API's certificate and key again; connections that are open keep the old one.
    func reloadCertificate() {
        do {
            try server.reloadCertificate()
            logger.notice("certificate reloaded", metadata: ["file": "\(configuration.api.certificateFile)"])
        } catch {
            logger.error("the certificate was not reloaded: the old one stays", metadata: ["cause": "\(error)"])
        }
    }

    func stop() async {
        for task in tasks.withLock({ $0 }) { task.cancel() }
        await server.shutdown(graceSeconds: 5)
        await runtime.stop()
        await transport.shutdown()
        await stores.shutdown()
        vault.close()
        if let summary = anonymous.drain() { audit.append(summary) { _ in } }
        loadRefusals.record()
        audit.close()
        await computation.shutdown()
        try? await loops.shutdownGracefully()
        try? await driverLoops.shutdownGracefully()
    }
}
