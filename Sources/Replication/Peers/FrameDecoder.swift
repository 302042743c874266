import NIOCore

/// How many bytes a frame may have at this point of a connection's life. Shared by decoder and session on one loop.
final class FrameLimit {
    var bytes: Int

    init(_ bytes: Int) {
        self.bytes = bytes
    }
}

/// Cuts the decrypted bytes into frames: a 32-bit big-endian length, then that many bytes. An empty frame is a sign
/// of life.
struct FrameDecoder: ByteToMessageDecoder {
    typealias InboundOut = ByteBuffer

    private let limit: FrameLimit

    init(limit: FrameLimit) {
        self.limit = limit
    }

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        guard let length: UInt32 = buffer.getInteger(at: buffer.readerIndex) else { return .needMoreData }
        // Before a byte of it is waited for: the announced length alone costs nothing.
        guard length <= limit.bytes else {
            throw PeerRefusal.oversized(bytes: Int(length), limit: limit.bytes)
        }
        guard buffer.readableBytes >= MemoryLayout<UInt32>.size + Int(length) else { return .needMoreData }
        buffer.moveReaderIndex(forwardBy: MemoryLayout<UInt32>.size)
        guard let frame = buffer.readSlice(length: Int(length)) else { return .needMoreData }
        context.fireChannelRead(Self.wrapInboundOut(frame))
        return .continue
    }

    mutating func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        // A frame that was cut off with its connection says nothing.
        .needMoreData
    }
}

enum FrameWriter {
    static func buffer(_ frame: [UInt8], allocator: ByteBufferAllocator) -> ByteBuffer {
        var buffer = allocator.buffer(capacity: MemoryLayout<UInt32>.size + frame.count)
        // Frames are at most 4 MiB long.
        buffer.writeInteger(UInt32(frame.count))
        buffer.writeBytes(frame)
        return buffer
    }
}
