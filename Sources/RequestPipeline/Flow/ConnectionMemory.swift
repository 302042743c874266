import HTTPTransport

/// What was made for a connection's last request and is as good for the next one like it. It decides nothing: whether
/// a token is valid, its principal honoured and the operation allowed is found out for each request.
///
/// Unchecked because it lies in ``ConnectionContext/memo``, and like that is touched on the connection's loop only.
final class ConnectionMemory: @unchecked Sendable {
    var target: RoutedTarget?
    var caller: AuthenticatedPrincipal?
    /// The value of `x-ms-keyvault-network-info`.
    let networkInformation: String

    private init(_ connection: ConnectionContext) {
        networkInformation = AnswerHeaders.networkInformation(remoteAddress: connection.remoteAddress)
    }

    /// The memory of a connection; called on its loop.
    static func of(_ connection: ConnectionContext) -> ConnectionMemory {
        if let memory = connection.memo as? ConnectionMemory { return memory }
        let memory = ConnectionMemory(connection)
        connection.memo = memory
        return memory
    }
}
