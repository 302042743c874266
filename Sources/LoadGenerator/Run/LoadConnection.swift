import HTTPTransport
import NIOCore

/// One connection to a node as the load sees it: an ``HTTP2Client``, and in tests of the load's reckoning a connection
/// whose answers come when a script says so.
protocol LoadConnection: AnyObject, Sendable {
    /// Sends a request; `completion` runs on the load's loop.
    func send(
        _ request: HTTP2ClientRequest,
        completion: @escaping @Sendable (Result<HTTP2ClientResponse, HTTP2ClientError>) -> Void)

    /// Completes on the load's loop when the connection has ended, whoever ended it.
    var closed: EventLoopFuture<Void> { get }

    /// Ends the connection now; requests in progress fail.
    func abandon()
}

extension HTTP2Client: LoadConnection {}
