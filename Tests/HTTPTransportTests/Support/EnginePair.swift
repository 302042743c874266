import CNghttp2
import Synchronization

@testable import HTTPTransport

/// Answers requests with a closure, and keeps them.
final class RecordingSink: RequestSink {
    private let requests = Mutex<[HTTPRequest]>([])
    private let limit: Int
    private let answer: @Sendable (HTTPRequest, Responder) -> Void

    init(bodyLimit: Int = 64 * 1024, answer: @escaping @Sendable (HTTPRequest, Responder) -> Void) {
        limit = bodyLimit
        self.answer = answer
    }

    /// Echoes the body.
    convenience init(bodyLimit: Int = 64 * 1024) {
        self.init(bodyLimit: bodyLimit) { request, responder in
            responder.respond(HTTPResponse(status: 200, headers: [("X-Path", request.path)], body: request.body))
        }
    }

    var seen: [HTTPRequest] { requests.withLock { $0 } }

    func bodyLimit(method: HTTPMethod, path: String) -> Int { limit }

    func handle(_ request: HTTPRequest, _ responder: Responder) {
        requests.withLock { $0.append(request) }
        answer(request, responder)
    }
}

/// A server's engine without a socket.
final class ServerHarness: ResponseReceiver {
    static let second: UInt64 = 1_000_000_000

    let engine: HTTP2ServerEngine
    let load = TransportLoad()
    let connection: ConnectionContext
    var now: UInt64 = 1000 * second
    var batches: [Int] = []
    private var inBatch = 0

    init(
        sink: any RequestSink, limits: TransportLimits = TransportLimits(),
        executor: any ConnectionExecutor = InlineExecutor(), turns: TurnEnds? = nil
    ) throws {
        connection = ConnectionContext(remoteAddress: "192.0.2.1", executor: executor)
        engine = try HTTP2ServerEngine(
            connection: connection, sink: sink, limits: limits, timeouts: TransportTimeouts(), load: load,
            dates: HTTPDateCache(), turns: turns, now: now)
        connection.receiver = self
    }

    func deliver(_ response: HTTPResponse, stream: Int32, inBatch: Bool) {
        engine.submit(response, stream: stream)
        if inBatch { self.inBatch += 1 }
    }

    func deliveriesEnded() {
        batches.append(inBatch)
        inBatch = 0
    }

    /// Parses, hands over, and returns what is to be sent.
    func exchange(_ bytes: [UInt8]) -> [UInt8] {
        receive(bytes)
        return output()
    }

    func receive(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { engine.receive($0, now: now) }
    }

    func output() -> [UInt8] {
        engine.dispatch(until: .max)
        var bytes: [UInt8] = []
        while let chunk = engine.nextOutput() { bytes.append(contentsOf: chunk) }
        return bytes
    }

    func tick(after seconds: UInt64, isHeld: Bool = false) {
        now += seconds * ServerHarness.second
        engine.tick(now: now, held: isHeld ? seconds * ServerHarness.second : 0)
    }
}

/// A client's engine without a socket, and what its requests came to.
final class ClientHarness {
    let engine: HTTP2ClientEngine
    var results: [Int: Result<HTTP2ClientResponse, HTTP2ClientError>] = [:]
    private var count = 0

    init() throws { engine = try HTTP2ClientEngine() }

    @discardableResult
    func send(
        _ method: HTTPMethod = .post, _ path: String, headers: [(String, String)] = [], body: [UInt8] = []
    ) -> Int {
        let number = count
        count += 1
        let request = HTTP2ClientRequest(
            method: method, authority: "hsm.example", path: path, headers: headers, body: body)
        engine.submit(request) { self.results[number] = $0 }
        return number
    }

    func output() -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = engine.nextOutput() { bytes.append(contentsOf: chunk) }
        return bytes
    }

    func receive(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { engine.receive($0) }
    }

    /// Passes bytes to and fro until neither side has any left.
    func converse(with server: ServerHarness) {
        while true {
            let sent = output()
            let received = server.exchange(sent)
            receive(received)
            if sent.isEmpty, received.isEmpty { return }
        }
    }

    func response(_ number: Int) -> HTTP2ClientResponse? {
        if case .success(let response) = results[number] { return response }
        return nil
    }

    func failure(_ number: Int) -> HTTP2ClientError? {
        if case .failure(let error) = results[number] { return error }
        return nil
    }
}

extension HTTP2ClientResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
}
