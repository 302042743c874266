import Raft

/// The chain of tags over the log's entries.
///
/// An entry's tag covers the tag of the entry before it, so one genuine tag vouches for everything under it. A no-op
/// says nothing and carries the tag before it unchanged: this lets a sealed leader begin its term.
struct EntryChain {
    let authenticator: any StateAuthenticator

    /// The tag before the first entry.
    static let origin: [UInt8] = []

    /// The tag that an entry with this payload has to carry.
    func tag(of payload: EntryPayload, term: Term, index: LogIndex, previous: [UInt8]) -> [UInt8] {
        if case .noOp = payload { return previous }
        return authenticator.entryTag(
            term: term, index: index, previous: previous, payload: Self.canonicalBytes(of: payload))
    }

    /// The first entry whose tag isn't what it has to be, if any. `previous` is the tag before the first of `entries`.
    func firstForgery(in entries: some Sequence<LogEntry>, after previous: [UInt8]) -> LogIndex? {
        var previous = previous
        for entry in entries {
            let expected = tag(of: entry.payload, term: entry.term, index: entry.index, previous: previous)
            // A no-op at the log's beginning has no tag yet to carry.
            let isAtOrigin = entry.payload == .noOp && previous == Self.origin && entry.tag == Self.origin
            guard isAtOrigin || authenticator.tagsAreEqual(expected, entry.tag) else { return entry.index }
            previous = entry.tag
        }
        return nil
    }

    /// What the tag covers: a byte for the kind, then the command, or each set of nodes as count and ascending ids, all
    /// u64 big endian. Of the last set, the learners that leave, nothing is written if there are none. One payload has
    /// one encoding, which no other payload has.
    static func canonicalBytes(of payload: EntryPayload) -> [UInt8] {
        switch payload {
        case .noOp:
            return [0]
        case .command(let bytes):
            var result: [UInt8] = [1]
            result.reserveCapacity(bytes.count + 1)
            result.append(contentsOf: bytes)
            return result
        case .configuration(let configuration):
            var result: [UInt8] = [2]
            var groups = [configuration.voters, configuration.outgoingVoters, configuration.learners]
            if !configuration.outgoingLearners.isEmpty { groups.append(configuration.outgoingLearners) }
            for group in groups {
                append(UInt64(group.count), to: &result)
                for node in group.sorted() { append(node.rawValue, to: &result) }
            }
            return result
        }
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
        }
    }
}
