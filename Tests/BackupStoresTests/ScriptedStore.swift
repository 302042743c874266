import Foundation
import Glibc
import RequestTesting
import Synchronization

/// A store on the machine itself, over HTTP without TLS: a test says what it answers.
final class ScriptedStore: Sendable {
    struct Request: Sendable {
        let method: String
        /// With the query.
        let target: String
        /// By name, in lower case.
        let headers: [String: String]
        let body: [UInt8]
    }

    struct Answer: Sendable {
        var status: Int
        var headers: [String: String] = [:]
        var body = ""
        /// The content comes byte by byte, a hundred in a second.
        var isSlow = false
    }

    private let listener: Int32
    private let port: Int
    private let received = Mutex<[Request]>([])
    private let answer: @Sendable (Request, [Request]) -> Answer

    /// - Parameter answer: says what is answered to a request, knowing all that came before it.
    init(_ answer: @escaping @Sendable (Request, [Request]) -> Answer) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard listener >= 0, let port = Self.listen(listener) else { throw TestFailure("no socket for the test") }
        (self.listener, self.port) = (listener, port)
        self.answer = answer
        // Blocks a thread of its own: those of the concurrency runtime are few, and the client needs them.
        Thread.detachNewThread { [self] in serve() }
    }

    var url: String { "http://127.0.0.1:\(port)" }

    var requests: [Request] { received.withLock { $0 } }

    /// Ends the thread that accepts connections.
    func close() { shutdown(listener, Int32(SHUT_RDWR)) }

    /// - Returns: the port that the system has chosen.
    private static func listen(_ listener: Int32) -> Int? {
        // The system's structure, byte by byte: family, port in network order, address.
        var address: [UInt8] = [UInt8(AF_INET), 0, 0, 0, 127, 0, 0, 1] + [UInt8](repeating: 0, count: 8)
        var length = socklen_t(address.count)
        let isListening = address.withUnsafeMutableBufferPointer { bytes -> Bool in
            guard let start = bytes.baseAddress else { return false }
            let whole = OpaquePointer(start)
            guard bind(listener, UnsafePointer(whole), length) == 0 else { return false }
            guard Glibc.listen(listener, 16) == 0 else { return false }
            return getsockname(listener, UnsafeMutablePointer(whole), &length) == 0
        }
        return isListening ? Int(address[2]) << 8 | Int(address[3]) : nil
    }

    private func serve() {
        while true {
            let connection = accept(listener, nil, nil)
            if connection < 0, errno == EINTR { continue }
            guard connection >= 0 else { break }
            Thread.detachNewThread { [self] in
                converse(on: connection)
                Glibc.close(connection)
            }
        }
        Glibc.close(listener)
    }

    /// One request for each connection.
    private func converse(on connection: Int32) {
        guard let request = Self.request(from: connection) else { return }
        let before = received.withLock { all in
            defer { all.append(request) }
            return all
        }
        Self.deliver(answer(request, before), to: connection, withBody: request.method != "HEAD")
    }

    private static func request(from connection: Int32) -> Request? {
        let blankLine = Array("\r\n\r\n".utf8)
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let end = bytes.indices.first(where: { bytes[$0...].starts(with: blankLine) }),
                let whole = Self.request(head: bytes[..<end], rest: bytes[(end + blankLine.count)...])
            {
                return whole
            }
            let got = recv(connection, &piece, piece.count, 0)
            guard got > 0 else { return nil }
            bytes += piece[..<got]
        }
    }

    /// - Returns: nil where more of the body is to come.
    private static func request(head: ArraySlice<UInt8>, rest: ArraySlice<UInt8>) -> Request? {
        let lines = String(decoding: head, as: UTF8.self).split(whereSeparator: \.isNewline)
        let words = lines[0].split(separator: " ").map(String.init)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2 { headers[parts[0].lowercased()] = parts[1] }
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        guard rest.count >= length else { return nil }
        return Request(method: words[0], target: words[1], headers: headers, body: Array(rest.prefix(length)))
    }

    private static func deliver(_ answer: Answer, to connection: Int32, withBody: Bool) {
        var text = "HTTP/1.1 \(answer.status) Scripted\r\nconnection: close\r\n"
        text += "content-length: \(answer.body.utf8.count)\r\n"
        for (name, value) in answer.headers { text += "\(name): \(value)\r\n" }
        text += "\r\n"
        guard Self.send(text, to: connection), withBody else { return }
        let pieces = answer.isSlow ? answer.body.map { String($0) } : [answer.body]
        for piece in pieces {
            if answer.isSlow { usleep(10_000) }
            guard Self.send(piece, to: connection) else { return }
        }
    }

    /// - Returns: false once the client has closed the connection.
    private static func send(_ text: String, to connection: Int32) -> Bool {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}
