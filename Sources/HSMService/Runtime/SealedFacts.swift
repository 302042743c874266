import PoolState
import Synchronization

/// What a sealed node has to know to be opened: from its disk at the start, and from the state at its last sealing.
final class SealedFacts: Sendable {
    private let facts: Mutex<OfficerUnsealing.Stored>

    init(_ state: PoolState?) { facts = Mutex(OfficerUnsealing.Stored(state)) }

    var current: OfficerUnsealing.Stored { facts.withLock { $0 } }

    func update(from state: PoolState) {
        let made = OfficerUnsealing.Stored(state)
        facts.withLock { $0 = made }
    }
}
