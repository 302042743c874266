import Foundation
import Glibc
import NIOCore

/// A TCP client that sends exactly the bytes it is given.
final class RawSocket: Sendable {
    private let descriptor: Int32

    init?(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        // Of SwiftNIO, since the compiler can't make up its mind which module the structure of the system belongs to.
        let address = try? SocketAddress(ipAddress: "127.0.0.1", port: port)
        let connected = address?.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
        guard connected == 0 else {
            close(descriptor)
            return nil
        }
    }

    deinit { close(descriptor) }

    /// The receive buffer of the kernel, for a reader that takes nothing.
    func shrinkReceiveBuffer() {
        var size: Int32 = 4096
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    enum Ending: Equatable { case closed, timedOut }

    /// Reads until the peer closes, `count` occurrences of `marker` have come, or nothing has come for `seconds`.
    func read(
        until marker: String? = nil, count: Int = 1, seconds: Double = 300
    ) async -> (text: String, ending: Ending?) {
        // Blocks a thread of its own: those of the concurrency runtime are few, and the server's callers need them.
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: self.blockingRead(until: marker, count: count, seconds: seconds))
            }
        }
    }

    private func blockingRead(until marker: String?, count: Int, seconds: Double) -> (text: String, ending: Ending?) {
        var limit = timeval(tv_sec: Int(seconds), tv_usec: Int((seconds - seconds.rounded(.down)) * 1e6))
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let marker, text.split(separator: marker, omittingEmptySubsequences: false).count > count {
                return (text, nil)
            }
            let got = recv(descriptor, &buffer, buffer.count, 0)
            if got == 0 { return (text, .closed) }
            if got < 0 { return (text, errno == EAGAIN ? .timedOut : .closed) }
            bytes.append(contentsOf: buffer[..<got])
        }
    }
}
