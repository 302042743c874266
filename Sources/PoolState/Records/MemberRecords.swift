/// What the pool wants of a member.
public enum MemberStanding: UInt8, Hashable, CaseIterable, Sendable {
    /// It is to be a voter, as soon as it has caught up.
    case member = 0
    /// It has to go.
    case leaving = 1
    /// It has forgotten what it had acknowledged, so that it counts for nothing: it can only be replaced.
    case distrusted = 2
}

/// One member of the pool as its peers and its clients reach it.
public struct MemberRecord: Hashable, Sendable {
    /// The node's id; never 0, never reused.
    public let node: UInt64
    /// From its invitation; a founder's from genesis.
    public let name: String
    /// SHA-256 of the node's public key (SPKI, DER): what peers pin.
    public let identityDigest: [UInt8]
    /// Where clients reach the node: `https://host:port`.
    public let apiURL: String
    /// `host:port` of the peer listener.
    public let peerAddress: String
    /// The node's public key (SPKI, DER), by which its requests are verified; empty where it isn't known.
    public let publicKey: [UInt8]
    /// SHA-256 of the ticket that admitted the node; empty for a founder.
    public let ticketDigest: [UInt8]
    /// The member that goes when this one has become a voter; nil where there is none.
    public let replaces: UInt64?
    public internal(set) var standing: MemberStanding

    public init(
        node: UInt64, name: String, identityDigest: [UInt8], apiURL: String, peerAddress: String,
        publicKey: [UInt8] = [], ticketDigest: [UInt8] = [], replaces: UInt64? = nil,
        standing: MemberStanding = .member
    ) {
        self.node = node
        self.name = name
        self.identityDigest = identityDigest
        self.apiURL = apiURL
        self.peerAddress = peerAddress
        self.publicKey = publicKey
        self.ticketDigest = ticketDigest
        self.replaces = replaces
        self.standing = standing
    }
}

/// A place for a node that doesn't belong to the pool yet. Whoever has the ticket takes it, once.
public struct NodeInvitation: Hashable, Sendable {
    /// The id that the node will have; 0 in a command, for it is given when the command is applied.
    public let node: UInt64
    /// 1 to 63 of `a-z`, `0-9` and `-`; no member or other invitation has it.
    public let name: String
    /// SHA-256 of the ticket.
    public let ticketDigest: [UInt8]
    /// Unix time in seconds from which on the ticket is of no use.
    public let expires: Int64
    /// SHA-256 of the one public key that may use the ticket; empty where any may.
    public let identityDigest: [UInt8]
    /// The member whose place the node takes; nil where it is one more.
    public let replaces: UInt64?

    public init(
        node: UInt64 = 0, name: String, ticketDigest: [UInt8], expires: Int64, identityDigest: [UInt8] = [],
        replaces: UInt64? = nil
    ) {
        self.node = node
        self.name = name
        self.ticketDigest = ticketDigest
        self.expires = expires
        self.identityDigest = identityDigest
        self.replaces = replaces
    }
}

/// A node takes the place that its ticket is for.
public struct NodeAdmission: Hashable, Sendable {
    /// SHA-256 of the ticket.
    public let ticketDigest: [UInt8]
    /// SPKI, DER.
    public let publicKey: [UInt8]
    /// Where clients reach the node: `https://host:port`, at most 512 bytes; no member's.
    public let apiURL: String
    /// `host:port` of the peer listener.
    public let peerAddress: String
    /// The audience that the node's clients ask tokens for.
    public let audience: String
    /// The highest version of a pool that the node's program knows.
    public let knownVersion: PoolVersion

    public init(
        ticketDigest: [UInt8], publicKey: [UInt8], apiURL: String, peerAddress: String, audience: String,
        knownVersion: PoolVersion = .first
    ) {
        self.knownVersion = knownVersion
        self.ticketDigest = ticketDigest
        self.publicKey = publicKey
        self.apiURL = apiURL
        self.peerAddress = peerAddress
        self.audience = audience
    }
}

/// Who belongs to the pool by the last applied configuration of the log, and who decides. Part of the state, so that a
/// snapshot carries, under its root, the configuration at its index.
public struct MembershipRecord: Hashable, Sendable {
    /// The log entry that holds the configuration.
    public let index: UInt64
    /// Of the next configuration while this one is joint.
    public let voters: Set<UInt64>
    /// Not empty while the configuration is joint.
    public let outgoingVoters: Set<UInt64>
    /// Who gets the log and doesn't vote; of the next configuration while this one is joint.
    public let learners: Set<UInt64>
    /// Not empty only while the configuration is joint.
    public let outgoingLearners: Set<UInt64>

    public init(
        index: UInt64, voters: Set<UInt64>, outgoingVoters: Set<UInt64> = [], learners: Set<UInt64> = [],
        outgoingLearners: Set<UInt64> = []
    ) {
        self.index = index
        self.voters = voters
        self.outgoingVoters = outgoingVoters
        self.learners = learners
        self.outgoingLearners = outgoingLearners
    }

    /// Whether it joins two configurations, a majority of each of which has to agree (joint consensus).
    public var isJoint: Bool { !outgoingVoters.isEmpty }

    /// Everybody that the configuration names.
    public var nodes: Set<UInt64> { voters.union(outgoingVoters).union(learners).union(outgoingLearners) }

    /// Whether the configuration names the node, as voter or learner, staying or outgoing.
    public func isMember(_ node: UInt64) -> Bool {
        voters.contains(node) || outgoingVoters.contains(node) || learners.contains(node)
            || outgoingLearners.contains(node)
    }
}
