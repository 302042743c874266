import Testing

@testable import HTTPTransport

@Suite("HTTP/2 engine: hostile bytes")
struct HTTP2FuzzTests {
    /// A conversation with most kinds of frames, to be damaged.
    private static func sample() throws -> [UInt8] {
        let client = try ClientHarness()
        client.send(
            .post, "/keys/k/sign?api-version=7.5", headers: [("authorization", "Bearer abcdef"), ("x-a", "b")],
            body: Array(repeating: 0x41, count: 700))
        client.send(.get, "/keys")
        return client.output() + RawFrames.ping()
            + RawFrames.headers(101, RawFrames.request(method: "PUT"), end: false)
            + RawFrames.data(101, [1, 2, 3], end: false) + RawFrames.data(101, [4], end: true)
            + RawFrames.reset(1) + RawFrames.frame(type: 8, flags: 0, stream: 0, [0, 0, 1, 0])
            + RawFrames.frame(type: 2, flags: 0, stream: 3, [0, 0, 0, 0, 9])
            + RawFrames.frame(type: 7, flags: 0, stream: 0, [0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test(arguments: 0..<16)
    func `mutated conversations never trap and leave nothing behind`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let sample = try HTTP2FuzzTests.sample()
        for _ in 0..<250 {
            var bytes = sample
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                // Most damage goes behind the preface, without which everything is refused at once.
                random.damage(&bytes, from: Int.random(in: 0..<10, using: &random) == 0 ? 0 : 24)
            }
            let server = try ServerHarness(sink: RecordingSink(bodyLimit: 500))
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...rest.count, using: &random)
                _ = server.exchange(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
                if Bool.random(using: &random) { server.tick(after: UInt64.random(in: 0...20, using: &random)) }
            }
            server.engine.close()
            #expect(server.load.bufferedBodyBytes == 0)
        }
    }

    @Test(arguments: 0..<4)
    func `random frames never trap`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(1000 + seed))
        for _ in 0..<250 {
            let server = try ServerHarness(sink: RecordingSink(bodyLimit: 500))
            _ = server.exchange(RawFrames.preface + RawFrames.emptySettings)
            for _ in 0..<20 {
                let payload = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                _ = server.exchange(
                    RawFrames.frame(
                        type: UInt8.random(in: 0...10, using: &random),
                        flags: UInt8.random(in: 0...255, using: &random),
                        stream: UInt32.random(in: 0...7, using: &random), payload))
            }
            server.engine.close()
            #expect(server.load.bufferedBodyBytes == 0)
        }
    }

    @Test(arguments: 0..<4)
    func `a client survives mutated answers`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(2000 + seed))
        for _ in 0..<250 {
            let server = try ServerHarness(sink: RecordingSink())
            let client = try ClientHarness()
            client.send(.post, "/", body: [1, 2, 3])
            client.send(.get, "/")
            var bytes = server.exchange(client.output())
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            client.receive(bytes)
            client.engine.abandon()
            #expect(client.results.count == 2)
        }
    }
}
