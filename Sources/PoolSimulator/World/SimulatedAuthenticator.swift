import HSMNode
import Raft

/// A fast keyed hash in place of the real MACs: as deterministic, and as sensitive to every input. It stops nobody.
struct SimulatedAuthenticator: StateAuthenticator {
    let key: UInt64

    func entryTag(term: Term, index: LogIndex, previous: [UInt8], payload: [UInt8]) -> [UInt8] {
        tag(kind: 1, numbers: (term, index), previous, payload)
    }

    func stateTag(index: LogIndex, term: Term, chainTag: [UInt8], root: [UInt8]) -> [UInt8] {
        tag(kind: 2, numbers: (term, index), chainTag, root)
    }

    func proposalProof(proposer: NodeID, proposalID: [UInt8], command: [UInt8]) -> [UInt8] {
        tag(kind: 3, numbers: (proposer.rawValue, 0), proposalID, command)
    }

    func tagsAreEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool { !left.isEmpty && left == right }

    private func tag(kind: UInt64, numbers: (UInt64, UInt64), _ first: [UInt8], _ second: [UInt8]) -> [UInt8] {
        var digest = TraceDigest(key)
        digest.mix(kind)
        digest.mix(numbers.0)
        digest.mix(numbers.1)
        digest.mix(first)
        digest.mix(second)
        let value = digest.value
        return (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }
}

/// A 64-bit running digest: two runs with equal digests took the same steps.
struct TraceDigest: Hashable {
    private(set) var value: UInt64

    init(_ start: UInt64 = 0xCBF2_9CE4_8422_2325) {
        value = start
    }

    mutating func mix(_ word: UInt64) {
        value = (value ^ word) &* 0x9FB2_1C65_1E98_DF25
        value ^= value >> 32
    }

    mutating func mix(_ bytes: [UInt8]) {
        mix(UInt64(bytes.count))
        var word: UInt64 = 0
        var filled = 0
        for byte in bytes {
            word = word << 8 | UInt64(byte)
            filled += 1
            if filled == 8 {
                mix(word)
                word = 0
                filled = 0
            }
        }
        if filled > 0 { mix(word) }
    }
}
