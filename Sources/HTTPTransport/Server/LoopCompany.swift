import NIOCore

/// What the connections of one event loop share.
final class LoopCompany {
    let dates = HTTPDateCache()
    let headers = SharedHeaderBlock()
    let tokens = TokenWorkshop()
    let turns: TurnEnds

    /// Must be called on `loop`.
    init(loop: any EventLoop, sink: any RequestSink) {
        let isolated = loop.assumeIsolated()
        // A loop runs what it was given during a round once it has handled all events of it, before it looks for more.
        turns = TurnEnds(sink: sink) { work in isolated.execute(work) }
    }
}
