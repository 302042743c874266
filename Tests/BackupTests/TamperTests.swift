import CryptographicModule
import SecurityDomain
import Testing

@testable import Backup

/// Everything that can be done to a backup without its keys, each found and named; by who has no key, too.
@Suite struct TamperTests {
    private let sample: Sample
    private let bytes: [UInt8]
    private let pieces: [Range<Int>]

    init() throws {
        sample = try Sample.one.get()
        bytes = try sample.write(Sample.items(60))
        pieces = frames(bytes)
    }

    private func expect(
        _ fault: BackupFault, _ changed: [UInt8], location: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: fault, sourceLocation: location) { try read(changed, keyring: sample.keyring) }
        #expect(throws: fault, sourceLocation: location) { try scan(changed) }
    }

    private func flipped(_ place: Int) -> [UInt8] {
        var changed = bytes
        changed[place] ^= 1
        return changed
    }

    private func without(_ range: Range<Int>) -> [UInt8] {
        Array(bytes[..<range.lowerBound] + bytes[range.upperBound...])
    }

    @Test func truncatedAnywhere() {
        for end in [0, 3, 7, 8, 100, pieces[0].lowerBound, pieces[1].lowerBound + 5, pieces[2].upperBound] {
            expect(.truncated, Array(bytes[..<end]))
        }
        expect(.truncated, Array(bytes.dropLast()))
        expect(.truncated, Array(bytes[..<pieces[pieces.count - 1].lowerBound]))
    }

    @Test func somethingAppended() { expect(.bytesAfterEnd, bytes + [0]) }

    @Test func aChunkLeftOut() {
        expect(.chunkOutOfOrder(expected: 1, found: 2), without(pieces[1]))
        // The last one with what follows on it: the trailer comes too early.
        let last = pieces.count - 2
        expect(.chunkOutOfOrder(expected: UInt32(last), found: UInt32(last + 1)), without(pieces[last]))
    }

    @Test func chunksSwapped() {
        let (first, second) = (pieces[1], pieces[2])
        let changed = bytes[..<first.lowerBound] + bytes[second] + bytes[first] + bytes[second.upperBound...]
        expect(.chunkOutOfOrder(expected: 1, found: 2), Array(changed))
    }

    @Test func chunksSwappedAndRenumbered() throws {
        let (first, second) = (pieces[1], pieces[2])
        var changed = Array(bytes[..<first.lowerBound])
        for (number, piece) in [(UInt8(1), second), (UInt8(2), first)] {
            var moved = Array(bytes[piece])
            moved[4] = number
            changed += moved
        }
        expect(.chunkDamaged(1), changed + bytes[second.upperBound...])
    }

    @Test func aChunkTwice() {
        let piece = pieces[1]
        let changed = bytes[..<piece.upperBound] + bytes[piece] + bytes[piece.upperBound...]
        expect(.chunkOutOfOrder(expected: 2, found: 1), Array(changed))
    }

    @Test func aBitOfAChunk() { expect(.chunkDamaged(2), flipped(pieces[2].upperBound - 20)) }

    @Test func aBitOfTheHeader() {
        // The backup's id, after the labels: form and keys are good, but nothing that follows belongs to it.
        #expect(throws: BackupFault.headerDamaged) { try scan(flipped(24)) }
        #expect(throws: BackupFault.self) { try read(flipped(24), keyring: sample.keyring) }
    }

    @Test func aChunkOfAnotherBackup() throws {
        let other = try sample.write(Sample.items(60), header: sample.header(8))
        let changed = bytes[..<pieces[1].lowerBound] + other[frames(other)[1]] + bytes[pieces[1].upperBound...]
        expect(.chunkOfOtherBackup(1), Array(changed))
        var disguised = Array(changed)
        disguised.replaceSubrange(pieces[1].lowerBound + 5..<pieces[1].lowerBound + 13, with: bytes[pieces[0]][
            (pieces[0].lowerBound + 5)..<(pieces[0].lowerBound + 13)])
        expect(.chunkDamaged(1), disguised)
    }

    @Test func theHeaderOfAnotherBackup() throws {
        let other = try sample.write(Sample.items(60), header: sample.header(8))
        expect(.headerDamaged, Array(other[..<frames(other)[0].lowerBound] + bytes[pieces[0].lowerBound...]))
    }

    @Test func theTrailerOfAnotherBackup() throws {
        let other = try sample.write(Sample.items(60), header: sample.header(8))
        let end = frames(other).count - 1
        var trailer = Array(other[frames(other)[end]])
        trailer.replaceSubrange(5..<13, with: bytes[pieces[0].lowerBound + 5..<pieces[0].lowerBound + 13])
        expect(.headerDamaged, Array(bytes[..<pieces[end].lowerBound]) + trailer)
    }

    @Test func aForgedSignature() { expect(.signatureInvalid, flipped(bytes.count - 1)) }

    @Test func aTrailerSignedBySomebodyElse() throws {
        let stranger = try Sample.other.get()
        let end = pieces[pieces.count - 1]
        let digests = pieces.dropLast().map { Digest.sha256(Array(bytes[($0.lowerBound + 17)..<$0.upperBound])) }
        let digest = Digest.sha256(Array(bytes[..<pieces[0].lowerBound]))
        let forged = try BackupTrailer(headerDigest: digest, items: 60, bytes: 1, chunkDigests: digests)
            .signed(by: stranger.keyring.attestationKey)
        let frame = BackupFrame.encode(.trailer, UInt32(digests.count), headerDigest: digest, forged)
        expect(.signatureInvalid, Array(bytes[..<end.lowerBound]) + frame)
        // Counts are believed of nobody, not even of the pool itself.
        let wrong = try BackupTrailer(headerDigest: digest, items: 60, bytes: 1, chunkDigests: digests)
            .signed(by: sample.keyring.attestationKey)
        let counted = BackupFrame.encode(.trailer, UInt32(digests.count), headerDigest: digest, wrong)
        #expect(throws: BackupFault.countMismatch) {
            try read(Array(bytes[..<end.lowerBound]) + counted, keyring: sample.keyring)
        }
    }

    @Test(arguments: ["QBK0", "QBK2", "QBKx"]) func anotherFormat(_ format: String) {
        expect(.unsupportedFormat(format), Array(format.utf8) + bytes[4...])
    }

    @Test func somethingElse() {
        expect(.notABackup, Array("<?xml version='1.0'?>".utf8))
        expect(.notABackup, Array("Q".utf8) + [0])
    }

    @Test func lengthsBeyondTheirLimits() {
        expect(.malformed("a header of 4294967295 bytes"), Array("QBK1".utf8) + [255, 255, 255, 255])
        var changed = bytes
        changed.replaceSubrange(pieces[1].lowerBound + 13..<pieces[1].lowerBound + 17, with: [255, 255, 255, 255])
        expect(.malformed("a piece of 4294967295 bytes"), changed)
    }

    @Test func anotherSecurityDomain() throws {
        let other = try Sample.other.get()
        #expect(throws: BackupFault.otherSecurityDomain) { try read(bytes, keyring: other.keyring) }
        // Who has no key can't tell one domain from another.
        #expect(try scan(bytes) != nil)
    }

    @Test func destroyedKeys() throws {
        let keyring = try Keyring.create(
            poolID: [UInt8](repeating: 3, count: 16), securityDomainID: [UInt8](repeating: 3, count: 16), createdAt: 1
        ).keyring
        let mine = try Sample(keyring: keyring).write(Sample.items(10))
        keyring.destroy()
        #expect(throws: BackupFault.keysUnavailable) { try read(mine, keyring: keyring) }
    }

    /// Changes at random places: none is taken for a good backup, and none brings the reader down.
    @Test func changesAtRandom() throws {
        var state: UInt64 = 20_261_128
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<400 {
            var changed = bytes
            switch random(4) {
            case 0: changed[random(bytes.count)] ^= UInt8(1 << random(8))
            case 1: changed.removeSubrange(random(bytes.count)..<bytes.count)
            case 2:
                let start = random(bytes.count - 40)
                changed.removeSubrange(start..<start + 1 + random(39))
            default: changed.insert(UInt8(random(256)), at: random(bytes.count + 1))
            }
            guard changed != bytes else { continue }
            #expect(throws: BackupFault.self) { try read(changed, keyring: sample.keyring) }
            #expect(throws: BackupFault.self) { try scan(changed) }
        }
    }
}
