import HTTPTransport
import NIOCore

/// The connections to one node. Confined to the worker's loop.
final class NodeLink {
    /// One place for a connection, open or not.
    final class Line {
        let link: NodeLink
        var client: (any LoadConnection)?
        /// Requests that were given up on this connection while its node hung. It still holds them.
        var unanswered = 0

        init(_ link: NodeLink) { self.link = link }

        /// Whether requests may be given to it.
        var isUsable: Bool { client != nil }
    }

    private static let firstPause: UInt64 = 100_000_000
    private static let longestPause: UInt64 = 2_000_000_000
    /// How long a node that answered 503, or hangs, is passed over while others can be asked, nanoseconds.
    private static let rest: UInt64 = 250_000_000
    /// A connection that holds more requests that were given up is replaced: where no other node can be asked, they
    /// would fill the memory, a kilobyte or two each.
    private static let mostUnanswered = 1000

    let index: Int
    let node: LoadPlan.Node
    private let connectNode: (LoadPlan.Node) -> EventLoopFuture<any LoadConnection>
    private let loop: any EventLoop
    private(set) var lines: [Line] = []
    /// Connections that are being made.
    private var attempts: [ObjectIdentifier: EventLoopFuture<Void>] = [:]
    private var nextLine = 0
    private var restsUntil: UInt64 = 0
    private var answeredAt: UInt64 = 0
    /// Whether a request was not answered in time, and no other has been since it left: the node hangs.
    private(set) var isSilent = false
    private var isClosed = false

    /// - Parameter connect: makes a connection to a node; its future is one of `loop`.
    init(
        index: Int, node: LoadPlan.Node, connections: Int, loop: any EventLoop,
        connect: @escaping (LoadPlan.Node) -> EventLoopFuture<any LoadConnection>
    ) {
        self.index = index
        self.node = node
        self.loop = loop
        connectNode = connect
        lines = (0..<connections).map { _ in Line(self) }
    }

    var openConnections: Int { lines.count { $0.isUsable } }

    func isResting(now: UInt64) -> Bool { now < restsUntil }

    /// The node said that it can't serve.
    func restAwhile(now: UInt64) { restsUntil = now + Self.rest }

    /// The node has answered something, whatever it was.
    func answered(now: UInt64) {
        answeredAt = now
        guard isSilent else { return }
        isSilent = false
        for line in lines { line.unanswered = 0 }
    }

    /// A request was not answered in time.
    ///
    /// - Parameter client: the connection that it was given to, at `line`.
    /// - Returns: whether that is to be replaced.
    func missed(_ line: Line, _ client: (any LoadConnection)?, sentAt: UInt64, now: UInt64) -> Bool {
        guard answeredAt < sentAt else { return false }
        isSilent = true
        restAwhile(now: now)
        guard line.client === client else { return false }
        line.unanswered += 1
        return line.unanswered >= Self.mostUnanswered
    }

    /// Ends a connection; what is under way on it fails.
    func replace(_ line: Line, _ client: (any LoadConnection)?) {
        client?.abandon()
        lost(line, client)
    }

    /// A connection, each in turn; `nil` when none is open.
    func nextUsable() -> Line? {
        for _ in lines.indices {
            nextLine = nextLine + 1 < lines.count ? nextLine + 1 : 0
            if lines[nextLine].isUsable { return lines[nextLine] }
        }
        return nil
    }

    /// Opens all connections. The future completes when each of them stands or has failed, and fails with the first
    /// failure.
    func open() -> EventLoopFuture<Void> {
        EventLoopFuture.whenAllComplete(lines.map(connect), on: loop).flatMapThrowing { results in
            for result in results { try result.get() }
        }
    }

    private func connect(_ line: Line) -> EventLoopFuture<Void> {
        let attempt = connectNode(node).assumeIsolated().map { client in
            if self.isClosed {
                client.abandon()
            } else {
                line.client = client
                line.unanswered = 0
                // An idle connection that ends is noticed too, before a request is lost on it.
                client.closed.assumeIsolated().whenComplete { _ in
                    self.lost(line, client)
                }
            }
        }.nonisolated()
        attempts[ObjectIdentifier(attempt)] = attempt
        attempt.assumeIsolated().whenComplete { _ in self.attempts[ObjectIdentifier(attempt)] = nil }
        return attempt
    }

    /// The connection has ended, or takes no more: another is opened, now and then, until that works.
    ///
    /// - Parameter client: what was there; it may have been replaced before its last requests failed.
    func lost(_ line: Line, _ client: (any LoadConnection)?) {
        guard line.client != nil, line.client === client else { return }
        line.client = nil
        reconnect(line, after: Self.firstPause)
    }

    private func reconnect(_ line: Line, after pause: UInt64) {
        guard !isClosed else { return }
        loop.assumeIsolated().scheduleTask(in: .nanoseconds(Int64(pause))) {
            guard !self.isClosed else { return }
            self.connect(line).assumeIsolated().whenFailure { _ in
                self.reconnect(line, after: min(2 * pause, Self.longestPause))
            }
        }
    }

    /// Ends all connections.
    ///
    /// - Returns: completes when none is being made any more: no attempt may outlive the loop.
    @discardableResult
    func close() -> EventLoopFuture<Void> {
        isClosed = true
        for line in lines {
            line.client?.abandon()
            line.client = nil
        }
        return EventLoopFuture.andAllComplete(Array(attempts.values), on: loop)
    }
}
