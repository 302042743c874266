import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import HTTPTransport

@Suite("Server: what stops it from starting", .serialized)
struct StartTests {
    private func failure(
        chain: String, key: String, configure: (inout HTTPServerConfiguration) -> Void = { _ in }
    ) async -> TransportError? {
        let files = TLSFiles(certificateChain: chain, privateKey: key)
        var configuration = HTTPServerConfiguration(host: "127.0.0.1", port: 0, tls: files)
        configure(&configuration)
        do throws(TransportError) {
            let server = HTTPServer(configuration: configuration)
            try await server.start(group: MultiThreadedEventLoopGroup.singleton, sink: RecordingSink())
            await server.shutdown(graceSeconds: 0)
            return nil
        } catch {
            return error
        }
    }

    @Test func `certificate and key are named where they can't be used`() async throws {
        let good = try TestCertificates.shared.get()
        let other = try TestCertificates()
        let garbage = try other.write("no PEM", to: "garbage.pem")
        let open = try other.write(String(contentsOfFile: good.key, encoding: .utf8), to: "open.pem", mode: 0o640)
        let missing = other.folder.path + "/missing.pem"
        let locked = try other.write(
            try await Commands.run(["openssl", "ec", "-in", good.key, "-aes128", "-passout", "pass:x"]).output,
            to: "locked.pem")

        #expect(await failure(chain: good.chain, key: good.key) == nil)
        #expect(
            await failure(chain: missing, key: good.key)
                == .certificate(file: missing, reason: "No such file or directory"))
        #expect(
            await failure(chain: garbage, key: good.key)
                == .certificate(file: garbage, reason: "holds no certificate in PEM format"))
        #expect(
            await failure(chain: other.folder.path, key: good.key)
                == .certificate(file: other.folder.path, reason: "is not a regular file"))
        #expect(
            await failure(chain: good.chain, key: garbage)
                == .privateKey(file: garbage, reason: "holds no unencrypted private key in PEM format"))
        #expect(
            await failure(chain: good.chain, key: locked)
                == .privateKey(file: locked, reason: "holds no unencrypted private key in PEM format"))
        #expect(
            await failure(chain: good.chain, key: open)
                == .privateKey(
                    file: open, reason: "is accessible to group or others; its mode must be 0600 or stricter"))
        let mismatch = await failure(chain: good.chain, key: other.key)
        guard case .privateKey(other.key, _) = mismatch else {
            Issue.record("\(String(describing: mismatch))")
            return
        }
    }

    @Test func `an expired certificate is refused`() async throws {
        let made = try TestCertificates()
        let request = made.folder.path + "/request.pem"
        let expired = made.folder.path + "/expired.pem"
        _ = try await Commands.run([
            "openssl", "req", "-new", "-key", made.key, "-subj", "/CN=localhost", "-out", request,
        ])
        _ = try await Commands.run([
            "openssl", "x509", "-req", "-in", request, "-signkey", made.key, "-days", "-1", "-out", expired,
        ])
        #expect(await failure(chain: expired, key: made.key) == .certificate(file: expired, reason: "has expired"))
    }

    @Test func `a port is never shared`() async throws {
        let good = try TestCertificates.shared.get()
        try await TestServer.run { server in
            let error = await failure(chain: good.chain, key: good.key) { $0.port = server.port }
            #expect(error == .addressInUse(host: "127.0.0.1", port: server.port))
            #expect(error?.description == "127.0.0.1:\(server.port) is already in use")
        }
    }

    @Test func `an address that is not ours is named`() async throws {
        let good = try TestCertificates.shared.get()
        let error = await failure(chain: good.chain, key: good.key) { $0.host = "192.0.2.77" }
        guard case .cannotBind("192.0.2.77", 0, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `limits that can't work are refused`() async throws {
        let good = try TestCertificates.shared.get()
        let error = await failure(chain: good.chain, key: good.key) { $0.limits.maximumConcurrentStreams = 0 }
        guard case .configuration = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a server starts once`() async throws {
        try await TestServer.run { server in
            await #expect(throws: TransportError.alreadyStarted) {
                try await server.server.start(group: server.group, sink: RecordingSink())
            }
        }
    }

    @Test func `a server that is shut down while it starts does not serve`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = HTTPServer(configuration: HTTPServerConfiguration(host: "127.0.0.1", port: 0, tls: nil))
        // Until then the loop can't listen.
        let mayListen = DispatchSemaphore(value: 0)
        group.next().execute { mayListen.wait() }
        await withTaskGroup(of: Result<Int, TransportError>.self) { starts in
            for _ in 0..<2 {
                starts.addTask {
                    do throws(TransportError) {
                        return .success(try await server.start(group: group, sink: RecordingSink()))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            // One of the two was refused: so the other one is under way.
            let refused = await starts.next()
            #expect(refused == .failure(.alreadyStarted))
            await server.shutdown(graceSeconds: 0)
            mayListen.signal()
            let interrupted = await starts.next()
            #expect(interrupted == .failure(.shutDown))
        }
        try await group.shutdownGracefully()
    }
}
