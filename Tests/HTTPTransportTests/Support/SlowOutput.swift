import NIOCore

/// A peer that takes its answers slowly: the end of the output waits for it.
final class SlowOutput: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    /// What the handlers wait for. To be fulfilled in any case.
    private(set) var end: EventLoopPromise<Void>?

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output { end = promise } else { context.close(mode: mode, promise: promise) }
    }
}
