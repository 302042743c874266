import Raft

/// The words behind a verb: plain ones in order, and `name=value` ones.
struct Arguments {
    private(set) var words: [String] = []
    private(set) var named: [String: String] = [:]

    init(_ text: Substring) {
        for word in text.split(separator: " ") {
            let parts = word.split(separator: "=", maxSplits: 1)
            if parts.count == 2 {
                named[String(parts[0])] = String(parts[1])
            } else {
                words.append(String(word))
            }
        }
    }

    func number(_ position: Int) throws -> UInt64 {
        guard position < words.count, let number = UInt64(words[position]) else {
            throw TraceError("word \(position + 1) must be a number")
        }
        return number
    }

    func node(_ position: Int) throws -> NodeID {
        NodeID(try number(position))
    }

    func number(named name: String) throws -> UInt64? {
        guard let text = named[name] else { return nil }
        guard let number = UInt64(text) else { throw TraceError("\(name) must be a number") }
        return number
    }

    func numbers(named name: String) throws -> [UInt64]? {
        guard let text = named[name] else { return nil }
        return try text.split(separator: ",").map { part in
            guard let number = UInt64(part) else { throw TraceError("\(name) must be numbers") }
            return number
        }
    }

    /// `voters=1,2 outgoing=3 learners=4`, all optional.
    func configuration() throws -> PoolConfiguration? {
        let voters = try numbers(named: "voters")
        let outgoing = try numbers(named: "outgoing")
        let learners = try numbers(named: "learners")
        guard voters != nil || outgoing != nil || learners != nil else { return nil }
        func set(_ numbers: [UInt64]?) -> Set<NodeID> { Set((numbers ?? []).map(NodeID.init)) }
        return PoolConfiguration(voters: set(voters), outgoingVoters: set(outgoing), learners: set(learners))
    }

    /// A link, written `1>2`.
    func link(_ position: Int) throws -> (from: NodeID, to: NodeID) {
        guard position < words.count else { throw TraceError("a link is missing") }
        let ends = words[position].split(separator: ">").compactMap { UInt64($0) }
        guard ends.count == 2 else { throw TraceError("a link is written 1>2") }
        return (NodeID(ends[0]), NodeID(ends[1]))
    }
}
