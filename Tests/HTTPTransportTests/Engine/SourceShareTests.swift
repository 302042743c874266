import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPTransport

@Suite struct SourceShareTests {
    private func source(_ text: String, port: Int = 1) throws -> SourceShares.Source? {
        SourceShares.Source(try SocketAddress(ipAddress: text, port: port))
    }

    @Test func `whose addresses are one source`() throws {
        for (left, right, isSame) in [
            ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false),
            ("::ffff:192.0.2.7", "192.0.2.7", true), ("::ffff:192.0.2.7", "::ffff:192.0.2.8", false),
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", true), ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
            ("0.0.0.0", "::1", false),
        ] {
            let (one, other) = (try #require(try source(left)), try #require(try source(right, port: 2)))
            #expect((one == other) == isSame, "\(left) \(right)")
        }
        #expect(SourceShares.Source(try SocketAddress(unixDomainSocketPath: "/x")) == nil)
        #expect(SourceShares.Source(nil) == nil)
    }

    @Test func `each source has its own share, and none is remembered`() throws {
        let shares = SourceShares()
        let (one, other) = (try #require(try source("192.0.2.7")), try #require(try source("192.0.2.8")))
        #expect(shares.add(one, limit: 2) && shares.add(one, limit: 2) && !shares.add(one, limit: 2))
        #expect(shares.add(other, limit: 2) && shares.count == 2)
        shares.remove(one)
        #expect(shares.add(one, limit: 2))
        for source in [one, one, other] { shares.remove(source) }
        #expect(shares.count == 0)
    }

    @Test func `where few connections fit, one source leaves some to others unless it may have all`() throws {
        // What a source may have of 12,288; what it has of 8, and what another and it have then.
        for (share, one, both) in [(6144, 4, 8), (12_288, 8, 8), (9216, 6, 8), (3, 3, 6)] {
            var limits = TransportLimits()
            limits.maximumConnectionsPerSource = share
            let initializer = ConnectionInitializer(
                configuration: HTTPServerConfiguration(host: "127.0.0.1", port: 0, tls: nil, limits: limits),
                sink: RecordingSink(), registry: ConnectionRegistry(), tls: nil, descriptors: { 8 })
            var channels: [EmbeddedChannel] = []
            for (address, open) in [("192.0.2.7", one), ("192.0.2.8", both)] {
                for _ in 0..<9 {
                    let channel = EmbeddedChannel()
                    channel.remoteAddress = try SocketAddress(ipAddress: address, port: 1)
                    _ = initializer.initialize(channel)
                    channels.append(channel)
                }
                #expect(initializer.load.openConnections == open, "\(share) \(address)")
            }
        }
    }
}
