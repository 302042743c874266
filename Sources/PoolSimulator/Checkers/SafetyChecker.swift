import Raft

/// All checks of one run; keeps the first violation that any of them finds.
final class SafetyChecker {
    let votes = VoteChecker()
    let log = LogChecker()
    let state: StateChecker
    let history: HistoryChecker

    init(state: StateChecker = StateChecker(), history: HistoryChecker) {
        self.state = state
        self.history = history
    }

    /// What was found first; nil as long as every promise was kept.
    var violation: Violation? {
        votes.violation ?? log.violation ?? state.violation ?? history.violation ?? other
    }

    private var other: Violation?

    func report(_ violation: Violation) {
        other = other ?? violation
    }
}
