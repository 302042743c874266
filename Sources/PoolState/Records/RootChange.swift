/// Who shall hold the pool's next root. Made by an administrator, and worth nothing before a quorum of the officers in
/// office has approved it.
public struct RootChangeOrder: Hashable, Sendable {
    /// 16 random bytes.
    public var id: [UInt8]
    /// How many of the next officers have to come together.
    public var required: Int
    /// The next officers' certificates, DER, in the order of their shares.
    public var officers: [[UInt8]]
    /// Unix time in seconds, until which it can be approved and prepared.
    public var expires: Int64
    /// Keys that open the next root beside the officers; all of them.
    public var unsealKeys: [UnsealKey]

    public init(
        id: [UInt8], required: Int, officers: [[UInt8]], expires: Int64, unsealKeys: [UnsealKey] = []
    ) {
        self.id = id
        self.required = required
        self.officers = officers
        self.expires = expires
        self.unsealKeys = unsealKeys
    }
}

/// A key outside of the pool, such as one on a token, whose holder opens the pool without officers: public facts.
public struct UnsealKey: Hashable, Sendable {
    /// What holds it, by number.
    public var provider: UInt8
    /// For people.
    public var name: String
    /// Its public half: an uncompressed point of P-256.
    public var point: [UInt8]

    /// The first kind of holder, and for long the only one.
    var isOnToken: Bool { provider == 1 }

    public init(provider: UInt8, name: String, point: [UInt8]) {
        (self.provider, self.name, self.point) = (provider, name, point)
    }
}

/// An officer's word: an approval of one in office, or a confirmation of one to come. The node that took it has checked
/// the signature; it is kept so that others can.
public struct RootVote: Hashable, Sendable {
    /// The place among the officers, from 1.
    public var officer: UInt8
    /// RSA-PSS.
    public var signature: [UInt8]

    public init(officer: UInt8, signature: [UInt8]) {
        self.officer = officer
        self.signature = signature
    }
}

/// The next root, beside the one in force.
public struct PreparedRoot: Hashable, Sendable {
    /// SHA-256 of the pool's keyring that it was made from.
    public var base: [UInt8]
    /// The pool's keyring under the next root.
    public var keyring: [UInt8]
    /// The next root, sealed under the one in force.
    public var bridge: [UInt8]
    /// The root in force, sealed under the next one.
    public var wayBack: [UInt8]
    /// One commitment of 32 bytes for each of the next officers.
    public var commitments: [[UInt8]]
    /// The `EncData` member of the next officers' file as JSON text.
    public var encryptedData: [UInt8]
    /// The next root, sealed for each of the order's unseal keys.
    public var unsealRecords: [[UInt8]]

    public init(
        base: [UInt8], keyring: [UInt8], bridge: [UInt8], wayBack: [UInt8], commitments: [[UInt8]],
        encryptedData: [UInt8], unsealRecords: [[UInt8]] = []
    ) {
        self.unsealRecords = unsealRecords
        self.base = base
        self.keyring = keyring
        self.bridge = bridge
        self.wayBack = wayBack
        self.commitments = commitments
        self.encryptedData = encryptedData
    }
}

/// A change of the root that is under way. The former root rules until the change is committed, the next one from then
/// on; either officers' shares open the pool from the preparation to the end.
public struct RootChange: Hashable, Sendable {
    public let order: RootChangeOrder
    /// Of the root in force when it began.
    public let generation: UInt32
    /// Unix time in seconds.
    public let began: Int64
    /// Of officers in office, in order.
    public internal(set) var approvals: [RootVote] = []
    /// Nil before the first preparation. Each further one replaces it, until the change is committed.
    public internal(set) var prepared: PreparedRoot?
    /// Of the next officers, in order: each has opened his share.
    public internal(set) var confirmations: [RootVote] = []
    /// Unix time in seconds from which on the next root rules.
    public internal(set) var committed: Int64?
    /// Once committed: what the former officers hold, and the keyring under the former root.
    public internal(set) var former: SecurityDomainRecord?
    /// Empty before it is committed.
    public internal(set) var formerKeyring: [UInt8] = []
    /// Once committed: members whose disks know of it, and which hold the next root; in order.
    public internal(set) var holders: [UInt64] = []

    /// The order's, 16 bytes.
    public var id: [UInt8] { order.id }
}
