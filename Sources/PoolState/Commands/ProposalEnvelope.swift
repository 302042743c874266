public import AccessControl

/// How the caller of a command had proved who it is.
public enum AuthenticationKind: UInt8, Hashable, CaseIterable, Sendable {
    /// The node itself: timers, audit heads, unsealing.
    case node = 1
    /// A bearer token of the embedded or an outside issuer.
    case token = 2
    /// A client certificate.
    case clientCertificate = 3
    /// An operator on the node's own machine.
    case localOperator = 4
    /// A quorum of officers.
    case officers = 5
}

/// A command with where it comes from: what the payload of a log entry holds.
public struct ProposalEnvelope: Hashable, Sendable {
    /// 16 random bytes. A repetition of the same proposal is applied once.
    public var proposalID: [UInt8]
    /// The node that proposes.
    public var proposer: UInt64
    /// On whose behalf; `nil` for the node's own.
    public var principal: GUID?
    /// How the principal had proved who it is. Only ``PoolCommand/recoverPool(node:epoch:)`` is decided by it.
    public var authentication: AuthenticationKind
    /// Unix time in milliseconds by the proposer's clock.
    public var stampedAt: Int64
    public var command: PoolCommand

    public init(
        proposalID: [UInt8], proposer: UInt64, principal: GUID?, authentication: AuthenticationKind,
        stampedAt: Int64, command: PoolCommand
    ) {
        self.proposalID = proposalID
        self.proposer = proposer
        self.principal = principal
        self.authentication = authentication
        self.stampedAt = stampedAt
        self.command = command
    }
}

/// What a caller says of a command's origin; the pool adds node, time and, unless given, the proposal's id.
public struct ProposalOrigin: Hashable, Sendable {
    /// On whose behalf; `nil` for the node's own.
    public var principal: GUID?
    public var authentication: AuthenticationKind
    /// 16 bytes, given by a caller that may submit the same thing again; `nil` lets the pool choose.
    public var proposalID: [UInt8]?

    public init(principal: GUID?, authentication: AuthenticationKind, proposalID: [UInt8]? = nil) {
        self.principal = principal
        self.authentication = authentication
        self.proposalID = proposalID
    }

    /// The node itself.
    public static let node = ProposalOrigin(principal: nil, authentication: .node)
}
