/// Why bytes are not a proposal.
public enum MalformedCommand: Error, Hashable, Sendable {
    /// More bytes than this kind of command may have.
    case tooLong(limit: Int)
    /// Not a proposal in its canonical encoding.
    case malformed
}

extension ProposalEnvelope {
    /// The most bytes that any encoded proposal may have.
    public static let maximumEncodedCount = 1 << 20

    /// The canonical encoding, which a log entry carries.
    ///
    /// It is not checked here that it can be decoded again (limits, lengths of identifiers): the leader decodes a
    /// proposal before it enters the log, its own too.
    public func encode() -> [UInt8] {
        canonicalBytes
    }

    /// Decodes what ``encode()`` made; everything else is refused: unknown fields, other encodings of the same values,
    /// and more than 1 MiB for a genesis, sealed records that come together, or what a restore brings or would change,
    /// 256 KiB for a security domain or a keyring, 64 KiB for any other command.
    ///
    /// A committed entry that can't be decoded comes from a newer version. A node must stop before it rather than skip
    /// it, or its state would differ from the others'.
    public init(decoding bytes: [UInt8]) throws(MalformedCommand) {
        guard bytes.count <= ProposalEnvelope.maximumEncodedCount else {
            throw .tooLong(limit: ProposalEnvelope.maximumEncodedCount)
        }
        guard
            let envelope = try? ProposalEnvelope(decodingDirectly: bytes) ?? ProposalEnvelope(canonicalBytes: bytes)
        else { throw .malformed }
        let limit = envelope.command.maximumEncodedCount
        guard bytes.count <= limit else { throw .tooLong(limit: limit) }
        self = envelope
    }
}

extension PoolCommand {
    var maximumEncodedCount: Int {
        switch self {
        case .initializePool, .restoreKey, .stageKeys, .stagePolicy, .rewrapRecords, .restoreOrder:
            ProposalEnvelope.maximumEncodedCount
        case .securityDomainPrepared, .beginRootChange, .prepareRoot, .rotateKeyEncryption, .retireKeyEncryption:
            256 << 10
        default: Self.usualEncodedCount
        }
    }

    private static let usualEncodedCount = 64 << 10

    /// Whether it may be more, with what a proposal has beside it, than any but the largest kinds of commands may have.
    var isLongerThanUsual: Bool { encode().count > Self.usualEncodedCount - 1024 }

    /// The canonical encoding of the command alone, without where it comes from.
    public func encode() -> [UInt8] {
        canonicalBytes
    }

    /// Decodes what ``encode()`` made, within the limits of a proposal.
    public init(decoding bytes: [UInt8]) throws(MalformedCommand) {
        guard bytes.count <= ProposalEnvelope.maximumEncodedCount else {
            throw .tooLong(limit: ProposalEnvelope.maximumEncodedCount)
        }
        guard let command = try? PoolCommand(canonicalBytes: bytes) else { throw .malformed }
        guard bytes.count <= command.maximumEncodedCount else {
            throw .tooLong(limit: command.maximumEncodedCount)
        }
        self = command
    }
}
