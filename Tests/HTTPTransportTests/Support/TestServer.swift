import NIOCore
import NIOPosix

@testable import HTTPTransport

/// A server on a loopback port for the length of one test.
struct TestServer {
    let server: HTTPServer
    let port: Int
    let group: MultiThreadedEventLoopGroup

    @discardableResult
    static func run<Result>(
        tls: Bool = true, sink: any RequestSink = RecordingSink(), loops: Int = 1,
        configure: (inout HTTPServerConfiguration) -> Void = { _ in }, body: (TestServer) async throws -> Result
    ) async throws -> Result {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        let certificates = try TestCertificates.shared.get()
        let files = TLSFiles(certificateChain: certificates.chain, privateKey: certificates.key)
        var configuration = HTTPServerConfiguration(host: "127.0.0.1", port: 0, tls: tls ? files : nil)
        // Longer than a machine that is busy with other tests keeps a client waiting, which can be many minutes: a test
        // that computes holds one of the few threads of all tasks. Tests of limits set their own.
        configuration.timeouts.handshake = .seconds(3600)
        configuration.timeouts.firstRequest = .seconds(3600)
        configuration.timeouts.idle = .seconds(3600)
        configuration.timeouts.request = .seconds(3600)
        configuration.timeouts.writeStall = .seconds(3600)
        configure(&configuration)
        let server = HTTPServer(configuration: configuration)
        let port = try await server.start(group: group, sink: sink)
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await body(TestServer(server: server, port: port, group: group)))
        } catch {
            outcome = .failure(error)
        }
        await server.shutdown(graceSeconds: 0)
        try await group.shutdownGracefully()
        return try outcome.get()
    }

    func client() async throws -> HTTP2Client {
        try await HTTP2Client.connect(
            host: "127.0.0.1", port: port, trust: .certificates(file: try TestCertificates.shared.get().chain),
            group: group, timeout: .seconds(3600))
    }

    func curl(_ arguments: String..., path: String = "/", input: String = "") async throws -> Commands.Outcome {
        let chain = try TestCertificates.shared.get().chain
        return try await Commands.run(
            ["curl", "-sS", "--max-time", "300", "--cacert", chain] + arguments + ["https://localhost:\(port)\(path)"],
            input: input)
    }
}

extension TestServer {
    /// Has the loop of a server of one loop go all the way around so many times: it has done by then what it can do
    /// without hearing from anybody.
    func letLoopTurn(_ times: Int = 20) async throws {
        for _ in 0..<times { try await group.next().scheduleTask(in: .microseconds(100)) {}.futureResult.get() }
    }
}

extension Duration {
    static let short = Duration.milliseconds(200)
}
