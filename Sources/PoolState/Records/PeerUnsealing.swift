/// How far nodes unseal one another without a person. In order of strictness.
public enum PeerUnsealMode: UInt8, Hashable, CaseIterable, Comparable, Sendable {
    /// A node with its latest ticket that wasn't away for too long is unsealed by its peers.
    case automatic = 0
    /// An administrator approves each unsealing.
    case attended = 1
    /// Only officers, and tokens that they have enrolled, open nodes.
    case off = 2

    public static func < (left: PeerUnsealMode, right: PeerUnsealMode) -> Bool { left.rawValue < right.rawValue }
}

/// What the pool demands of a node that its peers shall unseal.
public struct PeerUnsealSettings: Hashable, Sendable {
    public var mode: PeerUnsealMode
    /// In seconds, since the node last gave a sign of life in the log. Longer away, it needs an approval.
    public var maxAbsence: Int64

    /// What an absence may be limited to: from ten seconds to thirty days.
    public static let absences: ClosedRange<Int64> = 10...2_592_000
    /// Every pool's at first.
    public static let initial = PeerUnsealSettings(mode: .automatic, maxAbsence: 3600)

    public init(mode: PeerUnsealMode, maxAbsence: Int64) {
        (self.mode, self.maxAbsence) = (mode, maxAbsence)
    }

    /// Whether the absence is within ``absences``.
    public var isValid: Bool { Self.absences.contains(maxAbsence) }

    /// Whether whatever these let pass the others let pass, too: then no officer has to agree.
    public func areNoLooser(than others: PeerUnsealSettings) -> Bool {
        mode >= others.mode && maxAbsence <= others.maxAbsence
    }

    /// How often, in seconds, an unsealed node takes a new ticket, by which it shows that it lives.
    public var renewal: Int64 { min(900, max(2, maxAbsence / 4)) }
}

/// Looser settings that an administrator wants. Worth nothing before a quorum of the officers has approved them.
public struct PeerUnsealOrder: Hashable, Sendable {
    /// 16 random bytes.
    public var id: [UInt8]
    public var settings: PeerUnsealSettings
    /// Unix time in seconds, until which it can be approved.
    public var expires: Int64

    public init(id: [UInt8], settings: PeerUnsealSettings, expires: Int64) {
        (self.id, self.settings, self.expires) = (id, settings, expires)
    }
}

/// By what nodes unseal one another: one record, from the version on that brought it.
public struct PeerUnsealPolicy: Hashable, Sendable {
    /// Those in force.
    public internal(set) var settings: PeerUnsealSettings
    /// Unix time in seconds until which no absence is too long, since officers have opened the pool; 0: no such time.
    public internal(set) var startUntil: Int64 = 0
    /// What waits for the officers' approval.
    public internal(set) var order: PeerUnsealOrder?
    /// Of officers in office, in order.
    public internal(set) var approvals: [RootVote] = []

    init(settings: PeerUnsealSettings) { self.settings = settings }
}

/// An administrator has compared the code that a node shows, and lets it be unsealed once.
public struct UnsealApproval: Hashable, Sendable {
    /// Of the one request that it is for.
    public let transcript: [UInt8]
    /// Unix time in seconds.
    public let expires: Int64
}

/// By what a member shows that it is the one that it was: kept for each, from the version on that brought it.
public struct NodeContinuity: Hashable, Sendable {
    /// A ticket as the state knows it: enough for an unsealed member to make it, and for nobody else.
    public struct Ticket: Hashable, Sendable {
        /// What it derives from, beside a key of the pool: 32 bytes.
        public let nonce: [UInt8]
        /// SHA-256 of the ticket.
        public let digest: [UInt8]

        public init(nonce: [UInt8], digest: [UInt8]) { (self.nonce, self.digest) = (nonce, digest) }
    }

    public let node: UInt64
    /// The latest; nil before the first.
    public internal(set) var ticket: Ticket?
    /// The one before, good as well until the node has said that the latest is on its disk; nil from then on.
    public internal(set) var former: Ticket?
    /// The unseal request that was granted last; empty before the first. Repeated it is the same grant.
    public internal(set) var transcript: [UInt8] = []
    /// SHA-256 of what the machine last said of itself; empty where it has said nothing yet.
    public internal(set) var machine: [UInt8] = []
    /// Unix time in seconds of its last sign of life in the log.
    public internal(set) var lastSeen: Int64
    /// Unix time in seconds until which its unsealing needs neither ticket nor approval; 0 once the node has said that
    /// a ticket is on its disk, and past after that where an approval has given it one without the one before.
    public internal(set) var beginsUntil: Int64
    /// An administrator's, perhaps expired; nil where there is none or the node was unsealed since.
    public internal(set) var approval: UnsealApproval?

    /// Whether the pool knows that the node's latest ticket is on its disk, so that no other one is good any more.
    public var isSettled: Bool { ticket != nil && former == nil && beginsUntil == 0 }

    init(node: UInt64, lastSeen: Int64, beginsUntil: Int64) {
        (self.node, self.lastSeen, self.beginsUntil) = (node, lastSeen, beginsUntil)
    }
}

/// What a request's ticket is worth, as the member found that was asked.
public enum TicketClaim: Hashable, Sendable {
    /// The request shows none.
    case none
    /// It shows one that is not the member's latest.
    case stale
    /// It was made with the ticket of this digest.
    case proven([UInt8])
}

/// A request of a sealed node, as the member that was asked has verified it.
public struct UnsealClaim: Hashable, Sendable {
    public let node: UInt64
    /// SHA-256 over what the request says.
    public let transcript: [UInt8]
    /// SHA-256 of what the machine says of itself.
    public let machine: [UInt8]
    public let ticket: TicketClaim

    public init(node: UInt64, transcript: [UInt8], machine: [UInt8], ticket: TicketClaim) {
        (self.node, self.transcript, self.machine, self.ticket) = (node, transcript, machine, ticket)
    }
}

/// Why a node may be unsealed by a peer.
public enum UnsealBasis: Hashable, Sendable {
    /// The same request was granted before, and the answer may have been lost.
    case repetition
    /// An administrator has compared the code.
    case approval
    /// An administrator has let the node join a short time ago, or the pool was made then.
    case admission
    /// It is the one that it was.
    case ticket
}

/// The commands on unsealing among peers.
public enum PeerUnsealCommand: Hashable, Sendable {
    /// A member answers a request. Said before the root leaves it, and refused unless the claim holds.
    case grant(UnsealClaim, by: UInt64, next: NodeContinuity.Ticket)
    /// An unsealed node takes a new ticket.
    case renew(node: UInt64, NodeContinuity.Ticket, machine: [UInt8])
    /// The ticket of this digest is on its node's disk: the one before is worth nothing any more.
    case hold(node: UInt64, digest: [UInt8])
    /// An administrator approves the request of this transcript.
    case approve(node: UInt64, transcript: [UInt8])
    /// Officers have opened a node: for a short time no absence is too long.
    case openStart
    /// Settings that are no looser than those in force.
    case set(PeerUnsealSettings)
    /// Looser ones are to be approved by officers. Replaces an order that waits.
    case order(PeerUnsealOrder)
    /// An officer in office approves. With a quorum the settings are in force.
    case vote(id: [UInt8], RootVote)
}
