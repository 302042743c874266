import CryptographicModule
import NodeEnvironment
import Raft
import Replication

enum Samples {
    static let pool = [UInt8](0..<16)
    static let identity = FolderIdentity(poolID: pool, node: NodeID(7))
    static let configuration = PoolConfiguration(
        voters: [NodeID(1), NodeID(2), NodeID(3)], outgoingVoters: [NodeID(1)], learners: [NodeID(9)])

    static func tag(_ seed: UInt64) -> [UInt8] {
        [UInt8](repeating: UInt8(truncatingIfNeeded: seed), count: 32)
    }

    static func entry(_ index: LogIndex, term: Term = 1, bytes: Int = 100) -> LogEntry {
        let payload: EntryPayload
        switch index % 5 {
        case 0: payload = .noOp
        case 1: payload = .configuration(configuration)
        default: payload = .command([UInt8](repeating: UInt8(truncatingIfNeeded: index), count: bytes))
        }
        return LogEntry(index: index, term: term, payload: payload, tag: index == 5 ? [] : tag(index))
    }

    static func entries(_ range: ClosedRange<LogIndex>, term: Term = 1, bytes: Int = 100) -> [LogEntry] {
        range.map { entry($0, term: term, bytes: bytes) }
    }

    static func mark(_ index: LogIndex, term: Term = 1) -> AppliedMark {
        AppliedMark(index: index, term: term, chainTag: tag(index), stateRoot: tag(index + 1), tag: tag(index + 2))
    }

    static func row(_ number: UInt64, value: String?) -> StateRow {
        StateRow(
            table: UInt8(number % 4), key: Array("row \(number)".utf8), value: value.map { Array($0.utf8) })
    }

    static func notice(_ node: UInt64, address: String = "127.0.0.1:1") -> MemberNotice {
        guard let notice = MemberNotice(node: NodeID(node), pin: tag(node), address: address) else {
            preconditionFailure("a notice of \(address) can't be made")
        }
        return notice
    }

    static func blob(_ number: UInt64) -> MaterialBlob {
        let bytes = Array("sealed record \(number)".utf8)
        return MaterialBlob(digest: Digest.sha256(bytes), bytes: bytes)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
