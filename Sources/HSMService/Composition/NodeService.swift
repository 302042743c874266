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

    /// - Throws: what keeps the node from starting, before any socket opens; or what ended it.
    public func run() async throws {
        let node = try NodeAssembly(configuration: configuration, initialization: initialization, logger: logger)
        try await node.start()
        try await gracefulShutdown()
        await node.stop()
    }
}
