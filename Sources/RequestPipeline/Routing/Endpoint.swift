public import AccessControl
public import HTTPTransport
public import Identity
public import PoolState

/// One operation of the API: where it is, who may call it, in which state of the node, and what answers it.
public final class Endpoint: Sendable {
    public let method: HTTPMethod
    /// For example `/keys/{name}/{version?}/sign`: see `PathPattern`.
    public let path: String
    /// The operation's name in the audit log, for example `KeySign`.
    public let operation: String
    public let access: Access
    /// What the caller's token must be for.
    public let audience: TokenAudience
    /// What of the pool's state the handler looks at.
    public let reads: StateRead
    public let phase: RequiredPhase
    /// Whether the request must name an `api-version` that the service knows.
    public let isVersioned: Bool
    /// Largest body in bytes.
    public let bodyLimit: Int
    /// What requests without a principal leave in the audit log.
    public let whenAnonymous: AnonymousRequests
    /// Whether the `op` of a request's query, decoded, stands for a token: some clients lose their token while they
    /// poll. Given for reading the status of one job only.
    public let capability: Capability?
    public let handler: Handler

    /// Bytes. The transport answers 413 to a larger body.
    public static let defaultBodyLimit = 64 * 1024

    /// - Parameters: what was presented, 16 bytes; the latest view that this node has; seconds since 1970.
    public typealias Capability = @Sendable (_ presented: [UInt8], PoolView, _ now: Int64) -> Bool

    public init(
        _ method: HTTPMethod, _ path: String, operation: String, access: Access, audience: TokenAudience = .dataPlane,
        reads: StateRead = .everything, phase: RequiredPhase = .activated, isVersioned: Bool = true,
        bodyLimit: Int = Endpoint.defaultBodyLimit, whenAnonymous: AnonymousRequests = .unrecorded,
        capability: Capability? = nil, handler: Handler
    ) {
        self.method = method
        self.path = path
        self.operation = operation
        self.access = access
        self.audience = audience
        self.reads = reads
        self.phase = phase
        self.isVersioned = isVersioned
        self.bodyLimit = bodyLimit
        self.whenAnonymous = whenAnonymous
        self.capability = capability
        self.handler = handler
    }
}

/// What requests without a principal leave in the audit log.
public enum AnonymousRequests: Sendable {
    /// Nothing: what they read is meant for everybody.
    case unrecorded
    /// They are counted by minute and source: anybody may read as often as he likes, and a record of each would let him
    /// fill the disk.
    case counted
    /// What they changed or obtained is recorded one by one; refusals and repetitions are counted.
    case recorded
}

/// Who may call an endpoint.
public enum Access: Sendable {
    /// Anybody who reaches the listener. The handler sees no principal and no guarded view.
    case anonymous
    /// Any principal of the pool.
    case authenticated
    /// A principal whose roles allow the data action at the scope.
    case dataAction(DataAction, ScopeRule)
}

/// The scope at which a data action is checked.
public enum ScopeRule: Sendable {
    case root
    case keys
    /// The key that a path parameter names.
    case keyNamed(parameter: String)
    /// The key that a path parameter names where it exists, else all keys: a right on one name doesn't extend to making
    /// it.
    case keyOrCollection(parameter: String)
    /// The scope that the path itself names before `/providers/`: `/`, `/keys` or `/keys/{name}`.
    case fixed(Scope)
}

/// What of the pool's state a request is decided on, beside the caller and the caller's rights. Changes of something
/// else, that are under way, don't hold it up; a handler must look at nothing else.
public enum StateRead: Sendable {
    case everything
    /// The pool's settings only.
    case settings
    /// The settings, and the key that a path parameter names.
    case key(parameter: String)
}

/// The state that a node must have reached before an endpoint answers.
public enum RequiredPhase: Sendable {
    /// Answers on a sealed node too.
    case any
    /// Needs the pool's keys in memory; the security domain may still be undelivered.
    case unsealed
    /// Needs a security domain in the hands of its officers.
    case activated
}

/// How an endpoint computes its answer.
public enum Handler: Sendable {
    /// Fast work, run to completion on the connection's event loop.
    case inline(@Sendable (RequestContext) throws(APIError) -> APIResponse)
    /// Slow computation, run on the bounded pool of crypto threads; refused with 429 beyond its queue.
    case computation(@Sendable (RequestContext) throws(APIError) -> APIResponse)
    /// Chosen by what the request asks for: returns true where the computation is slow.
    case adaptive(
        isSlow: @Sendable (RequestContext) -> Bool, @Sendable (RequestContext) throws(APIError) -> APIResponse)
    /// One command that is checked, submitted, and answered when it is applied. It computes next to nothing itself and
    /// blocks on nothing, so it stays on the connection's event loop; and it may be decided on a view of which nothing
    /// may be told yet, as long as it submits what it decides.
    case proposal(@Sendable (RequestContext) async throws(APIError) -> APIResponse)
    /// Work that waits for the pool.
    case asynchronous(@Sendable (RequestContext) async throws(APIError) -> APIResponse)
}
