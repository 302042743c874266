import Foundation
import Testing

@testable import HTTPTransport

@Suite("Server: shutdown", .serialized, .timeLimit(.minutes(5)))
struct ShutdownTests {
    /// Answers after a while, from another thread.
    private func slowSink(seconds: Double) -> RecordingSink {
        RecordingSink { _, responder in
            Thread.detachNewThread {
                Thread.sleep(forTimeInterval: seconds)
                responder.respond(HTTPResponse(status: 200, body: [65]))
            }
        }
    }

    private func waitForRequests(_ sink: RecordingSink, _ count: Int) async throws {
        while sink.seen.count < count { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test func `requests in progress are served, on both protocols`() async throws {
        let sink = slowSink(seconds: 0.5)
        let mayAnswer = DispatchSemaphore(value: 0)
        let plain = RecordingSink { _, responder in
            Thread.detachNewThread {
                mayAnswer.wait()
                responder.respond(HTTPResponse(status: 200, body: [65]))
            }
        }
        try await TestServer.run(sink: sink) { server in
            let client = try await server.client()
            let request = HTTP2ClientRequest(method: .get, authority: "localhost", path: "/")
            async let response = client.send(request)
            try await waitForRequests(sink, 1)
            // Ends because the answer is out, and not because the grace is over.
            await server.server.shutdown(graceSeconds: 3600)
            #expect(try await response.status == 200)
            await #expect(throws: HTTP2ClientError.connectionClosed) { try await client.send(request) }
            #expect(RawSocket(port: server.port) == nil)
        }
        try await TestServer.run(tls: false, sink: plain) { server in
            let busy = try #require(RawSocket(port: server.port))
            let idle = try #require(RawSocket(port: server.port))
            busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try await waitForRequests(plain, 1)
            async let ended: Void = server.server.shutdown(graceSeconds: 3600)
            // The answer is made when the shutdown has begun for certain.
            #expect(await idle.read().ending == .closed)
            mayAnswer.signal()
            let (answer, ending) = await busy.read()
            #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains("connection: close\r\n"))
            #expect(ending == .closed)
            await ended
        }
    }

    @Test func `what does not end in time is closed`() async throws {
        let sink = slowSink(seconds: 30)
        try await TestServer.run(sink: sink) { server in
            let client = try await server.client()
            async let response = client.send(HTTP2ClientRequest(method: .get, authority: "localhost", path: "/"))
            try await waitForRequests(sink, 1)
            let began = ContinuousClock.now
            await server.server.shutdown(graceSeconds: 1)
            #expect(ContinuousClock.now - began < .seconds(8))
            let outcome: Result<HTTP2ClientResponse, any Error>
            do { outcome = .success(try await response) } catch { outcome = .failure(error) }
            guard case .failure(HTTP2ClientError.connectionClosed) = outcome else {
                Issue.record("\(outcome)")
                return
            }
        }
    }
}
