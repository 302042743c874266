import Foundation
import NodeEnvironment
import Raft
import Replication
import SwiftProtobuf
import Testing

@Suite("Frames between nodes")
struct FrameTests {
    static let identifier = [UInt8](repeating: 5, count: 16)

    static func raft(_ body: RaftMessage.Body) -> PeerFrame {
        .message(.raft(RaftMessage(from: NodeID(1), to: NodeID(2), term: 9, body: body)))
    }

    static let chunk = SnapshotChunk(
        mark: Samples.mark(9), after: .row(table: 1, key: [1]),
        rows: [
            StateRow(table: 1, key: [1, 0], value: []), StateRow(table: 1, key: [2], value: [7, 7]),
            StateRow(table: 2, key: [], value: [8]),
        ],
        blobs: [], isLast: false)

    /// Each breaks one rule of a piece of a snapshot.
    static let spoiledChunks: [@Sendable (inout Quorate_Replication_V1_SnapshotChunk) -> Void] = [
        { $0.checksum[0] ^= 1 }, { $0.checksum = Data() }, { $0.rows[1].value[0] ^= 1 }, { $0.isLast = true },
        { $0.rows.swapAt(0, 1) }, { $0.rows.removeAll() }, { $0.rows[2].table = 256 }, { $0.clearMark() },
        { $0.mark.stateRoot = Data() }, { $0.mark.index = 0 }, { $0.after.blob = Data([1]) },
        { $0.rows[0].key = Data(repeating: 9, count: 1025) }, { $0.blobs = [Data(repeating: 1, count: 65_537)] },
    ]

    @Test("refuse a piece of a snapshot that is damaged, out of order or too large", arguments: spoiledChunks.indices)
    func spoiled(_ place: Int) throws {
        var frame = try Quorate_Replication_V1_PeerFrame(
            serializedBytes: PeerFrame.message(.snapshotChunk(Self.chunk)).encoded())
        Self.spoiledChunks[place](&frame.snapshotChunk)
        let bytes: [UInt8] = try frame.serializedBytes()
        #expect(throws: WireError.self) { try PeerFrame(decoding: bytes) }
    }

