import NIOCore
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
}
