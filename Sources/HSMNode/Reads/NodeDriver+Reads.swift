import PoolState
import Raft

/// The read guard: gives a view only when it is known to be current.
///
/// What lets a read be answered is asked in one place, here. A right to answer without a round would be tried in
/// `read`, before the read joins the next round.
extension NodeDriver {
    func read(_ completion: @escaping ReadCompletion) {
        guard case .unsealed = seal else { return completions.append { completion(.failure(.sealed)) } }
        guard reads.add(now: now, completion) else {
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
        for completion in reads.takeAnswerable(through: view.appliedIndex) {
            completions.append { completion(.success(view)) }
        }
    }
}
