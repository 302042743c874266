import Glibc
import NIOCore
import Synchronization

/// Who has how many of a server's connections, so that nobody takes those of all others.
///
/// A source is an IPv4 address, or the 64 bits of an IPv6 address before the part that a machine chooses itself.
final class SourceShares: Sendable {
    struct Source: Hashable {
        private let prefix: UInt64
        private let isIPv6: Bool

        /// nil for what has no address on a network: a socket of this machine's own.
        init?(_ address: SocketAddress?) {
            guard let text = address?.ipAddress else { return nil }
            var bytes = [UInt8](repeating: 0, count: 16)
            if inet_pton(AF_INET, text, &bytes) == 1 {
                (prefix, isIPv6) = (Self.number(bytes.prefix(4)), false)
            } else if inet_pton(AF_INET6, text, &bytes) == 1 {
                // A listener for both kinds sees IPv4 addresses mapped into IPv6 (RFC 4291 section 2.5.5.2).
                let isMapped = bytes.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
                (prefix, isIPv6) = (Self.number(isMapped ? bytes.suffix(4) : bytes.prefix(8)), !isMapped)
            } else {
                return nil
            }
        }

        private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    }

    private let counts = Mutex<[Source: Int]>([:])

    /// Counts one more connection of a source, unless it has `limit` already.
    func add(_ source: Source, limit: Int) -> Bool {
        counts.withLock { counts in
            let count = counts[source, default: 0]
            guard count < limit else { return false }
            counts[source] = count + 1
            return true
        }
    }

    func remove(_ source: Source) {
        counts.withLock { counts in
            // The last one takes the entry with it: there are never more of them than connections.
            counts[source] = counts[source].flatMap { $0 > 1 ? $0 - 1 : nil }
        }
    }

    /// Sources that have a connection.
    var count: Int { counts.withLock { $0.count } }
}

extension TransportLimits {
    /// How many connections one source may have where `all` fit. Where those are fewer than the most, it is the same
    /// part of them; but a share that was made small for its own sake stays, up to half of them.
    func share(of all: Int) -> Int {
        guard all < maximumConnections else { return maximumConnectionsPerSource }
        let part = min(1, Double(maximumConnectionsPerSource) / Double(maximumConnections))
        return max(min(maximumConnectionsPerSource, all / 2), Int(Double(all) * part))
    }
}
