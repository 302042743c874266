public import Raft

/// What nodes say to one another. The transport authenticates `from`; it doesn't look into opaque payloads.
public enum PeerMessage: Hashable, Sendable {
    /// Consensus.
    case raft(RaftMessage)
    /// A write on its way to the leader.
    case forwardedProposal(ForwardedProposal)
    /// The receiver of a forwarded proposal will not put it into the log.
    case proposalRefused(proposalID: [UInt8], reason: ProposalRefusalReason)
    /// Sent when a connection is made, on every change of the seal, each second, and whenever 1024 more entries have
    /// been saved since the last one.
    case nodeStatus(NodeStatus)
    /// A sealed node asks for the root key. Opaque: encoded, signed and encrypted by the security domain.
    case unsealRequest([UInt8])
    /// The answer to `unsealRequest`.
    case unsealReply([UInt8])
    /// The sender lacks what was cut off the receiver's log.
    case snapshotRequest(SnapshotRequest)
    /// The answer to `snapshotRequest`.
    case snapshotChunk(SnapshotChunk)
    /// The pool's members as the sender knows them, when a connection is made and when they change. It replaces what
    /// the sender has said before. Dropped on the way to a program that doesn't know it.
    case memberNotices([MemberNotice])
}

/// A proposal that the leader is asked to put into the log.
public struct ForwardedProposal: Hashable, Sendable {
    /// 16 bytes, chosen by the proposer; a repeated forward carries the same.
    public let proposalID: [UInt8]
    /// The node that will answer the client.
    public let proposer: NodeID
    /// The encoded proposal envelope, as it will stand in the log entry.
    public let command: [UInt8]
    /// MAC over all of the above and the pool's id and epoch, under a key that only unsealed members have.
    public let proof: [UInt8]

    public init(proposalID: [UInt8], proposer: NodeID, command: [UInt8], proof: [UInt8]) {
        self.proposalID = proposalID
        self.proposer = proposer
        self.command = command
        self.proof = proof
    }
}

/// Why a forwarded proposal was not taken.
public enum ProposalRefusalReason: Hashable, Sendable {
    /// The receiver doesn't lead; `hint` is whom it takes for the leader.
    case notLeader(hint: NodeID?)
    /// The receiver leads but is sealed and can't tag entries.
    case sealed
    /// The proposal's time stamp is too far from the leader's clock.
    case clockSkew
    /// Too many proposals are under way.
    case overloaded
    /// The command came with a later version than the pool has, for all that the receiver has applied.
    case commandTooNew
    /// The proof is wrong, or the bytes are no proposal envelope, or they contradict the message that carries them.
    case malformed
}

/// What a node tells the others about itself.
public struct NodeStatus: Hashable, Sendable {
    /// The sender.
    public let node: NodeID
    /// Whether it lacks the pool's keys.
    public let isSealed: Bool
    /// 16 random bytes made when the process started: tells a restart, or a second live copy of the node.
    public let processID: [UInt8]
    /// The last entry whose effect it has saved; it may have applied more.
    public let appliedIndex: LogIndex
    /// The sender's software version, at most 64 bytes of printable ASCII.
    public let version: String
    /// What the sender holds itself to. Nil from a version that doesn't tell.
    public let promise: Promise?
    /// The highest version of a pool whose commands the sender knows, from 1.
    public let knownVersion: UInt32

    /// What is on a node's disk, and will be there for ever: a node that shows less has lost what it had promised.
    public struct Promise: Hashable, Sendable {
        /// The term that the sender has written.
        public let term: Term
        /// Everything through here is committed, for all that the node knows.
        public let commitIndex: LogIndex
        /// The end of its log.
        public let lastIndex: LogIndex

        public init(term: Term, commitIndex: LogIndex, lastIndex: LogIndex) {
            self.term = term
            self.commitIndex = commitIndex
            self.lastIndex = lastIndex
        }
    }

    public init(
        node: NodeID, isSealed: Bool, processID: [UInt8], appliedIndex: LogIndex, version: String,
        promise: Promise? = nil, knownVersion: UInt32 = 1
    ) {
        self.knownVersion = knownVersion
        self.node = node
        self.isSealed = isSealed
        self.processID = processID
        self.appliedIndex = appliedIndex
        self.version = version
        self.promise = promise
    }
}

/// The way to the other nodes. Confined to the driver's thread.
public protocol PeerNetwork: AnyObject {
    /// Never blocks. The message may be lost, delayed, repeated or overtaken.
    func send(_ message: PeerMessage, to: NodeID)
}
