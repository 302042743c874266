import Glibc
import NIOCore
import Testing

@testable import HTTPTransport

@Suite("Server: a listener that can't accept")
struct AcceptPauseTests {
    @Test func `it rests for a second when descriptors have run out, and accepts again`() async throws {
        try await TestServer.run(tls: false) { server in
            let listener = try #require(server.server.listener)
            let isReading = try await listener.eventLoop.submit { () -> Bool? in
                // What accept(2) ends with.
                listener.pipeline.syncOperations.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
                return try listener.syncOptions?.getOption(.autoRead)
            }.get()
            #expect(isReading == false)
            let socket = try #require(RawSocket(port: server.port))
            socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await socket.read(until: "\r\n\r\n").text.hasPrefix("HTTP/1.1 200 "))
        }
    }
}
