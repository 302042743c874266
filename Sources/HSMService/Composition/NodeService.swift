import AccessControl
import Audit
import CryptographicModule
import Foundation
import HSMNode
import HTTPTransport
import KeyVaultAPI
public import Logging
import ManagementAPI
import NIOCore
import NIOPosix
import NodeEnvironment
import PoolState
import Raft
import Replication
import RequestPipeline
import SecurityDomain
public import ServiceLifecycle
import UnixSignals

/// One node on a real machine: made from its configuration, run until it is told to stop.
public struct NodeService: Service, CustomStringConvertible, CustomReflectable {
    /// The program's, as `hsmd --version`, the pool's status and peers show it.
    public static let version = "0.1.0"
    /// How many clients may be connected to a node at once.
    public static var mostConnections: Int { TransportLimits().maximumConnections }

    /// The names alone. Who runs the service logs what it is, and its parts hold secrets.
    public var description: String { "node \(configuration.nodeName) of pool \(configuration.poolName)" }
    /// Empty, for the same reason.
    public var customMirror: Mirror { Mirror(self, children: []) }

    private let configuration: NodeConfiguration
    private let initialization: PoolInitialization?
    private let join: JoinFile?
    private let logger: Logger

    /// - Parameters:
    ///   - initialization: makes a new pool, of which this node is the first.
    ///   - join: lets this node join a pool that there is.
    public init(
        configuration: NodeConfiguration, initialization: PoolInitialization?, join: JoinFile? = nil, logger: Logger
    ) {
        self.join = join
        self.configuration = configuration
        self.initialization = initialization
        self.logger = logger
    }

    /// - Throws: ``NodeFailure``: what keeps the node from starting, before any socket opens; or what ended it.
    public func run() async throws {
        // One that comes while the node starts waits for it: by itself it would end the process, and systemd takes that
        // for a good end, after which it starts nothing again.
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        let node: NodeAssembly
        do {
            try initialization?.check(for: configuration)
            node = try NodeAssembly(
                configuration: configuration, initialization: initialization, join: join, joining: try await joined(),
                logger: logger)
            do {
                try await node.start()
            } catch {
                // What was made has to be ended in good order, too: some of it traps otherwise, and hides the cause.
                await node.stop()
                throw error
            }
        } catch {
            throw NodeFailure(error)
        }
        let reloads = Task {
            for await _ in hangUps { node.reloadCertificate() }
        }
        // What ends the node from within ends it in good order too: who has asked is answered, and the last messages go
        // out, by which an heir learns that it may lead.
        let cause = await cancelWhenGracefulShutdown { await node.ending.cause() }
        if let cause { logger.critical("this node ends", metadata: ["cause": "\(cause)"]) }
        reloads.cancel()
        await node.stop()
        if let cause { throw cause }
    }

    /// Shows the ticket to the pool, if there is one. Whether a node that was started before can do without an answer
    /// shows when its disk is read.
    private func joined() async throws -> Result<JoinAnswer, any Error>? {
        guard let join else { return nil }
        try join.check(against: configuration)
        let wasStarted = FileManager.default.fileExists(atPath: configuration.dataFolder + "/state.db")
        // Before the ticket is spent.
        guard wasStarted || join.identityDigest != nil else { throw join.identityIsMissing }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let joining = PoolJoining(configuration: configuration, file: join, group: group, logger: logger)
        do {
            let answer = try await joining.join()
            try await group.shutdownGracefully()
            return .success(answer)
        } catch {
            try? await group.shutdownGracefully()
            guard wasStarted else { throw error }
            return .failure(error)
        }
    }
}
