/// The right to answer reads without asking anyone: from views that hold everything through `floor`, until `end`.
public struct ReadGrant: Hashable, Sendable {
    /// An older view is not current, whatever the time.
    public let floor: LogIndex
    /// On the holder's own clock.
    public let end: Instant

    public init(floor: LogIndex, end: Instant) {
        self.floor = floor
        self.end = end
    }
}

/// The leases that a node holds, as a value that can be handed to the threads that answer reads.
///
/// To decide a read, such a thread loads the latest `LeaseHolder` and the published view once each, and reads the
/// clock, all three *after* the read has arrived and in any order; then it asks `serves`, and answers from the view
/// that it loaded. A pause between any two steps does no harm: a grant says that a view from its floor on is current
/// for whatever arrives before its end.
public struct LeaseHolder: Hashable, Sendable {
    /// The grant that ends last.
    public private(set) var newest: ReadGrant?
    /// Another one: a renewal whose floor the view has not reached yet must not interrupt the lease before it.
    public private(set) var older: ReadGrant?
    #if PLANTED_FAULTS
        var fault: PlantedFault?
    #endif

    /// Holds no lease.
    public init() {}

    /// Whether a read may be answered from the view that holds everything through `viewIndex`. End and floor must be
    /// those of one grant, and the index that of the very view that is answered from.
    ///
    /// - Parameter staleness: For how long after the end of a lease an answer is good enough: the view held everything
    ///   that was released when the lease ended, but for entries of this node's log that its reads waited for.
    public func serves(viewIndex: LogIndex, now: Instant, staleness: Nanoseconds = 0) -> Bool {
        #if PLANTED_FAULTS
            if fault == .leaseFloorIgnored { return [newest, older].contains { $0.map { now < $0.end } ?? false } }
        #endif
        return Self.allows(newest, viewIndex, now, staleness) || Self.allows(older, viewIndex, now, staleness)
    }

    private static func allows(
        _ grant: ReadGrant?, _ viewIndex: LogIndex, _ now: Instant, _ staleness: Nanoseconds
    ) -> Bool {
        guard let grant else { return false }
        return viewIndex >= grant.floor && now < grant.end.advanced(by: staleness)
    }

    /// Keeps the grant that ends last and, of the others, the one that is of most use at `published`.
    mutating func add(_ grant: ReadGrant, published: LogIndex) {
        var all = [grant, newest, older].compactMap(\.self).sorted { $0.end > $1.end }
        newest = all.removeFirst()
        older = all.first { $0.floor <= published } ?? all.first
    }

    mutating func drop() {
        newest = nil
        older = nil
    }
}
