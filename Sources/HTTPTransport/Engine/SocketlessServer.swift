/// One HTTP/2 connection of a server that has no socket: bytes go in and come out by calls. For measuring what a
/// request costs without a network.
///
/// Belongs to one thread. What other threads answer is taken by the executor that it was made with.
package final class SocketlessServer {
    private let engine: HTTP2ServerEngine
    private let receiver: Receiver

    /// Passes answers to the engine; counts them.
    private final class Receiver: ResponseReceiver {
        weak var engine: HTTP2ServerEngine?
        var answers = 0

        func deliver(_ response: HTTPResponse, stream: Int32, inBatch: Bool) {
            answers += 1
            engine?.submit(response, stream: stream)
        }

        func deliveriesEnded() {}
    }

    /// - Throws: `TransportError.configuration` if libnghttp2 is out of memory.
    package init(sink: any RequestSink, executor: any ConnectionExecutor) throws(TransportError) {
        let connection = ConnectionContext(remoteAddress: "192.0.2.7", executor: executor)
        engine = try HTTP2ServerEngine(
            connection: connection, sink: sink, limits: TransportLimits(), timeouts: TransportTimeouts(),
            load: TransportLoad(), dates: HTTPDateCache(), now: MonotonicClock.now())
        receiver = Receiver()
        receiver.engine = engine
        connection.receiver = receiver
    }

    /// How many requests have been answered.
    package var answers: Int { receiver.answers }

    /// Takes bytes of the client, and hands over the requests that became complete.
    package func receive(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { engine.receive($0, now: MonotonicClock.now()) }
        engine.dispatch(until: .max)
    }

    /// Everything that is to be sent to the client.
    package func output() -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = engine.nextOutput() { bytes.append(contentsOf: piece) }
        return bytes
    }
}
