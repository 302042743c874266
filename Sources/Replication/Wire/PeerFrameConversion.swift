import Foundation
package import NodeEnvironment
package import Raft
import SwiftProtobuf

/// The first frame on a connection, in both directions: who speaks, for which pool, in which life.
package struct Hello: Hashable, Sendable {
    /// The version of the frames that follow. A receiver refuses what it doesn't know.
    package static let currentProtocol: UInt32 = 1

    /// Checked by ``PeerHub``, not when decoding: a hello of any version can be read.
    package let protocolVersion: UInt32
    /// 16 bytes.
    package let poolID: [UInt8]
    /// Raised when a pool that had lost its quorum was recovered by force; older members are kept out by it.
    package let epoch: UInt64
    /// The node that the sender says it is; it has to be the one that its certificate names.
    package let node: NodeID
    /// 16 random bytes made when the process started.
    package let processID: [UInt8]
    /// Whether the sender knows the frame that tells of members. A former program refuses a frame that it doesn't know.
    package let takesMemberNotices: Bool

    package init(
        protocolVersion: UInt32 = Hello.currentProtocol, poolID: [UInt8], epoch: UInt64, node: NodeID,
        processID: [UInt8], takesMemberNotices: Bool = true
    ) {
        self.takesMemberNotices = takesMemberNotices
        self.protocolVersion = protocolVersion
        self.poolID = poolID
        self.epoch = epoch
        self.node = node
        self.processID = processID
    }
}

/// What one frame holds.
package enum PeerFrame: Hashable, Sendable {
    case hello(Hello)
    case message(PeerMessage)

    /// - Throws: ``WireError/outOfLimits(_:)`` if a receiver would refuse the frame for its size.
    package func encoded() throws(WireError) -> [UInt8] {
        let bytes = if let append = encodedDirectly() { append } else { try wireMessage().encodedBytes() }
        guard bytes.count <= WireLimits.frameBytes else { throw .outOfLimits("frame") }
        return bytes
    }

    /// Never traps, whatever the bytes.
    package init(decoding bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= WireLimits.frameBytes else { throw .outOfLimits("frame") }
        if let append = PeerFrame(decodingDirectly: bytes) {
            self = append
        } else {
            self = try Quorate_Replication_V1_PeerFrame.decode(bytes).validated()
        }
    }

    private func wireMessage() -> Quorate_Replication_V1_PeerFrame {
        .with { frame in
            switch self {
            case .hello(let hello): frame.hello = .init(hello)
            case .message(.raft(let message)): frame.raft = .init(message)
            case .message(.forwardedProposal(let proposal)): frame.forwardedProposal = .init(proposal)
            case .message(.proposalRefused(let proposalID, let reason)):
                frame.proposalRefused = .init(proposalID: proposalID, reason: reason)
            case .message(.nodeStatus(let status)): frame.nodeStatus = .init(status)
            case .message(.unsealRequest(let bytes)): frame.unsealRequest = Data(bytes)
            case .message(.unsealReply(let bytes)): frame.unsealReply = Data(bytes)
            case .message(.snapshotRequest(let request)): frame.snapshotRequest = .init(request)
            case .message(.snapshotChunk(let chunk)): frame.snapshotChunk = .init(chunk)
            case .message(.memberNotices(let notices)): frame.memberNotices = .init(notices)
            }
        }
    }
}

extension Quorate_Replication_V1_PeerFrame {
    fileprivate func validated() throws(WireError) -> PeerFrame {
        switch body {
        case .hello(let hello): return .hello(try hello.validated())
        case .raft(let message): return .message(.raft(try message.validated()))
        case .forwardedProposal(let proposal): return .message(.forwardedProposal(try proposal.validated()))
        case .proposalRefused(let refusal):
            return .message(
                .proposalRefused(
                    proposalID: try refusal.proposalID.asIdentifier("proposal id"),
                    reason: try refusal.validatedReason()))
        case .nodeStatus(let status): return .message(.nodeStatus(try status.validated()))
        case .unsealRequest(let bytes): return .message(.unsealRequest(try bytes.asOpaque("unseal request")))
        case .unsealReply(let bytes): return .message(.unsealReply(try bytes.asOpaque("unseal reply")))
        case .snapshotRequest(let request): return .message(.snapshotRequest(try request.validated()))
        case .snapshotChunk(let chunk): return .message(.snapshotChunk(try chunk.validated()))
        case .memberNotices(let notices): return .message(.memberNotices(try notices.validated()))
        case nil: throw .unknownBody(of: "frame")
        }
    }
}

