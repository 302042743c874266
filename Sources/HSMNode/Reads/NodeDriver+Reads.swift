import NodeEnvironment
public import PoolState
public import Raft

/// The read guard: gives a view only when it is known to be current, and only once what is looked at in it is released.
extension NodeDriver {
    /// Reads come here that a thread with ``LeasedReads`` could not answer: there is no lease, or an entry touches them
    /// that isn't released, or that the view doesn't hold. With a lease the view is current, but for such entries, and
    /// needs no round.
    func read(_ scope: ReadScope, _ completion: @escaping ReadCompletion) {
        guard case .unsealed = seal else { return completions.append { completion(.failure(.sealed)) } }
        guard held.count + reads.count < options.maximumReads else {
            return completions.append { completion(.failure(.overloaded)) }
        }
        if let leased = leasedReads, leased.isCurrent(now: now) {
            let request = ReadRequest(scope: scope, completion: completion)
            if let index = leased.awaited(for: scope, now: now) {
                reads.expect(request, index: index, now: now)
            } else {
                answer(request, from: leased.view)
            }
        } else if stalled != nil {
            completions.append { completion(.failure(.diskFull)) }
        } else {
            reads.add(ReadRequest(scope: scope, completion: completion), now: now)
        }
    }

    func beginReadRound() {
        guard let id = reads.begin(now: now) else { return }
        raft.requestRead(id: id, now: now)
    }

    /// Answers the reads whose index the published view has reached.
    func answerReads() {
        if effects.release(through: raft.releasedIndex) { publishReads() }
        guard let view = published else { return }
        for request in reads.takeAnswerable(through: view.appliedIndex) { answer(request, from: view) }
    }

    private func answer(_ request: ReadRequest, from view: PoolView) {
        let completion = request.completion
        guard let index = effects.unreleased.index(touching: request.scope, in: view) else {
            return completions.append { completion(.success(view)) }
        }
        held.add(
            index: index, deadline: now.advanced(by: options.readTimeout), giveUp: { completion(.failure($0)) },
            give: { completion(.success(view)) })
    }

    /// Gives the answers that show nothing but what is released.
    func answerReleased() {
        for answer in held.take(through: raft.releasedIndex) { completions.append(answer) }
    }

    // MARK: Reads without the driver

    /// Hands what they need to the threads that answer requests. To be called whenever it changes: before a message
    /// leaves that speaks of the change, and before Raft is told that a view is published.
    func publishReads() {
        if halted == nil, case .unsealed = seal, let view = published {
            leasedReads = LeasedReads(
                view: view, leases: leases, unreleased: effects.unreleased, incoming: incoming.unreleased,
                staleness: staleness, leaseLength: options.raft.leases.length)
        } else {
            leasedReads = nil
        }
        environment.observer.leased(leasedReads)
    }

    /// The published view for a read that has arrived by `now`, if a lease allows it: what threads beside this one do
    /// with ``LeasedReads``. `now` must have been read after the arrival.
    public func leasedView(for scope: ReadScope = .everything, now: Instant) -> PoolView? {
        leasedReads?.view(for: scope, now: now)
    }

    /// Takes over how the pool reads, from the first view on that says so. It is chosen with the pool and never
    /// changes. Where reads go by rounds no node holds a lease: every grant has a floor at which its holder knows this.
    func adopt(_ policy: ReadPolicy) {
        guard policy != readPolicy else { return }
        readPolicy = policy
        switch policy {
        case .lease: break
        case .readIndex: raft.forgoLeases(now: now)
        case .boundedStaleness(let seconds): staleness = Nanoseconds(clamping: seconds) * 1_000_000_000
        }
    }

    // MARK: Clocks

    /// Whoever can't trust its clock drops its leases, and takes everything that it has measured for too long.
    func watchClock() {
        let verdict = clockWatch.check(
            environment.clock.reading(), interval: options.raft.heartbeatInterval, options.raft.leases)
        guard verdict != .good else { return }
        environment.observer.alarm(.clockDistrusted(verdict))
        raft.distrustClock(now: now)
        // Not with the next output, which a full disk may hold back.
        leases = LeaseHolder()
        publishReads()
    }
}

/// A read that waits, with what it depends on.
struct ReadRequest {
    let scope: ReadScope
    let completion: ReadCompletion
}
