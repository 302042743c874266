import Foundation
import NodeEnvironment
import Raft
import SwiftProtobuf
import Testing

@testable import Replication

/// What is encoded and decoded by hand is what the schema's messages would be.
@Suite("Appends, and answers to them, that are encoded by hand")
struct DirectAppendTests {
    private static func frame(_ body: RaftMessage.Body) -> PeerFrame {
        .message(.raft(RaftMessage(from: NodeID(1), to: NodeID(300), term: 9, body: body)))
    }

    private static func entry(_ index: LogIndex, bytes: Int, tag: Int = 32) -> LogEntry {
        LogEntry(
            index: index, term: 2, payload: .command([UInt8](repeating: 7, count: bytes)),
            tag: [UInt8](repeating: 5, count: tag))
    }

    /// Lengths that need another byte, at each level.
    private static let requests: [AppendRequest] =
        [0, 1, 40, 60, 80, 127, 128, 16_300, 16_384, 70_000, 2_200_000].map { bytes in
            AppendRequest(
                prevIndex: 3, prevTerm: 1, entries: [entry(4, bytes: bytes), entry(5, bytes: 1, tag: 0)], commit: 7,
                round: .max, released: bytes == 1 ? nil : LogIndex(bytes))
        } + [
            AppendRequest(prevIndex: 0, prevTerm: 0, entries: [], commit: 0, round: 0),
            AppendRequest(prevIndex: 0, prevTerm: 0, entries: [], commit: 0, round: 1, released: 0),
        ]

    private static let responses: [AppendResponse] = [
        AppendResponse(outcome: .accepted(matchIndex: 0), round: 0),
        AppendResponse(
            outcome: .accepted(matchIndex: 300), round: .max, published: 299, covers: true,
            leaseRequest: LeaseRequestID(process: .max, counter: 1)),
        AppendResponse(
            outcome: .rejected(hintIndex: 0, hintTerm: 0), round: 1,
            leaseRequest: LeaseRequestID(process: 0, counter: 0)),
        AppendResponse(outcome: .rejected(hintIndex: 5, hintTerm: 2), round: 128, published: 127, covers: true),
    ]

    private static let bodies = requests.map { RaftMessage.Body.append($0) } + responses.map { .appendResponse($0) }

    /// A member that was away gets as much at once as the limits allow, be it many entries or large ones.
    @Test("The largest appends that a leader makes are taken", arguments: [0, 100, 192, 1_000, 1 << 20, 2 << 20])
    func largest(payload: Int) throws {
        let options = Raft.Options(id: NodeID(1), randomSeed: 1)
        let size = Self.entry(1, bytes: payload).size
        let count = max(1, min(options.maxEntriesPerMessage, options.maxEntryBytesPerMessage / size))
        let request = AppendRequest(
            prevIndex: 1, prevTerm: 1, entries: (0..<count).map { Self.entry(2 + LogIndex($0), bytes: payload) },
            commit: 1, round: 1)
        let frame = Self.frame(.append(request))
        #expect(try PeerFrame(decoding: frame.encoded()) == frame)
    }

    private static func generic(_ frame: PeerFrame) throws -> [UInt8] {
        guard case .message(.raft(let message)) = frame else { return [] }
        return try Quorate_Replication_V1_PeerFrame.with { $0.raft = .init(message) }.serializedBytes()
    }

    /// What the messages alone make of bytes. Nil for frames that hold no message of consensus.
    private static func byMessages(_ bytes: [UInt8]) -> Result<PeerFrame, WireError>? {
        do throws(WireError) {
            let frame = try Quorate_Replication_V1_PeerFrame.decode(bytes)
            guard case .raft(let message) = frame.body else { return nil }
            return .success(.message(.raft(try message.validated())))
        } catch {
            return .failure(error)
        }
    }

    private static func decoded(_ bytes: [UInt8]) -> Result<PeerFrame, WireError> {
        do throws(WireError) {
            return .success(try PeerFrame(decoding: bytes))
        } catch {
            return .failure(error)
        }
    }

    @Test("have the same bytes", arguments: bodies.indices)
    func sameBytes(_ place: Int) throws {
        let frame = Self.frame(Self.bodies[place])
        let bytes = try #require(frame.encodedDirectly())
        let expected = try Self.generic(frame)
        // Without the difference of millions of bytes, which takes long to find.
        let isEqual = bytes == expected
        #expect(isEqual)
    }

