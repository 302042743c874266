/// What an entry of the replicated log says.
public enum EntryPayload: Hashable, Sendable {
    /// Says nothing. A leader starts its term with one, because only an entry of its own term can be committed by
    /// counting (Ongaro & Ousterhout 2014, section 5.4.2).
    case noOp
    /// Replaces the pool's configuration, from the moment a node appends it.
    case configuration(PoolConfiguration)
    /// A command of the state machine. Opaque here.
    case command([UInt8])
}

/// One entry of the replicated log. Index and term together name it: no two entries share both and differ in the rest.
public struct LogEntry: Hashable, Sendable {
    public let index: LogIndex
    /// The term of the leader that made the entry, which need not be the one that replicates it.
    public let term: Term
    public let payload: EntryPayload
    /// The tag that chains this entry to the one before, made by the leader's security domain. Only stored and carried
    /// here. A no-op carries the tag of the entry before it, so that a sealed leader can begin its term.
    public let tag: [UInt8]

    public init(index: LogIndex, term: Term, payload: EntryPayload, tag: [UInt8]) {
        self.index = index
        self.term = term
        self.payload = payload
        self.tag = tag
    }

    /// What the entry counts for against limits on bytes: payload, tag and a flat share for the rest.
    public var size: Int {
        let flat = 32 + tag.count
        switch payload {
        case .noOp: return flat
        case .configuration(let configuration): return flat + 8 * configuration.size
        case .command(let bytes): return flat + bytes.count
        }
    }
}
