import Glibc
import NIOCore
import Testing

@testable import HTTPTransport

@Suite("Server: when descriptors run out")
struct AcceptPauseTests {
    @Test func `clients leave some for everything else`() {
        #expect(Descriptors.forClients(of: 65_536) == 65_280)
        #expect(Descriptors.forClients(of: 2048) == 1792)
        #expect(Descriptors.forClients(of: 1024) == 896)
        #expect(Descriptors.forClients(of: Int.max) == Int.max - 256)
        #expect(Descriptors.forClients() > 0)
    }

    @Test func `the listener rests for a second, and accepts again`() async throws {
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