    @Test("leave out what has other payloads than commands and no-ops")
    func configurations() throws {
        let entries = [
            LogEntry(index: 1, term: 1, payload: .noOp, tag: []),
            LogEntry(index: 2, term: 1, payload: .configuration(Samples.configuration), tag: []),
        ]
        func frame(_ count: Int) -> PeerFrame {
            Self.frame(
                .append(
                    AppendRequest(
                        prevIndex: 0, prevTerm: 0, entries: Array(entries.prefix(count)), commit: 0, round: 1)))
        }
        #expect(try frame(1).encodedDirectly() == Self.generic(frame(1)))
        #expect(frame(2).encodedDirectly() == nil)
        for count in 1...2 { #expect(try PeerFrame(decoding: frame(count).encoded()) == frame(count)) }
    }

    @Test("are read as the messages read them, damaged or not")
    func sameMeaning() throws {
        var random = SeededGenerator(seed: 3)
        var direct = 0
        for body in Self.bodies {
            let bytes = try Self.generic(Self.frame(body))
            guard bytes.count < 1000 else { continue }
            for number in 0..<2_000 {
                var damaged = bytes
                let place = Int.random(in: 0..<damaged.count, using: &random)
                switch number % 5 {
                case 0: break
                case 1: damaged[place] = UInt8.random(in: 0...255, using: &random)
                case 2: damaged.insert(UInt8.random(in: 0...255, using: &random), at: place)
                case 3: damaged.remove(at: place)
                default: damaged.removeLast(damaged.count - place)
                }
                if let found = PeerFrame(decodingDirectly: damaged) {
                    direct += damaged == bytes ? 0 : 1
                    #expect(Self.byMessages(damaged) == .success(found))
                }
                if let expected = Self.byMessages(damaged) { #expect(Self.decoded(damaged) == expected) }
            }
        }
        // A byte of a number makes another number, and nothing is damaged by that.
        #expect(direct > 1_000)
    }

    /// Each breaks one rule, or just keeps it.
    private static let limits: [(body: RaftMessage.Body, isValid: Bool)] = {
        func request(
            _ entries: [LogEntry], after index: LogIndex = 3, _ term: Term = 1, commit: LogIndex = 7,
            released: LogIndex? = nil
        ) -> RaftMessage.Body {
            .append(
                AppendRequest(
                    prevIndex: index, prevTerm: term, entries: entries, commit: commit, round: 1, released: released))
        }
        func response(_ outcome: AppendResponse.Outcome, published: LogIndex = 0) -> RaftMessage.Body {
            .appendResponse(AppendResponse(outcome: outcome, round: 1, published: published))
        }
        func entry(_ index: LogIndex, _ term: Term = 2, bytes: Int = 3, tag: Int = 32) -> LogEntry {
            LogEntry(
                index: index, term: term, payload: .command([UInt8](repeating: 1, count: bytes)),
                tag: [UInt8](repeating: 2, count: tag))
        }
        let largest = WireLimits.largestNumber
        func many(_ count: Int) -> [LogEntry] { (0..<count).map { entry(4 + LogIndex($0)) } }
        return [
            (request(many(WireLimits.entriesPerAppend)), true), (request(many(WireLimits.entriesPerAppend + 1)), false),
            (request([entry(4, bytes: WireLimits.commandBytes)]), true),
            (request([entry(4, bytes: WireLimits.commandBytes + 1)]), false),
            (request([entry(5)]), false), (request([entry(3)]), false), (request([entry(4), entry(6)]), false),
            (request([entry(4, 0)]), false), (request([entry(4, 2), entry(5, 1)]), false),
            (request([entry(1)], after: 0, 0), true), (request([entry(1)], after: 0, 1), false),
            (request([], after: 1, 0), false), (request([entry(4, tag: 31)]), false),
            (request([entry(4, tag: 33)]), false), (request([entry(4, largest)]), true),
            (request([entry(4, largest + 1)]), false),
            (request([entry(largest)], after: largest - 1), true),
            (request([entry(largest + 1)], after: largest), false),
            (request([], commit: largest, released: largest), true), (request([], commit: largest + 1), false),
            (request([], released: largest + 1), false), (request([], after: largest + 1), false),
            (response(.accepted(matchIndex: largest), published: largest), true),
            (response(.accepted(matchIndex: largest + 1)), false),
            (response(.accepted(matchIndex: 1), published: largest + 1), false),
            (response(.rejected(hintIndex: largest, hintTerm: 0)), true),
            (response(.rejected(hintIndex: largest + 1, hintTerm: 1)), false),
            (response(.rejected(hintIndex: 1, hintTerm: largest + 1)), false),
        ]
    }()

    @Test("keep to the messages' limits", arguments: limits.indices)
    func sameLimits(_ place: Int) throws {
        let (body, isValid) = Self.limits[place]
        let frame = Self.frame(body)
        let bytes = try Self.generic(frame)
        let isEqual = frame.encodedDirectly() == bytes
        #expect(isEqual)
        #expect(PeerFrame(decodingDirectly: bytes) == (isValid ? frame : nil))
        #expect(Self.decoded(bytes) == Self.byMessages(bytes))
        #expect((try? Self.decoded(bytes).get()) == (isValid ? frame : nil))
    }
}
