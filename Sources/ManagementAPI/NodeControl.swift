public import PoolState

/// What the management plane asks of the node that it runs on.
public protocol NodeControl: Sendable {
    func health() -> NodeHealth
    func members() async -> [MemberHealth]
    /// How the token stands that opens this node.
    func autoUnseal() -> AutoUnsealStanding
    /// Begins the officers' ceremony, or gives the one under way.
    func unsealInvitation() async throws(UnsealRequestRefusal) -> CeremonyInvitation
    /// Takes an officer's envelope.
    func acceptShare(_ envelope: [UInt8]) async throws(UnsealRequestRefusal) -> UnsealProgress
    /// The same for the recovery of a pool that has lost its majority for good: with a quorum this node goes on alone.
    func recoveryInvitation() async throws(UnsealRequestRefusal) -> CeremonyInvitation
    func acceptRecoveryShare(_ envelope: [UInt8]) async throws(UnsealRequestRefusal) -> UnsealProgress
    /// The transcript of the sealed member's request that waits for an approval at this node, if the code is the one
    /// that the member shows.
    func unsealTranscript(of node: UInt64, code: String) async throws(UnsealRequestRefusal) -> [UInt8]
    /// Stores the state as it is now: from then on a start finds it, sealed as the node may be. False if there is no
    /// room for that.
    func store() async -> Bool
    /// Forgets the keys. The last unsealed node only where that is meant.
    func seal(evenTheLast: Bool) async throws(UnsealRequestRefusal)
    /// Begins to bring a security domain here by the officers' file, of which this is the outline.
    func beginRestoration(_ outline: [UInt8]) async throws(UnsealRequestRefusal) -> CeremonyInvitation
    func restorationInvitation() async throws(UnsealRequestRefusal) -> CeremonyInvitation
    /// - Parameter certificate: the officer's, DER.
    func acceptRestorationShare(
        _ envelope: [UInt8], certificate: [UInt8]
    ) async throws(UnsealRequestRefusal) -> UnsealProgress
}

/// What a node knows of one member.
public struct MemberHealth: Sendable {
    /// The member's id.
    public let node: UInt64
    /// The member's name in the pool's state.
    public let name: String
    /// URL that clients use, without a trailing slash.
    public let endpoint: String
    /// Its role in consensus, as this node knows it.
    public let role: String
    /// `nil` where the member never told.
    public let isSealed: Bool?
    /// The last entry of the log that it is known to have applied.
    public let appliedIndex: UInt64
    /// The program's; `nil` where the member never told.
    public let version: String?
    /// The highest version of a pool that the member's program knows; `nil` where the member never told.
    public let knownVersion: PoolVersion?
    /// Since it was last heard of; `nil` for the node itself and for one that was never heard.
    public let silentForMilliseconds: UInt64?

    public init(
        node: UInt64, name: String, endpoint: String, role: String, isSealed: Bool?, appliedIndex: UInt64,
        version: String?, knownVersion: PoolVersion?, silentForMilliseconds: UInt64?
    ) {
        self.knownVersion = knownVersion
        self.node = node
        self.name = name
        self.endpoint = endpoint
        self.role = role
        self.isSealed = isSealed
        self.appliedIndex = appliedIndex
        self.version = version
        self.silentForMilliseconds = silentForMilliseconds
    }
}

/// What officers' tools need to take part in a ceremony.
public struct CeremonyInvitation: Sendable {
    /// The signed invitation, as it goes to the officers.
    public let bytes: [UInt8]
    /// This request began the ceremony.
    public let isNew: Bool
    /// While the root is being changed: the invitation for the other officers, whose shares open the pool as well.
    public let other: [UInt8]?

    public init(bytes: [UInt8], isNew: Bool, other: [UInt8]? = nil) {
        self.bytes = bytes
        self.isNew = isNew
        self.other = other
    }
}

/// How far a ceremony is.
public struct UnsealProgress: Sendable {
    /// Whose shares have been taken.
    public let officers: Int
    /// How many the ceremony needs.
    public let required: Int
    /// Whether the ceremony has reached what it is for.
    public let isUnsealed: Bool

    public init(officers: Int, required: Int, isUnsealed: Bool) {
        self.officers = officers
        self.required = required
        self.isUnsealed = isUnsealed
    }
}

/// Why a step of the ceremony was refused; the text is for the officer.
public struct UnsealRequestRefusal: Error, Sendable {
    /// Why, for the officer.
    public let message: String
    /// The node isn't in a state for a ceremony, as opposed to a bad share.
    public let isConflict: Bool

    public init(_ message: String, isConflict: Bool = false) {
        self.message = message
        self.isConflict = isConflict
    }
}
