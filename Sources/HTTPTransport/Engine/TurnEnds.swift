/// Tells the sink that turns have ended: once for all connections of a loop that had theirs in the same round, so that
/// what they put off is done for all of them together.
///
/// Belongs to one loop.
final class TurnEnds {
    private let sink: any RequestSink
    private let afterRound: (@escaping () -> Void) -> Void
    private var isPending = false

    /// - Parameter afterRound: runs what it is given once the loop has looked after its other connections.
    init(sink: any RequestSink, afterRound: @escaping (@escaping () -> Void) -> Void) {
        self.sink = sink
        self.afterRound = afterRound
    }

    /// A connection's turn has ended.
    func note() {
        guard !isPending else { return }
        isPending = true
        afterRound { [self] in
            isPending = false
            sink.turnEnded()
        }
    }
}
