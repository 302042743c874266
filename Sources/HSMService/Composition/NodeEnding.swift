/// The end of a node that comes from within: told by whichever part finds it, awaited by whoever runs the node.
final class NodeEnding: Sendable {
    private let causes: AsyncStream<NodeFailure>
    private let continuation: AsyncStream<NodeFailure>.Continuation

    init() {
        (causes, continuation) = AsyncStream.makeStream()
    }

    /// The first cause counts.
    func begin(_ cause: NodeFailure) {
        continuation.yield(cause)
        continuation.finish()
    }

    /// Why the node has to end; nil if the caller's task was cancelled first. To be awaited once.
    func cause() async -> NodeFailure? {
        for await cause in causes { return cause }
        return nil
    }
}
