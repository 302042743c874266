/// Why a server or a client can't be started. Each names what an operator has to change.
public enum TransportError: Error, Hashable, Sendable {
    /// The certificate chain can't be used.
    case certificate(file: String, reason: String)
    /// The private key can't be used. The reason never holds a part of the key.
    case privateKey(file: String, reason: String)
    /// Certificate and key were read but don't make a working TLS configuration.
    case tls(reason: String)
    /// Another socket listens there already.
    case addressInUse(host: String, port: Int)
    /// The address can't be bound: unknown host, no such interface, or no right to the port.
    case cannotBind(host: String, port: Int, reason: String)
    /// A client could not connect.
    case cannotConnect(host: String, port: Int, reason: String)
    /// A limit or time-out is outside of what the transport can work with.
    case configuration(reason: String)
    /// The server was started twice, or started again after its shutdown.
    case alreadyStarted
    /// The server was shut down while it started.
    case shutDown
}

extension TransportError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .certificate(let file, let reason): return "certificate \(file): \(reason)"
        case .privateKey(let file, let reason): return "private key \(file): \(reason)"
        case .tls(let reason): return "TLS: \(reason)"
        case .addressInUse(let host, let port): return "\(host):\(port) is already in use"
        case .cannotBind(let host, let port, let reason): return "cannot listen on \(host):\(port): \(reason)"
        case .cannotConnect(let host, let port, let reason): return "cannot connect to \(host):\(port): \(reason)"
        case .configuration(let reason): return "configuration: \(reason)"
        case .alreadyStarted: return "the server was started before"
        case .shutDown: return "the server was shut down while it started"
        }
    }
}