    static let frames: [PeerFrame] = [
        .hello(Hello(poolID: identifier, epoch: 4, node: NodeID(3), processID: identifier)),
        raft(.preVoteRequest(lastIndex: 0, lastTerm: 0)),
        raft(.preVoteRequest(lastIndex: 8, lastTerm: 2)),
        raft(.preVoteResponse(granted: true)),
        raft(.voteRequest(lastIndex: 8, lastTerm: 2, isTransfer: true)),
        raft(.voteResponse(granted: false)),
        raft(.voteResponse(granted: true, age: .max)),
        raft(.append(AppendRequest(prevIndex: 0, prevTerm: 0, entries: [], commit: 0, round: 1))),
        raft(
            .append(
                AppendRequest(
                    prevIndex: 3, prevTerm: 1, entries: Samples.entries(4...12, term: 2), commit: 7, round: .max))),
        raft(.appendResponse(AppendResponse(outcome: .accepted(matchIndex: 0), round: 3))),
        raft(.appendResponse(AppendResponse(outcome: .accepted(matchIndex: 12), round: 3))),
        raft(.appendResponse(AppendResponse(outcome: .rejected(hintIndex: 0, hintTerm: 0), round: 3))),
        raft(.appendResponse(AppendResponse(outcome: .rejected(hintIndex: 5, hintTerm: 2), round: 3))),
        raft(.append(AppendRequest(prevIndex: 3, prevTerm: 1, entries: [], commit: 7, round: 1, released: 0))),
        raft(.append(AppendRequest(prevIndex: 3, prevTerm: 1, entries: [], commit: 7, round: 1, released: 6))),
        raft(
            .appendResponse(
                AppendResponse(
                    outcome: .accepted(matchIndex: 12), round: 3, published: 11,
                    leaseRequest: LeaseRequestID(process: .max, counter: 1)))),
        raft(
            .appendResponse(
                AppendResponse(
                    outcome: .rejected(hintIndex: 5, hintTerm: 2), round: 3, published: 4,
                    leaseRequest: LeaseRequestID(process: 0, counter: 0)))),
        raft(
            .lease(
                .grant(
                    LeaseGrant(
                        request: LeaseRequestID(process: 7, counter: 9), floor: 12,
                        receivedAt: Instant(nanoseconds: .max))))),
        raft(.lease(.released(0))),
        raft(.lease(.published(12))),
        raft(.lease(.surrender(LeaseRequestID(process: 7, counter: 9)))),
        raft(.readIndexRequest(id: .max)),
        raft(.readIndexResponse(id: 4, index: 11)),
        raft(.timeoutNow),
        raft(.snapshotOffer(SnapshotDescriptor(index: 4, term: 2, configuration: Samples.configuration))),
        .message(
            .forwardedProposal(
                ForwardedProposal(proposalID: identifier, proposer: NodeID(2), command: [1, 2], proof: [3, 4, 5]))),
        .message(.proposalRefused(proposalID: identifier, reason: .notLeader(hint: NodeID(2)))),
        .message(.proposalRefused(proposalID: identifier, reason: .notLeader(hint: nil))),
        .message(.proposalRefused(proposalID: identifier, reason: .sealed)),
        .message(.proposalRefused(proposalID: identifier, reason: .clockSkew)),
        .message(.proposalRefused(proposalID: identifier, reason: .overloaded)),
        .message(.proposalRefused(proposalID: identifier, reason: .malformed)),
        .message(
            .nodeStatus(
                NodeStatus(
                    node: NodeID(2), isSealed: true, processID: identifier, appliedIndex: 12, version: "0.1.0 (x)"))),
        .message(
            .nodeStatus(
                NodeStatus(
                    node: NodeID(2), isSealed: false, processID: identifier, appliedIndex: 12, version: "0.1.0",
                    promise: NodeStatus.Promise(term: 3, commitIndex: 12, lastIndex: 14)))),
        .message(.snapshotRequest(SnapshotRequest(mark: nil, after: .beginning))),
        .message(.snapshotRequest(SnapshotRequest(mark: Samples.mark(9), after: .row(table: 4, key: [])))),
        .message(
            .snapshotRequest(SnapshotRequest(mark: Samples.mark(9), after: .blob(digest: Samples.blob(1).digest)))),
        .message(.snapshotChunk(chunk)),
        .message(
            .snapshotChunk(
                SnapshotChunk(
                    mark: Samples.mark(9), after: chunk.end, rows: [], blobs: [Samples.blob(7)], isLast: false))),
        .message(
            .snapshotChunk(
                SnapshotChunk(mark: Samples.mark(9), after: .beginning, rows: [], blobs: [], isLast: true))),
        .hello(Hello(poolID: identifier, epoch: 4, node: NodeID(3), processID: identifier, takesMemberNotices: false)),
        .message(.memberNotices([])),
        .message(.memberNotices([Samples.notice(4), Samples.notice(5, address: "[::1]:9443")])),
        .message(.unsealRequest([1, 2, 3])),
        .message(.unsealReply([])),
    ]

    @Test("come back as they were sent", arguments: frames)
    func roundTrip(_ frame: PeerFrame) throws {
        #expect(try PeerFrame(decoding: frame.encoded()) == frame)
    }

