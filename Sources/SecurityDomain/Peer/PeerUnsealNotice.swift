/// What an unsealed node tells one that it doesn't unseal: why, so that people see it where they look. Nothing depends
/// on it, and it is no secret; the connection says whom it is from.
public struct PeerUnsealNotice: Hashable, Sendable {
    /// Why, by number: what stands behind it is enumerated, so that nobody puts a text of his own on a node's status.
    public enum Reason: UInt8, CaseIterable, Sendable {
        case attended = 1
        case ticketMissing = 2
        case ticketStale = 3
        case absentTooLong = 4
        case otherMachine = 5
        /// No approval helps.
        case off = 6

        /// Whether an administrator can approve the request.
        public var canBeApproved: Bool { self != .off }
    }

    /// Of the request.
    public let transcript: [UInt8]
    public let reason: Reason

    private static let document = "unseal notice"
    private static let label = "QPN1"
    /// Ceiling of the byte form.
    public static let maximumLength = 128

    /// - Parameter transcript: 32 bytes; with another length the notice can't be read.
    public init(transcript: [UInt8], reason: Reason) {
        (self.transcript, self.reason) = (transcript, reason)
    }

    /// The one byte form.
    public func encode() -> [UInt8] {
        var writer = FieldWriter(label: Self.label, reserving: 64)
        writer.field(transcript)
        writer.field([reason.rawValue])
        return writer.bytes
    }

    /// Reads the byte form strictly.
    public static func decode(_ bytes: [UInt8]) throws -> PeerUnsealNotice {
        try FieldReader.read(bytes, document: document, label: label, limit: maximumLength) { reader in
            let transcript = try reader.bytes(exactly: 32)
            guard let reason = Reason(rawValue: try reader.bytes(exactly: 1)[0]) else {
                throw reader.malformed("an unknown reason")
            }
            return PeerUnsealNotice(transcript: transcript, reason: reason)
        }
    }
}

extension PeerUnsealNotice.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .attended: "in this pool an administrator approves each unsealing"
        case .ticketMissing: "the node has no ticket, and was let in too long ago"
        case .ticketStale:
            "the node's ticket isn't its latest: its folder was put back, or another process went on as this node"
        case .absentTooLong: "the node was away for longer than the pool allows"
        case .otherMachine: "the node's folder is in another machine than before"
        case .off: "the nodes of this pool don't unseal one another: its officers open them"
        }
    }
}
