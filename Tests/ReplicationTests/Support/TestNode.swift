import Foundation
import Logging
import NIOCore
import NIOPosix
import NodeEnvironment
import Raft
import Replication
import Synchronization

struct TimedOut: Error, CustomStringConvertible {
    let description: String
}

/// Waits for something that happens in its own time; the limit only matters when the test fails.
func eventually(
    _ what: String, within seconds: Double = 300, _ condition: () -> Bool
) async throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while !condition() {
        guard ContinuousClock.now < end else { throw TimedOut(description: "never: \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// A peer transport, and what it has told its owner.
final class TestNode: Sendable {
    struct Events {
        var received: [(NodeID, PeerMessage)] = []
        var connected: [NodeID] = []
        var disconnected: [NodeID] = []
        /// From whom, each with how many messages had been received from all when it made its connection.
        var admitted: [(node: NodeID, received: Int)] = []
        var alarms: [PeerAlarm] = []

        var refusals: [PeerRefusal] {
            alarms.compactMap { if case .refused(let refusal, _) = $0 { return refusal } else { return nil } }
        }
        var clones: [NodeID] {
            alarms.compactMap { if case .clonedNode(let node, _) = $0 { return node } else { return nil } }
        }
    }

    let id: NodeID
    let transport: PeerTransport
    let port: Int
    let pin: [UInt8]
    private let box: Box

    static func fastTiming() -> PeerTiming {
        var timing = PeerTiming()
        timing.keepAlive = .milliseconds(100)
        // Longer than a machine that is busy with other tests keeps a node waiting. Tests of limits set their own.
        timing.handshake = .seconds(3600)
        timing.silence = .seconds(3600)
        timing.backoffMinimum = .milliseconds(20)
        timing.backoffMaximum = .milliseconds(100)
        return timing
    }

    static func configuration(
        _ node: UInt64, _ issued: CertificateAuthority.Issued, process: UInt8 = 1, port: Int = 0
    ) -> PeerTransportConfiguration {
        var configuration = PeerTransportConfiguration(
            node: NodeID(node), uri: CertificateAuthority.uri(node), poolID: Samples.pool, epoch: 1,
            processID: [UInt8](repeating: process, count: 16), host: "127.0.0.1", port: port, tls: issued.files)
        configuration.timing = fastTiming()
        return configuration
    }

    init(_ configuration: PeerTransportConfiguration) async throws {
        id = configuration.node
        let box = Box()
        let handlers = PeerHandlers(
            received: { node, messages in
                box.events.withLock { $0.received += messages.map { (node, $0) } }
            },
            connected: { node in box.events.withLock { $0.connected.append(node) } },
            disconnected: { node in box.events.withLock { $0.disconnected.append(node) } },
            admitted: { node in box.events.withLock { $0.admitted.append((node, $0.received.count)) } },
            alarm: { alarm in box.events.withLock { $0.alarms.append(alarm) } })
        var logger = Logger(label: "test.\(id)")
        logger.logLevel = ProcessInfo.processInfo.environment["TRACE"] == nil ? .critical : .debug
        transport = try PeerTransport(
            configuration: configuration, handlers: handlers, group: MultiThreadedEventLoopGroup.singleton,
            logger: logger)
        port = try await transport.start()
        pin = transport.ownPin
        self.box = box
    }

    private final class Box: Sendable {
        let events = Mutex(Events())
    }

    func read<Value: Sendable>(_ body: @Sendable (Events) -> Value) -> Value {
        box.events.withLock { body($0) }
    }

    var record: PeerRecord {
        PeerRecord(node: id, uri: CertificateAuthority.uri(id.rawValue), pins: [pin], host: "127.0.0.1", port: port)
    }

    func isConnected(to node: NodeID) -> Bool {
        read { events in
            events.connected.count { $0 == node } > events.disconnected.count { $0 == node }
        }
    }
}
