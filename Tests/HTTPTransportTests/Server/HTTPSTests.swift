import Foundation
import NIOCore
import Synchronization
import Testing

@testable import HTTPTransport

@Suite("Server: HTTPS on loopback", .serialized)
struct HTTPSTests {
    private let request = HTTP2ClientRequest(method: .post, authority: "localhost", path: "/a?b=c", body: [1, 2, 3])

    @Test func `HTTP/2 requests share a connection`() async throws {
        let sink = RecordingSink()
        try await TestServer.run(sink: sink) { server in
            let client = try await server.client()
            try await withThrowingTaskGroup(of: Int.self) { tasks in
                for number in 0..<300 {
                    tasks.addTask {
                        let response = try await client.send(
                            HTTP2ClientRequest(
                                method: .post, authority: "localhost", path: "/\(number)", body: Array("\(number)".utf8)
                            ))
                        #expect(response.text == "\(number)")
                        return response.status
                    }
                }
                for try await status in tasks { #expect(status == 200) }
            }
            #expect(server.server.openConnections == 1)
            await client.close()
        }
        #expect(sink.seen.count == 300)
        #expect(sink.seen.allSatisfy { $0.remoteAddress == "127.0.0.1" && $0.connection.isEncrypted })
    }

    @Test func `answers may come from other threads`() async throws {
        let sink = RecordingSink { request, responder in
            Thread.detachNewThread { responder.respond(HTTPResponse(status: 200, body: request.body)) }
        }
        try await TestServer.run(sink: sink, loops: 2) { server in
            let client = try await server.client()
            for _ in 0..<50 {
                let response = try await client.send(request)
                #expect(response.body == [1, 2, 3])
            }
            await client.close()
        }
    }

    @Test func `the memo belongs to the connection, on its loop`() async throws {
        let sink = RecordingSink { request, responder in
            #expect(request.connection.isOnLoop)
            let count = ((request.connection.memo as? Count)?.value ?? 0) + 1
            request.connection.memo = Count(value: count)
            request.connection.execute { responder.respond(HTTPResponse(status: 200, body: [UInt8(count)])) }
        }
        try await TestServer.run(sink: sink) { server in
            for expected in [[1, 2], [1, 2]] as [[UInt8]] {
                let client = try await server.client()
                var counts: [UInt8] = []
                for _ in 0..<2 { counts += try await client.send(request).body }
                #expect(counts == expected)
                await client.close()
            }
        }
    }

    @Test(arguments: ["--http2", "--http1.1", "--http1.0", "--no-alpn"])
    func `curl speaks to it`(version: String) async throws {
        try await TestServer.run { server in
            let outcome = try await server.curl(
                version, "-i", "--data-binary", "@-", path: "/x%20y?z", input: String(repeating: "a", count: 5000))
            #expect(outcome.status == 0, "\(outcome.errors)")
            let lowered = outcome.output.lowercased()
            #expect(lowered.hasPrefix(version == "--http2" ? "http/2 200" : "http/1.1 200"))
            #expect(lowered.contains("x-path: /x%20y\r\n"))
            #expect(lowered.contains("content-length: 5000\r\n"))
            #expect(lowered.contains("\r\ndate: "))
            #expect(outcome.output.hasSuffix(String(repeating: "a", count: 5000)))
        }
    }

    @Test(arguments: ["--http2", "--http1.1"])
    func `curl is told to continue, and to stop`(version: String) async throws {
        try await TestServer.run(sink: RecordingSink(bodyLimit: 100_000)) { server in
            // It would wait for longer than it may take for all: it has to be told.
            let accepted = try await server.curl(
                version, "-H", "Expect: 100-continue", "--expect100-timeout", "3600", "--data-binary", "@-", "-o",
                "/dev/null", "-w", "%{http_code}", input: String(repeating: "a", count: 90_000))
            #expect(accepted.status == 0 && accepted.output == "200")
            let refused = try await server.curl(
                version, "--data-binary", "@-", "-w", "%{http_code}", input: String(repeating: "a", count: 400_000))
            #expect(refused.output.hasSuffix("413"))
            #expect(refused.output.contains("RequestBodyTooLarge"))
        }
    }

    @Test func `nghttp sees a clean connection`() async throws {
        try await TestServer.run { server in
            let outcome = try await Commands.run([
                "nghttp", "-v", "-m", "20", "--no-dep", "https://localhost:\(server.port)/n",
            ])
            #expect(outcome.status == 0)
            #expect(outcome.output.contains(":status: 200"))
            #expect(!outcome.output.contains("RST_STREAM"))
            #expect(outcome.output.contains("SETTINGS_MAX_CONCURRENT_STREAMS(0x03):100"))
        }
    }

    @Test func `old protocols and weak suites are refused`() async throws {
        try await TestServer.run { server in
            func handshake(_ options: String...) async throws -> Bool {
                let target = "localhost:\(server.port)"
                let outcome = try await Commands.run(["openssl", "s_client", "-connect", target] + options)
                return outcome.output.contains("Cipher is ") && !outcome.output.contains("Cipher is (NONE)")
            }
            let accepted = [
                try await handshake("-tls1_3"), try await handshake("-tls1_2"),
                try await handshake("-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"),
            ]
            #expect(accepted == [true, true, true])
            let refused = [
                try await handshake("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"),
                try await handshake("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384"),
            ]
            #expect(refused == [false, false])
        }
    }

    @Test func `a handshake that does not go on is ended`() async throws {
        try await TestServer.run(configure: { $0.timeouts.handshake = .short }) { server in
            let socket = try #require(RawSocket(port: server.port))
            #expect(await socket.read().ending == .closed)
            let garbage = try #require(RawSocket(port: server.port))
            garbage.send("GET / HTTP/1.1\r\n\r\n")
            #expect(await garbage.read().ending == .closed)
        }
    }

    @Test func `a handshake that has ended has no deadline any more`() async throws {
        // A busy machine may need more than the first of these times for a handshake.
        for limit in [Duration.short, .seconds(5), .seconds(60)] {
            let isServed = try await TestServer.run(configure: { $0.timeouts.handshake = limit }) { server in
                guard let client = try? await server.client() else { return false }
                try await Task.sleep(for: limit)
                let response = try? await client.send(request)
                await client.close()
                return response?.status == 200
            }
            if isServed { return }
        }
        Issue.record("never served behind the deadline of its handshake")
    }

    @Test func `a client that never asks is ended`() async throws {
        try await TestServer.run(configure: { $0.timeouts.firstRequest = .short }) { server in
            let client = try await server.client()
            try await client.closed.get()
            await #expect(throws: HTTP2ClientError.connectionClosed) { try await client.send(request) }
        }
    }

    @Test func `a server that doesn't answer is waited for no longer than was said`() async throws {
        let kept = Kept()
        try await TestServer.run(sink: RecordingSink { _, responder in kept.keep(responder) }) { server in
            let client = try await server.client()
            await #expect(throws: HTTP2ClientError.badResponse("none came within 0.2 seconds")) {
                try await client.send(request, within: .short)
            }
            try await client.closed.get()
        }
        try await TestServer.run { server in
            let client = try await server.client()
            #expect(try await client.send(request, within: .seconds(3600)).status == 200)
            await client.close()
        }
    }

