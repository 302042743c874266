import NIOCore

/// Has the listener rest for a second when it can't accept, as where descriptors have run out.
///
/// SwiftNIO's `AcceptBackoffHandler` holds back the next read only. A listener whose accept has failed is still at the
/// one before, and its loop is woken again and again for the connection that waits.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = Any

    private static let length = TimeAmount.seconds(1)

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError, let options = context.channel.syncOptions else {
            return context.fireErrorCaught(error)
        }
        // Setting an option fails where the listener has been closed.
        try? options.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.length) {
            try options.setOption(.autoRead, value: true)
        }
    }
}
