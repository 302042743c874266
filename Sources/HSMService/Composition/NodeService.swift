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
public struct NodeService: Service {
    public static let version = "0.1.0"

    private let configuration: NodeConfiguration
    private let initialization: PoolInitialization?
    private let logger: Logger

    public init(configuration: NodeConfiguration, initialization: PoolInitialization?, logger: Logger) {
        self.configuration = configuration
        self.initialization = initialization
        self.logger = logger
    }

    /// - Throws: ``NodeFailure``: what keeps the node from starting, before any socket opens; or what ended it.
    public func run() async throws {
        let node: NodeAssembly
        do {
            node = try NodeAssembly(configuration: configuration, initialization: initialization, logger: logger)
            try await node.start()
        } catch {
            throw NodeFailure(error)
        }
        let reloads = Task {
            for await _ in await UnixSignalsSequence(trapping: .sighup) { node.reloadCertificate() }
        }
        try await gracefulShutdown()
        reloads.cancel()
        await node.stop()
    }
}
