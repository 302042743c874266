import AccessControl
import CryptographicModule
import SwiftProtobuf
import Testing

@testable import PoolState

/// What is encoded and decoded by hand is what the schema's messages would be.
@Suite struct DirectEncodingTests {
    private var random = SplitMix(seed: 11)

    private mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

    private mutating func oneOf<Value>(_ values: [Value]) -> Value { values[number(0..<values.count)] }

    private mutating func time() -> Int64 { oneOf([0, 1, -1, 127, 128, 1_767_605_412, .max, .min]) }

    private mutating func bytes() -> [UInt8] {
        let count = oneOf([0, 1, 16, 32, 127, 128, 300, 20_000])
        return (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    }

    private mutating func text() -> String {
        oneOf(["", "a", "ä\u{0}", "e\u{301}", String(repeating: "long ", count: 60)])
    }

    private mutating func tags() -> [String: String] {
        var tags: [String: String] = [:]
        for _ in 0..<number(0..<5) { tags[text() + "\(number(0..<3))"] = text() }
        return tags
    }

    private mutating func change() -> KeyAttributeChange {
        KeyAttributeChange(
            name: text(), version: bytes(), enabled: oneOf([nil, true, false]),
            notBefore: oneOf([.keep, .clear, .set(time())]), expires: oneOf([.keep, .clear, .set(time())]),
            tags: oneOf([nil, [:], tags()]))
    }

    private mutating func envelope(_ command: PoolCommand) -> ProposalEnvelope {
        ProposalEnvelope(
            proposalID: [UInt8](repeating: UInt8(number(0..<256)), count: 16), proposer: oneOf([0, 1, 300, .max]),
            principal: oneOf([nil, Fixture.administrator, GUID(high: 0, low: 0)]),
            authentication: oneOf(AuthenticationKind.allCases), stampedAt: time(), command: command)
    }

    private mutating func content() -> KeyVersionRecord.Content {
        let key = oneOf([
            Fixture.key("a"), Fixture.symmetricKey("b"), Fixture.ed25519Key("c"),
            Fixture.rsaKey("d", modulus: 3, exponent: [1, 0, 1]),
        ])
        var content = KeyVersionRecord.Content(key, recordDigest: bytes(), updated: time())
        content.publicKey = oneOf([key.publicKey, .ed25519(x: []), .ec(.p521, x: bytes(), y: [])])
        content.header.releasePolicyDigest = bytes()
        content.header.releasePolicyImmutable = oneOf([true, false])
        content.header.exportable = oneOf([true, false])
        content.header.revision = oneOf([0, 1, .max])
        content.header.createdAt = time()
        content.header.bits = oneOf([0, 256, 4096])
        content.enabled = oneOf([true, false])
        content.notBefore = oneOf([nil, time()])
        content.expires = oneOf([nil, time()])
        content.tags = tags()
        content.releasePolicy = oneOf([nil, ReleasePolicy(contentType: text(), data: bytes())])
        content.created = time()
        return content
    }

    @Test mutating func rows() {
        for _ in 0..<2_000 {
            let version = KeyVersionRow(ordinal: number(0..<200), content: content())
            #expect(version.canonicalBytes == version.encodedWire)
            let outcome = oneOf([
                CommandOutcome.applied, .key(name: text(), version: bytes()), .refused(.keyNotFound),
            ])
            let completed = CompletedProposal(
                sequence: oneOf([0, 1, .max]), proposalID: oneOf([Fixture.administrator, GUID(high: 0, low: 0)]),
                index: oneOf([0, 1, .max]), term: oneOf([0, 1, .max]), outcome: outcome)
            #expect(completed.canonicalBytes == completed.encodedWire)
            let progress = Progress(logTime: time(), nextSequence: oneOf([0, 1, .max]))
            #expect(progress.canonicalBytes == progress.encodedWire)
        }
    }

    @Test mutating func proposals() throws {
        let header = Fixture.key("a").header
        for _ in 0..<2_000 {
            var change = change()
            let direct = envelope(.setKeyAttributes(change))
            #expect(direct.canonicalBytes == direct.encodedWire)
            #expect(ProposalEnvelope(decodingDirectly: direct.canonicalBytes) == direct)
            change.resealed = ResealedKey(
                header: header, record: bytes(),
                releasePolicy: oneOf([nil, ReleasePolicy(contentType: text(), data: bytes())]))
            for command in [PoolCommand.setKeyAttributes(change), .deleteKey(name: text())] {
                let other = envelope(command)
                #expect(other.canonicalBytes == other.encodedWire)
                #expect(ProposalEnvelope(decodingDirectly: other.canonicalBytes) == nil)
                #expect(try ProposalEnvelope(decoding: other.canonicalBytes) == other)
            }
        }
    }

    /// What the messages alone make of bytes.
    private func decodedByMessages(_ bytes: [UInt8]) -> ProposalEnvelope? {
        guard let wire = try? WireEnvelope(serializedBytes: bytes), let found = try? ProposalEnvelope(wire: wire),
            found.encodedWire == bytes
        else { return nil }
        return found
    }

    /// Bytes with one of them changed, one too many, one or some missing.
    private mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var damaged = bytes
        let place = number(0..<damaged.count)
        switch number(0..<4) {
        case 0: damaged[place] = UInt8(number(0..<256))
        case 1: damaged.insert(UInt8(number(0..<256)), at: place)
        case 2: damaged.remove(at: place)
        default: damaged.removeLast(damaged.count - place)
        }
        return damaged
    }