    private func refused(_ build: (inout Quorate_Replication_V1_PeerFrame) -> Void) throws -> WireError? {
        var message = Quorate_Replication_V1_PeerFrame()
        build(&message)
        let bytes: [UInt8] = try message.serializedBytes()
        do throws(WireError) {
            _ = try PeerFrame(decoding: bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test("with nothing known in them are refused")
    func unknownBodies() throws {
        #expect(try refused { _ in } == .unknownBody(of: "frame"))
        #expect(try refused { $0.raft = .with { ($0.from, $0.to) = (1, 2) } } == .unknownBody(of: "Raft message"))
        // Field 200, a body of a later version.
        #expect(throws: WireError.unknownBody(of: "frame")) { try PeerFrame(decoding: [0xC2, 0x0C, 0x01, 0x00]) }
    }

    @Test("with an unknown enumeration value are refused")
    func unknownEnumeration() throws {
        let error = try refused { frame in
            frame.proposalRefused = .with {
                $0.proposalID = Data(Self.identifier)
                $0.reason = .UNRECOGNIZED(77)
            }
        }
        #expect(error == .unknownValue(of: "refusal reason", 77))
    }

    @Test("with identifiers of a wrong length are refused", arguments: [0, 15, 17])
    func identifiers(_ length: Int) throws {
        let wrong = Data(repeating: 1, count: length)
        let right = Data(Self.identifier)
        #expect(try refused { $0.hello = .with { ($0.poolID, $0.processID, $0.node) = (wrong, right, 1) } } != nil)
        #expect(try refused { $0.hello = .with { ($0.poolID, $0.processID, $0.node) = (right, wrong, 1) } } != nil)
        #expect(try refused { $0.forwardedProposal = .with { ($0.proposalID, $0.proposer) = (wrong, 1) } } != nil)
        #expect(try refused { $0.nodeStatus = .with { ($0.processID, $0.node) = (wrong, 1) } } != nil)
        #expect(try refused { $0.proposalRefused = .with { ($0.proposalID, $0.reason) = (wrong, .sealed) } } != nil)
    }

    /// What an older version does not say is taken for what is safe.
    @Test("without what an older version does not know are read as the safe end")
    func missingFields() throws {
        func decoded(_ build: (inout Quorate_Replication_V1_RaftMessage) -> Void) throws -> RaftMessage.Body? {
            var frame = Quorate_Replication_V1_PeerFrame()
            frame.raft = .with {
                ($0.from, $0.to, $0.term) = (1, 2, 3)
                build(&$0)
            }
            let bytes: [UInt8] = try frame.serializedBytes()
            guard case .message(.raft(let message)) = try PeerFrame(decoding: bytes) else { return nil }
            return message.body
        }
        let vote = try decoded { $0.voteResponse = .with { $0.granted = true } }
        #expect(vote == .voteResponse(granted: true, age: 0))
        let answer = try decoded { $0.appendResponse = .with { $0.acceptedThrough = 4 } }
        let expected = AppendResponse(outcome: .accepted(matchIndex: 4), round: 0, published: 0, leaseRequest: nil)
        #expect(answer == .appendResponse(expected))
    }

    @Test("with lease messages that say nothing are refused")
    func leases() throws {
        func refusal(_ build: @escaping (inout Quorate_Replication_V1_Lease) -> Void) throws -> WireError? {
            try refused { frame in
                frame.raft = .with { message in
                    (message.from, message.to, message.term) = (1, 2, 3)
                    message.lease = .with(build)
                }
            }
        }
        #expect(try refusal { _ in } == .unknownBody(of: "lease message"))
        #expect(try refusal { $0.grant = .with { $0.floor = 3 } } == .missing("lease request"))
        #expect(try refusal { $0.released = 1 << 63 } == .outOfLimits("released index"))
        #expect(try refusal { $0.published = 1 << 63 } == .outOfLimits("published index"))
        #expect(try refusal { $0.released = 3 } == nil)
    }

    private func refusedAppend(_ build: (inout Quorate_Replication_V1_AppendRequest) -> Void) throws -> WireError? {
        try refused { frame in
            frame.raft = .with { message in
                (message.from, message.to, message.term) = (1, 2, 3)
                message.append = .with {
                    $0.previous = .with { ($0.index, $0.term) = (5, 1) }
                    build(&$0)
                }
            }
        }
    }

    private func entry(_ index: UInt64, term: UInt64 = 1, tag: Int = 32) -> Quorate_Replication_V1_LogEntry {
        .with {
            ($0.index, $0.term, $0.tag) = (index, term, Data(repeating: 1, count: tag))
            $0.command = Data([1])
        }
    }

    @Test("with entries that can't follow one another are refused")
    func appends() throws {
        #expect(try refusedAppend { $0.entries = [entry(6), entry(7)] } == nil)
        #expect(try refusedAppend { $0.entries = [entry(7)] } != nil)
        #expect(try refusedAppend { $0.entries = [entry(6), entry(6)] } != nil)
        #expect(try refusedAppend { $0.entries = [entry(6, term: 2), entry(7, term: 1)] } != nil)
        #expect(try refusedAppend { $0.entries = [entry(6, tag: 31)] } == .outOfLimits("entry tag"))
        #expect(try refusedAppend { $0.entries = [entry(6, tag: 33)] } == .outOfLimits("entry tag"))
        #expect(try refusedAppend { $0.clearPrevious() } == .missing("previous entry"))
        #expect(try refusedAppend { $0.commit = 1 << 63 } == .outOfLimits("commit index"))
        #expect(try refusedAppend { $0.previous = .with { ($0.index, $0.term) = (5, 0) } } != nil)
        let many = (6...UInt64(6 + WireLimits.entriesPerAppend)).map { entry($0, tag: 0) }
        #expect(try refusedAppend { $0.entries = many } == .outOfLimits("number of entries"))
        #expect(try refusedAppend { $0.entries = [.with { ($0.index, $0.term) = (6, 1) }] } != nil)
    }

    @Test("with impossible configurations are refused")
    func configurations() throws {
        func refusal(_ build: @escaping (inout Quorate_Replication_V1_Configuration) -> Void) throws -> WireError? {
            try refusedAppend { append in
                append.entries = [
                    .with {
                        ($0.index, $0.term) = (6, 1)
                        $0.configuration = .with(build)
                    }
                ]
            }
        }
        #expect(try refusal { $0.voters = [1, 2] } == nil)
        #expect(try refusal { $0.voters = [1, 1] } != nil)
        #expect(try refusal { $0.voters = [0] } != nil)
        #expect(try refusal { $0.outgoingVoters = [1] } != nil)
        #expect(try refusal { ($0.voters, $0.learners) = ([1], [1]) } != nil)
        #expect(try refusal { ($0.voters, $0.outgoingVoters, $0.outgoingLearners) = ([1], [1], [2]) } == nil)
        #expect(try refusal { ($0.voters, $0.outgoingLearners) = ([1], [2]) } != nil)
        #expect(
            try refusal {
                ($0.voters, $0.outgoingVoters, $0.learners, $0.outgoingLearners) = ([1], [1], [2], [2])
            } != nil)
        #expect(try refusal { $0.voters = (1...65).map { UInt64($0) } } == .outOfLimits("number of members"))
    }

    @Test("with a text that could steer a terminal are refused")
    func version() throws {
        func refusal(_ version: String) throws -> WireError? {
            try refused {
                $0.nodeStatus = .with {
                    ($0.node, $0.processID, $0.version) = (1, Data(Self.identifier), version)
                }
            }
        }
        #expect(try refusal("1.0") == nil)
        #expect(try refusal("1.0\u{1B}[2J") == .outOfLimits("version"))
        #expect(try refusal("é") == .outOfLimits("version"))
        #expect(try refusal(String(repeating: "1", count: 65)) == .outOfLimits("version"))
    }

    /// Each breaks one rule of a word on the pool's members.
    static let spoiledNotices: [@Sendable (inout Quorate_Replication_V1_MemberNotices) -> Void] = [
        { $0.members[0].node = 0 }, { $0.members[0].node = 1 << 63 }, { $0.members.swapAt(0, 1) },
        { $0.members[1] = $0.members[0] }, { $0.members[0].pin = Data() },
        { $0.members[0].pin = Data(repeating: 1, count: 33) }, { $0.members[0].address = "" },
        { $0.members[0].address = String(repeating: "a", count: 513) }, { $0.members[0].address = "a\u{1B}[2J:1" },
        { $0.members[0].address = "é:1" }, { $0.members[0].address = "a b:1" },
        { notices in
            notices.members = (1...UInt64(WireLimits.memberNotices + 1)).map { node in
                .with { ($0.node, $0.pin, $0.address) = (node, Data(repeating: 1, count: 32), "a:1") }
            }
        },
    ]

    @Test("on members that are out of order, out of limits or could steer a terminal are refused")
    func memberNotices() throws {
        let good = PeerFrame.message(.memberNotices([Samples.notice(4), Samples.notice(5)]))
        let frame = try Quorate_Replication_V1_PeerFrame(serializedBytes: good.encoded())
        for (place, spoil) in Self.spoiledNotices.enumerated() {
            var spoiled = frame
            spoil(&spoiled.memberNotices)
            let bytes: [UInt8] = try spoiled.serializedBytes()
            #expect(throws: WireError.self, "\(place)") { try PeerFrame(decoding: bytes) }
        }
    }

    /// A former program's hello has nothing on them.
    @Test("on members are for who has said that it takes them")
    func formerHello() throws {
        let hello = PeerFrame.hello(
            Hello(poolID: Self.identifier, epoch: 4, node: NodeID(3), processID: Self.identifier))
        var frame = try Quorate_Replication_V1_PeerFrame(serializedBytes: hello.encoded())
        #expect(frame.hello.takesMemberNotices)
        frame.hello = .with { former in
            (former.protocolVersion, former.poolID, former.epoch) = (1, frame.hello.poolID, 4)
            (former.node, former.processID) = (3, frame.hello.processID)
        }
        let bytes: [UInt8] = try frame.serializedBytes()
        guard case .hello(let former) = try PeerFrame(decoding: bytes) else {
            Issue.record("it is no hello")
            return
        }
        #expect(!former.takesMemberNotices)
    }

    @Test("that are too large fail where they are made")
    func tooLarge() throws {
        let command = [UInt8](repeating: 1, count: WireLimits.commandBytes)
        let entries = (1...3).map {
            LogEntry(index: $0, term: 1, payload: .command(command), tag: [])
        }
        let frame = Self.raft(
            .append(AppendRequest(prevIndex: 0, prevTerm: 0, entries: entries, commit: 0, round: 0)))
        #expect(throws: WireError.outOfLimits("frame")) { try frame.encoded() }
        #expect(throws: WireError.outOfLimits("frame")) {
            try PeerFrame(decoding: [UInt8](repeating: 0, count: WireLimits.frameBytes + 1))
        }
        #expect(try refused { $0.unsealRequest = Data(repeating: 1, count: WireLimits.opaqueBytes + 1) } != nil)
    }

    @Test("of arbitrary bytes never trap", arguments: 0..<20)
    func fuzz(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let originals = try Self.frames.map { try $0.encoded() }
        var decoded = 0
        for _ in 0..<2000 {
            var bytes = originals.randomElement(using: &random) ?? []
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                let count = Int.random(in: 0..<64, using: &random)
                bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            case 1: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            case 2: bytes += originals.randomElement(using: &random) ?? []
            default: break
            }
            for _ in 0..<Int.random(in: 0..<4, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let frame = try? PeerFrame(decoding: bytes) else { continue }
            decoded += 1
            // What was accepted can be said again, and means the same.
            #expect(try PeerFrame(decoding: frame.encoded()) == frame)
        }
        #expect(decoded > 0, "seed \(seed) tested refusals only")
    }
}
