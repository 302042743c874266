/// What a frame from another node may hold at most. Checked before anything is believed of it, and by the sender too,
/// so that a message that the receiver would refuse fails where it was made.
package enum WireLimits {
    /// Bytes of one frame, without its length prefix.
    package static let frameBytes = 4 << 20
    /// Bytes of the frame that opens a connection.
    package static let helloBytes = 1 << 10
    /// Entries of one append.
    package static let entriesPerAppend = 4096
    /// Bytes of one command. An append that carries a single entry always fits into a frame.
    package static let commandBytes = 2 << 20
    /// Members of one configuration, learners included. A pool has at most seven voters.
    package static let members = 64
    /// Members that one frame tells of. A pool has at most nine, invitations included.
    package static let memberNotices = 16
    /// Bytes of a chain tag; a tag is either this long or absent (before the pool has keys).
    package static let tagBytes = 32
    /// Bytes of an identifier: pool, process, proposal.
    package static let identifierBytes = 16
    /// Bytes of what the security domain says to its counterpart.
    package static let opaqueBytes = 64 << 10
    /// Bytes of a row's key.
    package static let rowKeyBytes = 1 << 10
    /// Rows and sealed records of one piece of a snapshot.
    package static let itemsPerChunk = 1 << 16
    /// Bytes of a version text.
    package static let versionBytes = 64
    /// The largest index, term, epoch and node id: they are stored as signed 64-bit numbers.
    package static let largestNumber = UInt64(Int64.max)
    /// How deep messages may nest.
    package static let depth = 16
}

/// Why bytes from another node, or from the disk, were refused. Holds no byte of the message.
public enum WireError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Not a Protocol Buffers encoding of the expected message.
    case undecodable
    /// The message has no body that this version knows.
    case unknownBody(of: String)
    /// An enumeration holds a value that this version doesn't know.
    case unknownValue(of: String, Int)
    /// A field that must be there isn't.
    case missing(String)
    /// A field has a length or a value outside its limits.
    case outOfLimits(String)
    /// The parts of the message contradict each other.
    case inconsistent(String)

    public var description: String {
        switch self {
        case .undecodable: return "not a Protocol Buffers message of the expected type"
        case .unknownBody(let message): return "\(message) has no body that this version knows"
        case .unknownValue(let field, let value): return "\(field) holds the unknown value \(value)"
        case .missing(let field): return "\(field) is missing"
        case .outOfLimits(let field): return "\(field) is outside its limits"
        case .inconsistent(let what): return what
        }
    }
}
