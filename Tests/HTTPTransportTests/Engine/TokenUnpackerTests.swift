import Testing

@testable import HTTPTransport

@Suite("HTTP/2 engine: repeated tokens")
struct TokenUnpackerTests {
    private static let token = "Bearer " + String(repeating: "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.", count: 25)

    private static func requests(_ tokens: [String]) throws -> [UInt8] {
        let client = try ClientHarness()
        for token in tokens { client.send(.post, "/k", headers: [("authorization", token)], body: [1]) }
        return client.output()
    }

    /// What the unpacker makes of bytes that come in these pieces.
    private static func unpack(_ pieces: [[UInt8]]) -> (bytes: [UInt8], replaced: Int) {
        var unpacker = TokenUnpacker()
        let workshop = TokenWorkshop()
        var bytes: [UInt8] = []
        var replaced = 0
        for piece in pieces {
            if piece.withUnsafeBytes({ unpacker.unpack($0, in: workshop) }) {
                bytes += workshop.output
                replaced += 1
            } else {
                bytes += piece
            }
        }
        return (bytes, replaced)
    }

    /// The tokens whose places are in `bytes`.
    private static func tokens(in bytes: [UInt8], of workshop: TokenWorkshop) -> [[UInt8]] {
        bytes.withUnsafeBytes { bytes in
            (0..<max(0, bytes.count - TokenWorkshop.placeBytes)).compactMap {
                workshop.token(at: bytes.part($0..<$0 + TokenWorkshop.placeBytes))
            }
        }
    }

