import Synchronization
import Testing

@testable import HTTPTransport

@Suite("Parts of the transport")
struct PartsTests {
    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (-5, "Thu, 01 Jan 1970 00:00:00 GMT"),
    ])
    func `dates are IMF-fixdate`(seconds: Int, text: String) {
        #expect(String(decoding: HTTPDateCache.format(unixSeconds: seconds), as: UTF8.self) == text)
    }

    private func target(_ text: String, allowsAbsolute: Bool = true) -> RequestTarget? {
        Array(text.utf8).withUnsafeBytes { RequestTarget($0, allowsAbsolute: allowsAbsolute) }
    }

    @Test func `targets are split, and refused where they hold what they can't`() {
        #expect(target("/a/b?c=d?e").map { [$0.path, $0.query] } == ["/a/b", "c=d?e"])
        #expect(target("/a?").map { [$0.path, $0.query] } == ["/a", ""])
        #expect(target("*")?.path == "*")
        #expect(target("HTTP://host:1/a?b")?.authority == "host:1")
        #expect(target("https://host/a?b")?.path == "/a")
        for bad in ["", "a", "*a", "/a b", "/a#b", "/\u{7F}", "/ä", "http:///a", "http://host", "ftp://host/a", "?a"] {
            #expect(target(bad) == nil, "\(bad)")
        }
        #expect(target("https://host/a", allowsAbsolute: false) == nil)
    }

    @Test func `fields are found by name`() {
        var fields = HTTPFields([("X-One", "1"), ("x-two", ""), ("x-one", "3"), ("Authorization", "a")])
        fields.append(name: "authorization", value: "b")
        #expect(fields.first("x-one") == "1")
        #expect(fields.first("x-two") == "")
        #expect(fields.first("x-three") == nil)
        #expect(fields.count(of: "x-one") == 2)
        #expect(fields.count == 5)
        #expect(fields.authorization == [UInt8(ascii: "a")])
        #expect(fields.authorizationCount == 2)
        #expect(fields.bytes("x-one") == [UInt8(ascii: "1")])
        #expect(!"\(fields)".contains("3"))
    }

    @Test(arguments: [
        ("0", 0), ("12", 12), ("", Int.max), ("-1", Int.max), ("+1", Int.max), ("1,1", Int.max), (" 1", Int.max),
        ("9999999999999999999", Int.max), ("0x10", Int.max),
    ])
    func `content-length is digits and nothing else`(text: String, length: Int) {
        #expect(HTTPFields([("content-length", text)]).contentLength == length)
    }

    @Test func `messages of errors are escaped`() {
        let response = HTTPResponse.error(status: 400, code: "BadParameter", message: "a \"b\" \\ \n\u{7F} ä")
        #expect(
            String(decoding: response.body, as: UTF8.self)
                == #"{"error":{"code":"BadParameter","message":"a \"b\" \\ \u000a\u007f ä"}}"#)
    }

    @Test func `the frame budget refills with time`() {
        var budget = FrameBudget(burst: 2, now: 0)
        var passed = [0, 0, 1_000_000, 10_000_000, 10_000_001].map { budget.charge(now: $0) }
        #expect(passed == [true, true, false, true, false])
        budget.credit()
        passed = [budget.charge(now: 10_000_001)]
        #expect(passed == [true])
    }

    @Test func `connections that hold little have room when others have taken it all`() {
        var limits = TransportLimits()
        limits.maximumTotalBufferedBodyBytes = 100_000
        let load = TransportLoad()
        var (greedy, modest) = (BodyBudget(load: load, limits: limits), BodyBudget(load: load, limits: limits))
        let most = BodyBudget.freeBytes
        var passed = [greedy.add(100_000, bodyHeld: 100_000), greedy.add(1, bodyHeld: 100_001)]
        #expect(passed == [true, false])
        passed = [most + 1, most, 1].map { modest.add($0, bodyHeld: modest.held + $0) }
        #expect(passed == [false, true, false])
        greedy.removeAll()
        passed = [modest.add(1, bodyHeld: most + 1)]
        #expect(passed == [true])
        modest.removeAll()
        #expect(load.bufferedBodyBytes == 0)
    }

    /// Keeps what it is given until it is told to run it.
    private final class ManualExecutor: ConnectionExecutor {
        private let work = Mutex<[@Sendable () -> Void]>([])
        private let current = Atomic<Bool>(false)

        var isCurrent: Bool { current.load(ordering: .relaxed) }

        func enqueue(_ work: @escaping @Sendable () -> Void) {
            self.work.withLock { $0.append(work) }
        }

        func run() -> Int {
            let taken = work.withLock { work in
                defer { work = [] }
                return work
            }
            current.store(true, ordering: .relaxed)
            for item in taken { item() }
            current.store(false, ordering: .relaxed)
            return taken.count
        }
    }

    @Test func `answers from other threads share one hop`() throws {
        let executor = ManualExecutor()
        let kept = Kept()
        let server = try ServerHarness(
            sink: RecordingSink { _, responder in kept.keep(responder) }, executor: executor)
        let client = try ClientHarness()
        for _ in 0..<10 { client.send(.get, "/") }
        client.converse(with: server)
        let responders = kept.take()
        for responder in responders { responder.respond(HTTPResponse(status: 200)) }
        #expect(server.engine.outstanding == 10)
        #expect(executor.run() == 1)
        #expect(server.batches == [10])
        client.converse(with: server)
        #expect((0..<10).allSatisfy { client.response($0)?.status == 200 })
    }

    @Test func `work and answers keep their order`() throws {
        let executor = ManualExecutor()
        let context = ConnectionContext(remoteAddress: "", executor: executor)
        let order = Mutex<[Int]>([])
        for number in 0..<5 { context.execute { order.withLock { $0.append(number) } } }
        #expect(executor.run() == 1)
        #expect(order.withLock { $0 } == [0, 1, 2, 3, 4])
    }

    @Test func `what was read last is read again only where it differs`() {
        var last = LastReading<String>()
        var reads = 0
        func read(_ text: String) -> String? {
            Array(text.utf8).withUnsafeBytes { raw in
                last.of(raw) { bytes in
                    reads += 1
                    return bytes.first == UInt8(ascii: "!") ? nil : String(decoding: bytes, as: UTF8.self)
                }
            }
        }
        let long = String(repeating: "x", count: 513)
        for text in ["a", "a", "b", "ab", "ab", long, long, "ab", "!", "!", "ab", "a"] {
            #expect(read(text) == (text == "!" ? nil : text))
        }
        // Neither a long one nor one that can't be read is kept, in place of the one before.
        #expect(reads == 8)
    }

    @Test func `standing fields are checked when they are made`() {
        #expect(StandingFields([("x-a", "1"), ("X-B", "")])?.fields.count == 2)
        for bad in [("x a", "1"), ("", "1"), ("x-a", "1\r\nx-b: 2"), ("date", "1"), ("Content-Length", "1")] {
            #expect(StandingFields([("x-a", "1"), bad]) == nil)
        }
    }
}
