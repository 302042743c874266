/// A new key-encryption key, proposed by a node that holds the pool's keys.
public struct KeyEncryptionRotation: Hashable, Sendable {
    /// SHA-256 of the pool's keyring that it was made from.
    public var base: [UInt8]
    /// That keyring with the new key in it, and the pool's own private keys sealed under it.
    public var keyring: [UInt8]
    /// The id of the key that seals until now, 16 bytes.
    public var former: [UInt8]
    /// The id of the new key, 16 bytes.
    public var current: [UInt8]
    /// The id of the schedule of backups, where a token opens its container; else empty.
    public var schedule: [UInt8]
    /// That token, sealed under the new key.
    public var scheduleToken: [UInt8]

    public init(
        base: [UInt8], keyring: [UInt8], former: [UInt8], current: [UInt8], schedule: [UInt8] = [],
        scheduleToken: [UInt8] = []
    ) {
        self.base = base
        self.keyring = keyring
        self.former = former
        self.current = current
        self.schedule = schedule
        self.scheduleToken = scheduleToken
    }
}

/// A stored key, sealed anew. Nothing of the key itself changes.
public struct RewrappedRecord: Hashable, Sendable {
    public var name: String
    /// 16 bytes.
    public var version: [UInt8]
    /// SHA-256 of the record that it replaces: where that has changed meanwhile, this one is passed over.
    public var former: [UInt8]
    /// That key, sealed under the new key-encryption key; at most 32 KiB.
    public var record: [UInt8]

    public init(name: String, version: [UInt8], former: [UInt8], record: [UInt8]) {
        self.name = name
        self.version = version
        self.former = former
        self.record = record
    }
}

/// The keyring without the former key-encryption key.
public struct KeyEncryptionRetirement: Hashable, Sendable {
    /// SHA-256 of the pool's keyring that it was made from.
    public var base: [UInt8]
    /// That keyring without the former key, sealed under the same root.
    public var keyring: [UInt8]
    /// How many records had come under the former key when its last user was looked for.
    public var late: UInt64

    public init(base: [UInt8], keyring: [UInt8], late: UInt64) {
        self.base = base
        self.keyring = keyring
        self.late = late
    }
}

/// How the last change of the key-encryption key stands.
///
/// Records are replaced in batches, each under its own command; the replaced ones stay for a while, since a request may
/// be under way that has found them. When all are gone, the former key is taken out of the keyring.
public struct KeyEncryption: Hashable, Sendable {
    /// The id of the key that seals what is stored from now on, 16 bytes.
    public let current: [UInt8]
    /// The id of the key that may still seal records; empty once it is retired.
    public internal(set) var former: [UInt8]
    /// Records that came sealed under the former key, from nodes that hadn't heard of the new one.
    public internal(set) var late: UInt64 = 0
    /// Unix time in seconds.
    public let began: Int64
    /// Records that were replaced since it began.
    public internal(set) var rewrapped: UInt64 = 0
    /// Batches of them: the number of the next one.
    public internal(set) var batches: UInt64 = 0
    /// Unix time in seconds at which the former key was retired.
    public internal(set) var ended: Int64?

    init(current: [UInt8], former: [UInt8], began: Int64) {
        self.current = current
        self.former = former
        self.began = began
    }

    /// Whether the former key may still seal records.
    public var isUnderWay: Bool { ended == nil }
}

/// Records that one command has replaced.
public struct RewrappedBatch: Hashable, Sendable {
    /// Counts the batches of one change, from 0.
    public let number: UInt64
    /// Unix time in seconds.
    public let at: Int64
    /// Their digests.
    public let former: [[UInt8]]
}