    @Test func `the frames have a place for the token instead of its code`() throws {
        let bytes = try Self.requests([Self.token, Self.token, Self.token])
        let unpacked = Self.unpack([bytes]).bytes
        let frames = RawFrames.parse(Array(unpacked.dropFirst(24)))
        let before = RawFrames.parse(Array(bytes.dropFirst(24)))
        #expect(frames.map(\.type) == before.map(\.type))
        #expect(frames.map(\.stream) == before.map(\.stream))
        let headers = frames.filter { $0.type == 1 }
        #expect(headers.count == 3)
        for frame in headers { #expect(frame.payload.count < 100) }
        for frame in before where frame.type == 1 { #expect(frame.payload.count > 500) }
    }

    @Test func `many tokens of one read have places of their own, and the rest pass as they are`() throws {
        let tokens = [Self.token, "Bearer of a name that is long enough"]
        let blocks = try tokens.map { token in
            let frames = RawFrames.parse(Array(try Self.requests([token]).dropFirst(24)))
            return try #require(frames.first { $0.type == 1 }).payload
        }
        var bytes = RawFrames.preface
        for number in 0..<260 {
            bytes += RawFrames.frame(type: 1, flags: 5, stream: UInt32(2 * number + 1), blocks[number % 2])
        }
        var unpacker = TokenUnpacker()
        let workshop = TokenWorkshop()
        let hasUnpacked = bytes.withUnsafeBytes { unpacker.unpack($0, in: workshop) }
        #expect(hasUnpacked)
        workshop.take { output in
            let found = Self.tokens(in: Array(output), of: workshop).map { String(decoding: $0, as: UTF8.self) }
            #expect(found == (0..<256).map { tokens[$0 % 2] })
            let rest = Array(output.suffix(blocks[1].count))
            #expect(rest == blocks[1])
        }
    }

    @Test(arguments: [token + "\u{7F}", " " + token, token + " "])
    func `what libnghttp2 takes for no value is left to it`(token: String) throws {
        let bytes = try Self.requests([token, token])
        #expect(Self.unpack([bytes]).replaced == 0)
        let sink = RecordingSink()
        let server = try ServerHarness(sink: sink)
        _ = server.exchange(bytes)
        #expect(sink.seen.allSatisfy { $0.headers.first("authorization") == nil })
    }

    @Test(arguments: [
        ["a", "a"], [token, token], [token, "Bearer x", token], ["", token],
        [String(repeating: "~", count: 15_000), "b"],
        [String(repeating: "e", count: 6000), String(repeating: "e", count: 6001)],
        [String(repeating: "0", count: 126), String(repeating: "0", count: 127), String(repeating: "0", count: 300)],
    ])
    func `each request has the token that was sent with it`(tokens: [String]) throws {
        let sink = RecordingSink()
        let server = try ServerHarness(sink: sink)
        let client = try ClientHarness()
        for token in tokens { client.send(.get, "/k", headers: [("authorization", token)]) }
        client.converse(with: server)
        #expect(sink.seen.map { $0.headers.first("authorization") } == tokens)
    }

    @Test func `a connection's token is not another's`() throws {
        let workshop = TokenWorkshop()
        for token in [Self.token, Self.token.replacing("J9", with: "9J"), Self.token] {
            let bytes = try Self.requests([token])
            var unpacker = TokenUnpacker()
            let hasUnpacked = bytes.withUnsafeBytes { unpacker.unpack($0, in: workshop) }
            #expect(hasUnpacked)
            var taken: [UInt8] = []
            workshop.take { output in
                taken = Array(output)
                #expect(Self.tokens(in: taken, of: workshop) == [Array(token.utf8)])
            }
            #expect(Self.tokens(in: taken, of: workshop).isEmpty)
            #expect(workshop.output.isEmpty)
        }
    }

    @Test func `frames that are split between reads pass as they are`() throws {
        let bytes = try Self.requests([Self.token, Self.token])
        let bytewise = Self.unpack(bytes.map { [$0] })
        #expect(bytewise.bytes == bytes)
        #expect(bytewise.replaced == 0)
        let whole = Self.unpack([bytes]).bytes
        for split in 0...bytes.count {
            // What follows a split frame is unpacked again.
            let parts = Self.unpack([Array(bytes[..<split]), Array(bytes[split...])])
            #expect(parts.replaced >= 1)
            #expect(parts.bytes.count >= whole.count)
        }
    }

    @Test func `padded frames, and a block that goes on in the next frame, pass as they are`() throws {
        let frames = RawFrames.parse(Array(try Self.requests([Self.token]).dropFirst(24)))
        let block = try #require(frames.first { $0.type == 1 }).payload
        let variants = [
            RawFrames.frame(type: 1, flags: 4 | 8, stream: 1, [3] + block + [0, 0, 0]),
            RawFrames.frame(type: 1, flags: 0, stream: 1, block) + RawFrames.frame(type: 9, flags: 4, stream: 1, []),
        ]
        for variant in variants {
            let bytes = RawFrames.preface + RawFrames.emptySettings + variant
            #expect(Self.unpack([bytes]).replaced == 0)
        }
        let prioritised = RawFrames.frame(type: 1, flags: 4 | 0x20, stream: 1, [0, 0, 0, 0, 9] + block)
        let sink = RecordingSink()
        let server = try ServerHarness(sink: sink)
        let bytes = RawFrames.preface + RawFrames.emptySettings + prioritised + RawFrames.data(1, [1], end: true)
        #expect(Self.unpack([bytes]).replaced == 1)
        _ = server.exchange(bytes)
        #expect(sink.seen.first?.headers.first("authorization") == Self.token)
    }

    @Test func `a code that means nothing is libnghttp2's to refuse, also after another's`() throws {
        // Thirty bits set are the code of the end of a string, which mustn't be in one (RFC 7541 section 5.2).
        let block =
            RawFrames.block(RawFrames.request()) + [0x1F, 8, 0x80 | 5, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
        let bytes =
            RawFrames.preface + RawFrames.emptySettings + RawFrames.frame(type: 1, flags: 5, stream: 1, block)
        #expect(Self.unpack([bytes]).replaced == 0)
        let server = try ServerHarness(sink: RecordingSink())
        let answer = server.exchange(bytes)
        #expect(RawFrames.parse(answer).contains { $0.type == 7 })
        // One decoder serves many connections.
        let workshop = TokenWorkshop()
        for (bytes, isUnpacked) in [(bytes, false), (try Self.requests([Self.token]), true)] {
            var unpacker = TokenUnpacker()
            #expect(bytes.withUnsafeBytes { unpacker.unpack($0, in: workshop) } == isUnpacked)
        }
    }

    /// The bytes whole, which are unpacked, and one by one, which aren't: neither the requests nor the answers may
    /// differ.
    @Test(arguments: 0..<16)
    func `damaged conversations come to the same whether they are unpacked or not`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(3000 + seed))
        let sample = try Self.requests([Self.token, Self.token, "Bearer short", Self.token])
        for _ in 0..<60 {
            var bytes = sample
            for _ in 0..<Int.random(in: 0...4, using: &random) { random.damage(&bytes, from: 24) }
            let results = try [[bytes], bytes.map { [$0] }].map { pieces in
                let sink = RecordingSink()
                let server = try ServerHarness(sink: sink)
                for piece in pieces { server.receive(piece) }
                let frames = RawFrames.parse(server.output())
                let requests = sink.seen.map { "\($0.path) \($0.headers.first("authorization") ?? "-") \($0.body)" }
                // Header blocks hold the time of day, which may be another for the second server.
                return (requests, frames.map { "\($0.type) \($0.stream) \($0.type == 1 ? [] : $0.payload)" })
            }
            #expect(results[0] == results[1])
        }
    }
}
