import Synchronization

/// What a server hands its requests to.
public protocol RequestSink: Sendable {
    /// The most bytes that the body of such a request may have. A request with more is answered 413 by the transport
    /// and never reaches `handle`.
    ///
    /// Called on the connection's loop, before the first byte of the body is kept.
    func bodyLimit(method: HTTPMethod, path: String) -> Int

    /// Takes one complete request. Called on the connection's loop: it must not block.
    ///
    /// The answer may be given before this returns, or later from any thread.
    func handle(_ request: HTTPRequest, _ responder: Responder)

    /// The requests that came together have been handed over (``ConnectionContext/isInTurn``), those of other
    /// connections of the loop included: what was put off, so as to do it once for all of them, is due now. Called on
    /// the connections' loop.
    func turnEnded()
}

extension RequestSink {
    public func turnEnded() {}
}

/// The right to answer one request, once.
///
/// The first call wins, later ones do nothing. When the last copy goes away without an answer, the request is answered
/// 500: no path through a handler leaves a client waiting.
public struct Responder: Sendable {
    private let ticket: ResponseTicket

    init(connection: ConnectionContext, stream: Int32) {
        ticket = ResponseTicket(connection: connection, stream: stream, deliver: nil)
    }

    /// Makes a responder that gives its answer to `deliver`, on the thread that answers: for a caller without a
    /// connection, such as a test.
    public init(_ deliver: @escaping @Sendable (HTTPResponse) -> Void) {
        ticket = ResponseTicket(connection: nil, stream: 0, deliver: deliver)
    }

    /// Answers the request. May be called on any thread; it never blocks.
    ///
    /// Called on the connection's loop, the answer leaves with the others of the same turn of the loop. Called
    /// elsewhere, it hops there first, and answers that meet on the way share one hop and one write.
    /// - Returns: whether this was the first answer.
    @discardableResult
    public func respond(_ response: HTTPResponse) -> Bool {
        ticket.respond(response)
    }
}

/// Remembers whether a request has been answered, and notices when it no longer can be.
private final class ResponseTicket: Sendable {
    private let answered = Atomic<Bool>(false)
    private let connection: ConnectionContext?
    private let stream: Int32
    private let deliver: (@Sendable (HTTPResponse) -> Void)?

    init(connection: ConnectionContext?, stream: Int32, deliver: (@Sendable (HTTPResponse) -> Void)?) {
        self.connection = connection
        self.stream = stream
        self.deliver = deliver
    }

    deinit {
        if !answered.load(ordering: .acquiring) { respond(.internalError) }
    }

    @discardableResult
    func respond(_ response: HTTPResponse) -> Bool {
        guard !answered.exchange(true, ordering: .acquiringAndReleasing) else { return false }
        connection?.complete(stream: stream, with: response)
        deliver?(response)
        return true
    }
}
