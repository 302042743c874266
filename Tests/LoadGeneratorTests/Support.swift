import Foundation
import HTTPTransport
import NIOCore
import NIOPosix
import Synchronization

@testable import LoadGenerator

/// A certificate for 127.0.0.1 in a temporary folder.
struct Certificate {
    static let shared = Result { try Certificate() }

    let chain: String
    let key: String

    private init() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("quorate-load-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        chain = folder.appendingPathComponent("chain.pem").path
        key = folder.appendingPathComponent("key.pem").path
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", chain,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.featureUnsupported) }
    }
}

/// Answers as a closure says; its argument is the number of the request, from 0.
final class ScriptedSink: RequestSink {
    private let count = Atomic<Int>(0)
    private let script: @Sendable (Int, HTTPRequest, Responder) -> Void

    init(_ script: @escaping @Sendable (Int, HTTPRequest, Responder) -> Void) { self.script = script }

    func bodyLimit(method: HTTPMethod, path: String) -> Int { 1024 }

    func handle(_ request: HTTPRequest, _ responder: Responder) {
        script(count.wrappingAdd(1, ordering: .relaxed).oldValue, request, responder)
    }
}

/// A server of one loop for the length of a test.
struct LoadServer {
    let server: HTTPServer
    let node: LoadPlan.Node

    static func with<Value>(
        _ sink: any RequestSink, name: String = "node-1", _ body: (LoadServer) async throws -> Value
    ) async throws -> Value {
        let certificate = try Certificate.shared.get()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var configuration = HTTPServerConfiguration(
            host: "127.0.0.1", port: 0, tls: TLSFiles(certificateChain: certificate.chain, privateKey: certificate.key))
        // Longer than a machine that is busy with other tests keeps the load waiting.
        configuration.timeouts.handshake = .seconds(3600)
        configuration.timeouts.firstRequest = .seconds(3600)
        let server = HTTPServer(configuration: configuration)
        let port = try await server.start(group: group, sink: sink)
        let node = LoadPlan.Node(name: name, host: "127.0.0.1", port: port)
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(LoadServer(server: server, node: node)))
        } catch {
            result = .failure(error)
        }
        await server.shutdown(graceSeconds: 0)
        try await group.shutdownGracefully()
        return try result.get()
    }
}

extension LoadPlan {
    /// One kind of request to the given nodes, measured from the beginning.
    static func test(
        _ nodes: [Node], _ arrival: Arrival, seconds: Double, connections: Int = 2, streams: Int = 4,
        timeout: Double = 10, paths: [String] = ["/keys/a/sign"]
    ) throws -> LoadPlan {
        LoadPlan(
            nodes: nodes, authorityFile: try Certificate.shared.get().chain, tokens: ["token"],
            operations: [
                Operation(
                    name: "sign", weight: 1, choice: .uniform,
                    requests: paths.map { Request(path: $0, body: Array("{}".utf8)) })
            ], arrival: arrival, connections: connections, streams: streams, warmUp: 0,
            duration: UInt64(seconds * 1e9), timeout: UInt64(timeout * 1e9))
    }

    static func steady(_ rate: Double) -> Arrival { .open(from: rate, to: rate, spacing: .even) }

    /// Runs the plan in this process.
    func run(_ each: (LoadSession, LoadPoint) async -> Void = { _, _ in }) async throws -> LoadTally {
        var tally = LoadTally(processes: 1, nodes: nodes.count, operations: operations.count)
        let session = try await LoadSession.connect(self, patience: .seconds(3600))
        for await sample in session.run() {
            if let point = tally.add(sample) { await each(session, point) }
        }
        await session.close()
        tally.finish()
        return tally
    }
}
