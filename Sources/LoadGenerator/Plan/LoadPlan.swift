/// All that one process of the load generator needs: it looks at no file but the authority's, and at no option.
public struct LoadPlan: Hashable, Sendable {
    /// A node that requests go to.
    public struct Node: Hashable, Sendable {
        /// How reports call it.
        public var name: String
        /// A name or an address, of IPv6 without brackets.
        public var host: String
        public var port: Int

        public init(name: String, host: String, port: Int) {
            self.name = name
            self.host = host
            self.port = port
        }

        /// What requests name in `:authority`.
        var authority: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

    /// A complete request but for node and token.
    public struct Request: Hashable, Sendable {
        /// Path and query.
        public var path: String
        /// JSON that is sent with POST; empty for a GET.
        public var body: [UInt8]

        public init(path: String, body: [UInt8]) {
            self.path = path
            self.body = body
        }
    }

    /// One kind of request and its share of the load.
    public struct Operation: Hashable, Sendable {
        /// For example `sign ES256`.
        public var name: String
        /// Its share, against the sum of all weights.
        public var weight: Int
        /// Which of ``requests`` is sent.
        public var choice: KeyChoice
        /// One for each key.
        public var requests: [Request]

        public init(name: String, weight: Int, choice: KeyChoice, requests: [Request]) {
            self.name = name
            self.weight = weight
            self.choice = choice
            self.requests = requests
        }
    }

    /// When requests are sent.
    public enum Arrival: Hashable, Sendable {
        /// As soon as an earlier one is answered: a fixed number is always under way. A slow server slows the load
        /// down, so the latencies don't tell what clients who come on their own account would see.
        case closed
        /// At a rate, whatever the server does. The rate (requests a second) goes evenly from the first to the second
        /// value over the measured time.
        case open(from: Double, to: Double, spacing: Spacing)
    }

    /// The gaps between arrivals.
    public enum Spacing: String, Hashable, Sendable {
        /// All equal.
        case even
        /// As of many clients that know nothing of each other (a Poisson process).
        case random
    }

    /// Samples and reports name a node by its position here.
    public var nodes: [Node]
    /// PEM file of the authority of the nodes' certificates; the system's authorities without one.
    public var authorityFile: String?
    /// Access tokens, one for each principal, used in turn.
    public var tokens: [String]
    /// At least one; samples and reports name an operation by its position here.
    public var operations: [Operation]
    public var arrival: Arrival
    /// Connections to each node.
    public var connections: Int
    /// Requests under way on each connection; closed loop only.
    public var streams: Int
    /// Nanoseconds of load before measuring begins.
    public var warmUp: UInt64
    /// Nanoseconds of measuring.
    public var duration: UInt64
    /// Nanoseconds after which a request counts as lost.
    public var timeout: UInt64
    /// Requests under way or waiting for a stream at once; open loop only. Further ones are counted as unsent.
    public var maximumOutstanding: Int
    /// Makes the choice of operations, keys and random gaps repeatable.
    public var seed: UInt64
    /// After which part of an even gap the first request is due, more than 0, at most 1: processes that share a load
    /// take turns.
    public var firstArrival = 1.0

    public init(
        nodes: [Node], authorityFile: String?, tokens: [String], operations: [Operation], arrival: Arrival,
        connections: Int = 8, streams: Int = 16, warmUp: UInt64 = 2_000_000_000, duration: UInt64,
        timeout: UInt64 = 10_000_000_000, maximumOutstanding: Int = 20_000, seed: UInt64 = 1
    ) {
        self.nodes = nodes
        self.authorityFile = authorityFile
        self.tokens = tokens
        self.operations = operations
        self.arrival = arrival
        self.connections = connections
        self.streams = streams
        self.warmUp = warmUp
        self.duration = duration
        self.timeout = timeout
        self.maximumOutstanding = maximumOutstanding
        self.seed = seed
    }

    /// The plan of each of several processes that share the load: rates and connections are divided. Even gaps are
    /// those of all requests together.
    ///
    /// - Precondition: at least one connection to each node for each process.
    public func divided(among processes: Int) -> [LoadPlan] {
        (0..<processes).map { number in
            var part = self
            part.connections = connections / processes + (number < connections % processes ? 1 : 0)
            part.maximumOutstanding = max(1, maximumOutstanding / processes)
            part.seed = seed &+ UInt64(number) &* 0x9E37_79B9
            if case .open(let from, let to, let spacing) = arrival {
                let share = Double(processes)
                part.arrival = .open(from: from / share, to: to / share, spacing: spacing)
                part.firstArrival = Double(number + 1) / share
            }
            return part
        }
    }
}

/// Which of the keys a request uses.
public enum KeyChoice: Hashable, Sendable {
    /// Always the first.
    case hot
    /// All alike.
    case uniform
    /// The key of rank k with a probability proportional to k^-exponent (Zipf's law).
    case zipf(exponent: Double)
}
