public import PoolState
public import Raft

/// All that a thread needs to decide a read at once, without asking the driver or anybody else: the view to answer
/// from, the leases that say that it is current, what in it isn't released yet, and what isn't in it yet.
///
/// Immutable, and made anew whenever one of them changes. A thread loads it once and reads the clock, both after
/// the request has arrived, in any order; a pause between the two does no harm (see `LeaseHolder`).
public final class LeasedReads: Sendable {
    /// The view that was published last, whether or not it is current and released: to answer from it, ask
    /// ``view(for:now:)`` or ``current(for:now:)``.
    public let view: PoolView
    let leases: LeaseHolder
    let unreleased: UnreleasedEffects
    /// Entries that the view doesn't hold, and that may have been released on this node's word that it waits for them.
    let incoming: UnreleasedEffects
    /// For how long after the end of a lease the view is good enough. 0 but in pools that have chosen a bound.
    let staleness: Nanoseconds
    /// How long a lease is, from the request for it.
    let leaseLength: Nanoseconds

    init(
        view: PoolView, leases: LeaseHolder, unreleased: UnreleasedEffects, incoming: UnreleasedEffects,
        staleness: Nanoseconds, leaseLength: Nanoseconds
    ) {
        self.view = view
        self.leases = leases
        self.unreleased = unreleased
        self.incoming = incoming
        self.staleness = staleness
        self.leaseLength = leaseLength
    }

    /// The view, for a read that has arrived by `now` and looks at nothing beyond `scope`. Nil if no lease says that it
    /// is current, or if an entry touches the scope that isn't released or isn't in the view.
    public func view(for scope: ReadScope, now: Instant) -> PoolView? {
        guard let current = current(for: scope, now: now), current.isReleased else { return nil }
        return view
    }

    /// The view to decide a command on that has arrived by `now`, with whether it may be told of. Nil if no lease says
    /// that it is current, or if an entry touches the scope that isn't in it.
    public func current(for scope: ReadScope, now: Instant) -> CurrentView? {
        guard isCurrent(now: now), awaited(for: scope, now: now) == nil else { return nil }
        return CurrentView(view: view, isReleased: unreleased.index(touching: scope, in: view) == nil)
    }

    /// The entry that the view has to hold before a read that has arrived by `now` is answered; nil if there is none.
    ///
    /// By the bound alone such entries aren't waited for: a node that is cut off may never learn what becomes of them.
    /// Some may have been released while the lease ran. But the view reaches the lease's floor, so what it lacks was
    /// released after the lease was asked for: from then on the bound is counted for it.
    func awaited(for scope: ReadScope, now: Instant) -> UInt64? {
        guard let index = incoming.index(touching: scope, in: view) else { return nil }
        guard staleness > leaseLength, !leases.serves(viewIndex: view.appliedIndex, now: now) else { return index }
        let isWithinBound = leases.serves(
            viewIndex: view.appliedIndex, now: now, staleness: staleness - leaseLength)
        return isWithinBound ? nil : index
    }

    /// Whether the view holds everything that was released before `now`, or before the bound of the pool's choice, but
    /// for entries that may have to be waited for.
    public func isCurrent(now: Instant) -> Bool {
        leases.serves(viewIndex: view.appliedIndex, now: now, staleness: staleness)
    }
}