    @Test func `connections over the cap are closed at once`() async throws {
        try await expectTwoConnections { $0.maximumConnections = 2 }
    }

    @Test func `one source can't have all connections`() async throws {
        try await expectTwoConnections { $0.maximumConnectionsPerSource = 2 }
    }

    private func expectTwoConnections(_ limit: @escaping @Sendable (inout TransportLimits) -> Void) async throws {
        try await TestServer.run(configure: { limit(&$0.limits) }) { server in
            let first = try await server.client()
            let second = try await server.client()
            let third = try #require(RawSocket(port: server.port))
            #expect(await third.read().ending == .closed)
            #expect(server.server.openConnections == 2)
            await first.close()
            try #require(await eventually { server.server.openConnections == 1 })
            let fourth = try await server.client()
            #expect(try await fourth.send(request).status == 200)
            await second.close()
            await fourth.close()
        }
    }

    @Test func `a new certificate serves new connections, a bad one changes nothing`() async throws {
        let first = try TestCertificates()
        let second = try TestCertificates()
        let chain = try first.write(String(contentsOfFile: first.chain, encoding: .utf8), to: "live.pem")
        let key = try first.write(String(contentsOfFile: first.key, encoding: .utf8), to: "live.key")
        func connects(_ server: TestServer, trusting certificates: TestCertificates) async -> Bool {
            let client = try? await HTTP2Client.connect(
                host: "localhost", port: server.port, trust: .certificates(file: certificates.chain),
                group: server.group, timeout: .seconds(3600))
            await client?.close()
            return client != nil
        }
        let files = TLSFiles(certificateChain: chain, privateKey: key)
        try await TestServer.run(configure: { $0.tls = files }) { server in
            #expect(await connects(server, trusting: first))
            #expect(await !connects(server, trusting: second))
            _ = try first.write("nothing", to: "live.pem")
            #expect(throws: TransportError.self) { try server.server.reloadCertificate() }
            #expect(await connects(server, trusting: first))
            _ = try first.write(String(contentsOfFile: second.chain, encoding: .utf8), to: "live.pem")
            _ = try first.write(String(contentsOfFile: second.key, encoding: .utf8), to: "live.key")
            try server.server.reloadCertificate()
            #expect(await connects(server, trusting: second))
            #expect(await !connects(server, trusting: first))
        }
    }
}

/// What a sink keeps of a connection.
private final class Count: Sendable {
    let value: Int

    init(value: Int) { self.value = value }
}