extension Quorate_Replication_V1_Hello {
    fileprivate init(_ hello: Hello) {
        self.init()
        protocolVersion = hello.protocolVersion
        poolID = Data(hello.poolID)
        epoch = hello.epoch
        node = hello.node.rawValue
        processID = Data(hello.processID)
        takesMemberNotices = hello.takesMemberNotices
    }

    fileprivate func validated() throws(WireError) -> Hello {
        Hello(
            protocolVersion: protocolVersion, poolID: try poolID.asIdentifier("pool id"),
            epoch: try epoch.asNumber("epoch"), node: try node.asNodeID("node"),
            processID: try processID.asIdentifier("process id"), takesMemberNotices: takesMemberNotices)
    }
}

extension Quorate_Replication_V1_ForwardedProposal {
    fileprivate init(_ proposal: ForwardedProposal) {
        self.init()
        proposalID = Data(proposal.proposalID)
        proposer = proposal.proposer.rawValue
        command = Data(proposal.command)
        proof = Data(proposal.proof)
    }

    fileprivate func validated() throws(WireError) -> ForwardedProposal {
        guard command.count <= WireLimits.commandBytes else { throw .outOfLimits("command") }
        guard proof.count <= WireLimits.tagBytes else { throw .outOfLimits("proof") }
        return ForwardedProposal(
            proposalID: try proposalID.asIdentifier("proposal id"), proposer: try proposer.asNodeID("proposer"),
            command: [UInt8](command), proof: [UInt8](proof))
    }
}

extension Quorate_Replication_V1_ProposalRefused {
    fileprivate init(proposalID: [UInt8], reason: ProposalRefusalReason) {
        self.init()
        self.proposalID = Data(proposalID)
        switch reason {
        case .notLeader(let hint):
            self.reason = .notLeader
            leaderHint = hint?.rawValue ?? 0
        case .sealed: self.reason = .sealed
        case .clockSkew: self.reason = .clockSkew
        case .overloaded: self.reason = .overloaded
        case .malformed: self.reason = .malformed
        case .commandTooNew: self.reason = .commandTooNew
        }
    }

    fileprivate func validatedReason() throws(WireError) -> ProposalRefusalReason {
        switch reason {
        case .notLeader: return .notLeader(hint: try leaderHint.asOptionalNodeID("leader hint"))
        case .sealed: return .sealed
        case .clockSkew: return .clockSkew
        case .overloaded: return .overloaded
        case .malformed: return .malformed
        case .commandTooNew: return .commandTooNew
        case .unspecified: throw .missing("refusal reason")
        case .UNRECOGNIZED(let value): throw .unknownValue(of: "refusal reason", value)
        }
    }
}

extension Quorate_Replication_V1_NodeStatus {
    fileprivate init(_ status: NodeStatus) {
        self.init()
        node = status.node.rawValue
        isSealed = status.isSealed
        processID = Data(status.processID)
        appliedIndex = status.appliedIndex
        version = status.version
        if status.knownVersion > 1 { knownVersion = status.knownVersion }
        if let told = status.promise {
            promise = .with {
                $0.term = told.term
                $0.commit = told.commitIndex
                $0.lastIndex = told.lastIndex
            }
        }
    }

    fileprivate func validated() throws(WireError) -> NodeStatus {
        // The text ends up on status pages and terminals.
        guard version.utf8.count <= WireLimits.versionBytes, version.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { throw .outOfLimits("version") }
        return NodeStatus(
            node: try node.asNodeID("node"), isSealed: isSealed, processID: try processID.asIdentifier("process id"),
            appliedIndex: try appliedIndex.asNumber("applied index"), version: version,
            promise: hasPromise ? try promise.validated() : nil, knownVersion: max(1, knownVersion))
    }
}

extension Quorate_Replication_V1_Promise {
    fileprivate func validated() throws(WireError) -> NodeStatus.Promise {
        NodeStatus.Promise(
            term: try term.asNumber("term"), commitIndex: try commit.asNumber("commit index"),
            lastIndex: try lastIndex.asNumber("last index"))
    }
}
