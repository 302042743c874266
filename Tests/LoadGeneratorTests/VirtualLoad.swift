import HTTPTransport
import NIOCore
import NIOEmbedded

@testable import LoadGenerator

/// A load whose time passes as fast as it is reckoned, on nodes that answer as a script says. What it measures is
/// exact, however busy the machine is.
final class VirtualLoad {
    /// What becomes of a request.
    enum Fate {
        /// Answered after some nanoseconds in which its node does nothing else.
        case answered(after: UInt64, status: Int = 200)
        case never
        /// The node ends the connection instead, after some nanoseconds.
        case cutOff(after: UInt64)
        /// The connection takes no more requests, as after GOAWAY, and ends when those under way are answered.
        case turnedAway
    }

    private let loop = EmbeddedEventLoop()
    private let script: (_ request: Int, _ node: Int, _ requestOfNode: Int) -> Fate
    private var requests: [Int: Int] = [:]
    /// What requests had as their authorization, and how many each.
    private(set) var authorizations: [String: Int] = [:]
    /// How many were made.
    private(set) var connections = 0

    /// - Parameter script: the fate of each request, counted from 0.
    init(_ script: @escaping (Int) -> Fate) { self.script = { request, _, _ in script(request) } }

    /// - Parameter script: the fate of each request, by its node and its number there; both are counted from 0.
    init(ofNodes script: @escaping (_ node: Int, _ request: Int) -> Fate) { self.script = { script($1, $2) } }

    /// Runs a plan to its end.
    ///
    /// - Parameters:
    ///   - lead: nanoseconds before it begins.
    ///   - each: called at the end of each second; its first argument carries out the load.
    ///   - before: called before it begins.
    /// - Returns: what was measured, and when the load had ended, nanoseconds after its begin; `nil` if it hadn't after
    ///   ten minutes.
    func run(
        _ plan: LoadPlan, lead: UInt64 = 0, each: (LoadWorker, LoadPoint) -> Void = { _, _ in },
        before: (LoadWorker) -> Void = { _ in }
    ) throws -> (tally: LoadTally, end: UInt64?) {
        let links = plan.nodes.indices.map { index in
            let node = VirtualNode(loop: loop) { self.nextFate(of: $0, at: index) }
            return NodeLink(index: index, node: plan.nodes[index], connections: plan.connections, loop: loop) { _ in
                self.connections += 1
                return node.connect()
            }
        }
        try EventLoopFuture.andAllSucceed(links.map { $0.open() }, on: loop).wait()
        var tally = LoadTally(processes: 1, nodes: plan.nodes.count, operations: plan.operations.count)
        var end: UInt64?
        var points: [LoadPoint] = []
        let worker = LoadWorker(
            plan, links: links, loop: loop, emit: { if let point = tally.add($0) { points.append(point) } },
            finished: { end = self.loop.now.uptimeNanoseconds })
        worker.start(at: loop.now.uptimeNanoseconds + lead)
        before(worker)
        for _ in 0..<6000 where end == nil {
            loop.advanceTime(by: .milliseconds(100))
            for point in points { each(worker, point) }
            points = []
        }
        // Nothing may be left on a loop of NIO's that is freed.
        loop.advanceTime(by: .hours(1))
        tally.finish()
        return (tally, end)
    }

    private func nextFate(of request: HTTP2ClientRequest, at node: Int) -> Fate {
        defer { requests[node, default: 0] += 1 }
        for (name, value) in request.headers where name == "authorization" { authorizations[value, default: 0] += 1 }
        return script(requests.values.reduce(0, +), node, requests[node, default: 0])
    }
}

/// Does one thing at a time, as a server with one loop does.
private final class VirtualNode {
    let loop: EmbeddedEventLoop
    private let fate: (HTTP2ClientRequest) -> VirtualLoad.Fate
    private var isBusyUntil = NIODeadline.uptimeNanoseconds(0)

    init(loop: EmbeddedEventLoop, fate: @escaping (HTTP2ClientRequest) -> VirtualLoad.Fate) {
        self.loop = loop
        self.fate = fate
    }

    func connect() -> EventLoopFuture<any LoadConnection> {
        loop.makeSucceededFuture(VirtualConnection(self))
    }

    func take(
        _ request: HTTP2ClientRequest, on connection: VirtualConnection,
        _ completion: @escaping @Sendable (Result<HTTP2ClientResponse, HTTP2ClientError>) -> Void
    ) {
        switch fate(request) {
        case .answered(let time, let status):
            work(time) {
                completion(.success(HTTP2ClientResponse(status: status, headers: HTTPFields([]), body: [])))
            }
        case .never: break
        case .cutOff(let time):
            work(time) {
                connection.abandon()
                completion(.failure(.connectionClosed))
            }
        case .turnedAway: completion(.failure(.connectionClosed))
        }
    }

    private func work(_ time: UInt64, _ end: @escaping @Sendable () -> Void) {
        isBusyUntil = max(isBusyUntil, loop.now) + .nanoseconds(Int64(time))
        loop.scheduleTask(deadline: isBusyUntil, end)
    }
}

// @unchecked: everything happens on the thread of the test.
private final class VirtualConnection: LoadConnection, @unchecked Sendable {
    private let node: VirtualNode
    private let end: EventLoopPromise<Void>

    init(_ node: VirtualNode) {
        self.node = node
        end = node.loop.makePromise()
    }

    func send(
        _ request: HTTP2ClientRequest,
        completion: @escaping @Sendable (Result<HTTP2ClientResponse, HTTP2ClientError>) -> Void
    ) {
        node.take(request, on: self, completion)
    }

    var closed: EventLoopFuture<Void> { end.futureResult }

    func abandon() { end.succeed() }
}
