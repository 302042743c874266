import Foundation
package import Raft
import SwiftProtobuf

extension Quorate_Replication_V1_Configuration {
    /// Members in ascending order, so that equal configurations have equal encodings.
    package init(_ configuration: PoolConfiguration) {
        self.init()
        voters = configuration.voters.map(\.rawValue).sorted()
        outgoingVoters = configuration.outgoingVoters.map(\.rawValue).sorted()
        learners = configuration.learners.map(\.rawValue).sorted()
        outgoingLearners = configuration.outgoingLearners.map(\.rawValue).sorted()
    }

    /// - Throws: ``WireError`` for too many, repeated or impossible members, or a joint configuration without a new
    ///   half.
    package func validated() throws(WireError) -> PoolConfiguration {
        let count = voters.count + outgoingVoters.count + learners.count + outgoingLearners.count
        guard count <= WireLimits.members else {
            throw .outOfLimits("number of members")
        }
        let configuration = PoolConfiguration(
            voters: try Self.members(voters, "voters"),
            outgoingVoters: try Self.members(outgoingVoters, "outgoing voters"),
            learners: try Self.members(learners, "learners"),
            outgoingLearners: try Self.members(outgoingLearners, "outgoing learners"))
        guard !(configuration.isJoint && configuration.voters.isEmpty) else {
            throw .inconsistent("a joint configuration has no incoming voters")
        }
        guard configuration.learners.isDisjoint(with: configuration.voters) else {
            throw .inconsistent("a member is voter and learner at once")
        }
        guard configuration.isJoint || configuration.outgoingLearners.isEmpty,
            configuration.outgoingLearners.isDisjoint(with: configuration.learners.union(configuration.voters))
        else { throw .inconsistent("learners leave that don't, or by no joint configuration") }
        return configuration
    }

    private static func members(_ raw: [UInt64], _ field: String) throws(WireError) -> Set<NodeID> {
        var members = Set<NodeID>(minimumCapacity: raw.count)
        for value in raw {
            let (inserted, _) = members.insert(try value.asNodeID(field))
            guard inserted else { throw .inconsistent("\(field) repeat a member") }
        }
        return members
    }
}

extension PoolConfiguration {
    /// The encoding that is stored on disk.
    package func encoded() throws(WireError) -> [UInt8] {
        try Quorate_Replication_V1_Configuration(self).encodedBytes()
    }

    /// Decodes ``encoded()``, with the checks that a configuration from the network has to pass.
    package init(decoding bytes: [UInt8]) throws(WireError) {
        self = try Quorate_Replication_V1_Configuration.decode(bytes).validated()
    }
}

extension Quorate_Replication_V1_LogEntry {
    package init(_ entry: LogEntry) {
        self.init()
        index = entry.index
        term = entry.term
        tag = Data(entry.tag)
        switch entry.payload {
        case .noOp: noOp = .init()
        case .configuration(let configuration): self.configuration = .init(configuration)
        case .command(let bytes): command = Data(bytes)
        }
    }

    /// - Throws: ``WireError`` if index or term is 0 or too large, the tag is neither empty nor 32 bytes long, the
    ///   command is too long, or the payload is missing.
    package func validated() throws(WireError) -> LogEntry {
        LogEntry(
            index: try index.asPositiveNumber("entry index"), term: try term.asPositiveNumber("entry term"),
            payload: try validatedPayload(), tag: try tag.asTag("entry tag"))
    }

    private func validatedPayload() throws(WireError) -> EntryPayload {
        switch payload {
        case .noOp: return .noOp
        case .configuration(let configuration): return .configuration(try configuration.validated())
        case .command(let bytes):
            guard bytes.count <= WireLimits.commandBytes else { throw .outOfLimits("command") }
            return .command([UInt8](bytes))
        case nil: throw .unknownBody(of: "log entry")
        }
    }
}

// MARK: - Scalars

extension UInt64 {
    /// An index, term or counter that fits into the signed numbers of the disk.
    func asNumber(_ field: String) throws(WireError) -> UInt64 {
        guard self <= WireLimits.largestNumber else { throw .outOfLimits(field) }
        return self
    }

    func asPositiveNumber(_ field: String) throws(WireError) -> UInt64 {
        guard self > 0 else { throw .missing(field) }
        return try asNumber(field)
    }

    func asNodeID(_ field: String) throws(WireError) -> NodeID {
        NodeID(try asPositiveNumber(field))
    }

    /// Zero stands for nobody.
    func asOptionalNodeID(_ field: String) throws(WireError) -> NodeID? {
        self == 0 ? nil : NodeID(try asNumber(field))
    }
}

extension Data {
    func asIdentifier(_ field: String) throws(WireError) -> [UInt8] {
        guard count == WireLimits.identifierBytes else { throw .outOfLimits(field) }
        return [UInt8](self)
    }

    func asTag(_ field: String) throws(WireError) -> [UInt8] {
        guard isEmpty || count == WireLimits.tagBytes else { throw .outOfLimits(field) }
        return [UInt8](self)
    }

    func asOpaque(_ field: String) throws(WireError) -> [UInt8] {
        guard count <= WireLimits.opaqueBytes else { throw .outOfLimits(field) }
        return [UInt8](self)
    }
}

extension SwiftProtobuf.Message {
    func encodedBytes() throws(WireError) -> [UInt8] {
        do {
            return try serializedBytes()
        } catch {
            // Only messages beyond 2 GiB can't be serialized.
            throw .outOfLimits("message size")
        }
    }

    static func decode(_ bytes: [UInt8]) throws(WireError) -> Self {
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = WireLimits.depth
        do {
            return try Self(serializedBytes: bytes, options: options)
        } catch {
            throw .undecodable
        }
    }
}
