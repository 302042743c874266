import Logging
import NIOCore

/// Has the listener rest for a second when it can't accept, as where descriptors have run out: its loop is the driver's
/// as well, and would do nothing else.
///
/// SwiftNIO's `AcceptBackoffHandler` holds back the next read only. A listener whose accept has failed is still at the
/// one before, and is woken again and again for the connection that waits.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = Any

    private static let length = TimeAmount.seconds(1)
    /// How often it is said while it goes on.
    private static let silence = TimeAmount.minutes(1)

    private let logger: Logger
    private var lastSaid: NIODeadline?

    init(logger: Logger) {
        self.logger = logger
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError, let options = context.channel.syncOptions else {
            return context.fireErrorCaught(error)
        }
        say(error)
        // Setting an option fails where the listener has been closed.
        try? options.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.length) {
            try options.setOption(.autoRead, value: true)
        }
    }

    private func say(_ error: any Error) {
        let now = NIODeadline.now()
        if let lastSaid, now - lastSaid < Self.silence { return }
        lastSaid = now
        logger.error("peers' connections can't be accepted; tried again each second", metadata: ["reason": "\(error)"])
    }
}
