/// The security domain as its officers hold it. The encrypted shares themselves are never stored.
public struct SecurityDomainRecord: Hashable, Sendable {
    /// The generation of the root key that the file contains.
    public let generation: UInt32
    /// How many officers have to come together.
    public let required: Int
    /// The officers' certificates, DER, in the order of their shares.
    public let officers: [[UInt8]]
    /// The commitment to each share, 32 bytes, in the same order.
    public let commitments: [[UInt8]]
    /// The file's `EncData` member as JSON text.
    public let encryptedData: [UInt8]
    /// SHA-256 of the capability that lets its bearer poll the download's status.
    public let capabilityDigest: [UInt8]
    /// Unix time in seconds.
    public let prepared: Int64
    /// Unix time in seconds; `nil` until the officers are known to hold the file.
    public internal(set) var activated: Int64?
    /// Keys outside of the pool that open it beside the officers.
    public internal(set) var unsealKeys: [UnsealKey] = []
    /// The root, sealed for each of them.
    public internal(set) var unsealRecords: [[UInt8]] = []

    /// What of it may be brought into another pool: who opened one by a token has not been asked about the other.
    public var withoutUnsealKeys: SecurityDomainRecord {
        var copy = self
        (copy.unsealKeys, copy.unsealRecords) = ([], [])
        return copy
    }
}

/// The last unsealing of a node that was granted, whether or not the key reached it.
public struct UnsealGrant: Hashable, Sendable {
    /// The node that was unsealed.
    public let node: UInt64
    /// The boot that the grant was for.
    public let bootNonce: [UInt8]
    /// The node that gave the key.
    public let grantedBy: UInt64
    /// SHA-256 of the ticket that the node shows next time.
    public let ticketDigest: [UInt8]

    public init(node: UInt64, bootNonce: [UInt8], grantedBy: UInt64, ticketDigest: [UInt8]) {
        self.node = node
        self.bootNonce = bootNonce
        self.grantedBy = grantedBy
        self.ticketDigest = ticketDigest
    }
}

/// The end of one node's audit log at some time, held by all the others.
public struct AuditHead: Hashable, Sendable {
    public let node: UInt64
    /// How many events the log holds; never falls.
    public let count: UInt64
    /// The hash over them.
    public let hash: [UInt8]
    /// Unix time in milliseconds by the node's clock.
    public let time: Int64

    public init(node: UInt64, count: UInt64, hash: [UInt8], time: Int64) {
        self.node = node
        self.count = count
        self.hash = hash
        self.time = time
    }
}
