import NIOCore
import Testing

@testable import HTTPTransport

@Suite("Server: shutdown", .serialized, .timeLimit(.minutes(60)))
struct ShutdownTests {
    private let kept = Kept()

    /// Answers when the test does.
    private var sink: RecordingSink { RecordingSink { [kept] _, responder in kept.keep(responder) } }

    private func answer() {
        for responder in kept.take() { responder.respond(HTTPResponse(status: 200, body: [65])) }
    }

    // Each shutdown ends because the answer is out, and not because the grace is over. The answer is made when the
    // shutdown has begun for certain: an idle connection has been closed.

    @Test func `a request in progress is served, over HTTP/2`() async throws {
        try await TestServer.run(sink: sink) { server in
            let (client, idle) = (try await server.client(), try await server.client())
            let request = HTTP2ClientRequest(method: .get, authority: "localhost", path: "/")
            async let response = client.send(request)
            try #require(await eventually { kept.count == 1 })
            async let ended: Void = server.server.shutdown(graceSeconds: 3600)
            try await idle.closed.get()
            answer()
            #expect(try await response.status == 200)
            await ended
            await #expect(throws: HTTP2ClientError.connectionClosed) { try await client.send(request) }
            #expect(RawSocket(port: server.port) == nil)
        }
    }

    @Test func `a request in progress is served, over HTTP/1.1`() async throws {
        try await TestServer.run(tls: false, sink: sink) { server in
            let busy = try #require(RawSocket(port: server.port))
            let idle = try #require(RawSocket(port: server.port))
            busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try #require(await eventually { kept.count == 1 })
            async let ended: Void = server.server.shutdown(graceSeconds: 3600)
            #expect(await idle.read().ending == .closed)
            answer()
            let (answer, ending) = await busy.read()
            #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains("connection: close\r\n"))
            #expect(ending == .closed)
            await ended
        }
    }

    @Test func `what does not end in time is closed`() async throws {
        try await TestServer.run(sink: sink) { server in
            let client = try await server.client()
            async let response = client.send(HTTP2ClientRequest(method: .get, authority: "localhost", path: "/"))
            try #require(await eventually { kept.count == 1 })
            // Nobody answers.
            async let ended: Void = server.server.shutdown(graceSeconds: 1)
            #expect(await eventually { server.server.openConnections == 0 })
            answer()
            await ended
            let outcome: Result<HTTP2ClientResponse, any Error>
            do { outcome = .success(try await response) } catch { outcome = .failure(error) }
            guard case .failure(HTTP2ClientError.connectionClosed) = outcome else {
                Issue.record("\(outcome)")
                return
            }
        }
    }
}