    @Test mutating func damagedProposalsAreWhatTheMessagesSay() throws {
        var decodedDirectly = 0
        for _ in 0..<300 {
            var change = change()
            change.version = Array(change.version.prefix(16))
            let bytes = envelope(.setKeyAttributes(change)).encode()
            for _ in 0..<40 {
                let damaged = damaged(bytes)
                let expected = decodedByMessages(damaged)
                #expect((try? ProposalEnvelope(decoding: damaged)) == expected)
                guard let found = ProposalEnvelope(decodingDirectly: damaged) else { continue }
                decodedDirectly += 1
                #expect(found == expected)
            }
        }
        // A byte of an identifier, of a number or of a text makes another proposal, and nothing is damaged by that.
        #expect(decodedDirectly > 1_000)
    }

    /// Fields twice, out of order, with their default value, in a longer form, and of a later version.
    @Test func otherEncodingsOfTheSameAreRefused() throws {
        let change = KeyAttributeChange(name: "a", version: [1], enabled: true, tags: ["b": "c"])
        let proposal = ProposalEnvelope(
            proposalID: [UInt8](repeating: 6, count: 16), proposer: 3, principal: nil, authentication: .token,
            stampedAt: 5, command: .setKeyAttributes(change))
        let bytes = proposal.encode()
        let proposer = try #require(bytes.firstRange(of: [0x10, 3]))
        let enabled = try #require(bytes.firstRange(of: [0x18, 1]))
        func replacing(_ range: Range<Int>, by new: [UInt8]) -> [UInt8] {
            Array(bytes[..<range.lowerBound]) + new + Array(bytes[range.upperBound...])
        }
        let others = [
            replacing(proposer, by: [0x10, 3, 0x10, 3]), replacing(proposer, by: [0x10, 0x83, 0]),
            replacing(proposer, by: []) + [0x10, 3], replacing(enabled, by: [0x18, 2]), bytes + [0x38, 1],
        ]
        for other in others {
            #expect(throws: (any Error).self) { try ProposalEnvelope(canonicalBytes: other) }
            #expect(throws: MalformedCommand.malformed) { try ProposalEnvelope(decoding: other) }
        }
        #expect(try ProposalEnvelope(decoding: replacing(proposer, by: [0x10, 4])).proposer == 4)
    }

    @Test func tooLongProposalsAreRefused() {
        func proposal(_ count: Int) -> [UInt8] {
            ProposalEnvelope(
                proposalID: [UInt8](repeating: 6, count: 16), proposer: 3, principal: nil, authentication: .token,
                stampedAt: 5,
                command: .setKeyAttributes(
                    KeyAttributeChange(name: "a", version: [UInt8](repeating: 1, count: count)))
            ).encode()
        }
        let limit = 64 << 10
        let beside = proposal(limit - 100).count - (limit - 100)
        #expect(throws: Never.self) { try ProposalEnvelope(decoding: proposal(limit - beside)) }
        #expect(throws: MalformedCommand.tooLong(limit: limit)) {
            try ProposalEnvelope(decoding: proposal(limit - beside + 1))
        }
    }
}
