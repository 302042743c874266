import Testing

@testable import HSMService

/// How a node that is to join finds those who can admit it.
@Suite struct PoolJoiningTests {
    @Test func anAddressOfIPv6HasBracketsInRequestsAlone() throws {
        for (endpoint, host, port, authority) in [
            ("https://[2001:db8::1]:8443", "2001:db8::1", 8443, "[2001:db8::1]:8443"),
            ("https://[::1]", "::1", 443, "[::1]"), ("https://10.0.0.1:8443", "10.0.0.1", 8443, "10.0.0.1:8443"),
            ("https://node-1.example.com", "node-1.example.com", 443, "node-1.example.com"),
        ] {
            let place = try #require(PoolJoining.place(of: endpoint))
            #expect(place.host == host && place.port == port && place.authority == authority, "\(place)")
        }
        #expect(PoolJoining.place(of: "https://10.0.0.1:65536") == nil)
    }
}
