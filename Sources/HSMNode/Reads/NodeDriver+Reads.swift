public import PoolState
public import Raft

/// The read guard: gives a view only when it is known to be current.
///
/// What lets a read be answered is asked in one place, here: a lease, for whoever asks for a view with it, or a round.
extension NodeDriver {
    func read(_ completion: @escaping ReadCompletion) {
        guard case .unsealed = seal else { return completions.append { completion(.failure(.sealed)) } }
        guard held.count < options.maximumReads, reads.add(now: now, completion) else {
            return completions.append { completion(.failure(.overloaded)) }
        }
    }

    func beginReadRound() {
        guard let id = reads.begin(now: now) else { return }
        raft.requestRead(id: id, now: now)
    }

    /// Answers the reads whose index the published view has reached.
    func answerReads() {
        guard let view = published else { return }
        let deadline = now.advanced(by: options.readTimeout)
        for completion in reads.takeAnswerable(through: view.appliedIndex) {
            held.add(
                index: view.appliedIndex, deadline: deadline, giveUp: { completion(.failure($0)) },
                give: { completion(.success(view)) })
        }
    }

    /// Gives the answers that show nothing but what is released.
    func answerReleased() {
        for answer in held.take(through: raft.releasedIndex) { completions.append(answer) }
    }

    /// The published view, if a lease says that it is current and all of it is released; then a read that has arrived
    /// by `now` may be answered from it without asking anyone. `now` must have been read after the arrival.
    public func leasedView(now: Instant) -> PoolView? {
        guard halted == nil, case .unsealed = seal, let view = published, raft.releasedIndex >= view.appliedIndex,
            leases.serves(viewIndex: view.appliedIndex, now: now)
        else { return nil }
        return view
    }
}
