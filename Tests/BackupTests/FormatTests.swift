import CryptographicModule
import SecurityDomain
import Testing

@testable import Backup

@Suite struct FormatTests {
    private let sample: Sample
    private let items = Sample.items(60)

    init() throws { sample = try Sample.one.get() }

    @Test(arguments: [1, 17, 4096, 1 << 20])
    func whatWasWrittenIsRead(_ piece: Int) throws {
        let bytes = try sample.write(items)
        #expect(frames(bytes).count > 5)
        #expect(try read(bytes, keyring: sample.keyring, piece: piece) == items)
    }

    @Test func anEmptyBackupIsOneToo() throws {
        let bytes = try sample.write([])
        #expect(frames(bytes).count == 2)
        #expect(try read(bytes, keyring: sample.keyring) == [])
    }

    @Test func whoHasNoKeySeesThatItIsWhole() throws {
        let bytes = try sample.write(items)
        let summary = try #require(try scan(bytes))
        let signer = Digest.sha256(sample.keyring.attestationKey.publicKey.spkiDER())
        #expect(summary.items == 60 && summary.fileBytes == UInt64(bytes.count) && summary.signer == signer)
        #expect(summary.chunks == frames(bytes).count - 1)
    }

    @Test func headerSaysWhatItIsOf() throws {
        var reader = BackupReader(keyring: sample.keyring)
        reader.feed(try sample.write(items))
        #expect(try reader.next() == .header(sample.header()))
        #expect(reader.keys?.identity == sample.keyring.identity)
        #expect(reader.keys?.keyEncryptionKey(id: sample.keyring.kek.id) === sample.keyring.kek)
    }

    @Test func noPlaintextIsInTheFile() throws {
        let secret = Array("a display name of a principal".utf8)
        let bytes = try sample.write([.row(table: 5, key: [1], value: secret)])
        #expect(!bytes.indices.contains { bytes[$0...].starts(with: secret) })
    }

    @Test func anItemLongerThanAChunkIsRefused() throws {
        var writer = try BackupWriter.begin(sample.header(chunkSize: 64), keyring: sample.keyring).writer
        #expect(throws: BackupFault.self) { _ = try writer.add(.blob([UInt8](repeating: 0, count: 60))) }
        #expect(try writer.add(.blob([UInt8](repeating: 0, count: 59))) == [])
    }

    @Test func aChangedRootOpensItAsLongAsThePoolHasItsKeys() throws {
        let bytes = try sample.write(items)
        #expect(try read(bytes, keyring: try sample.keyring.underNewRoot()) == items)
    }

    /// A pool that was made anew around the same root has other keys below it: the backup brings those it needs.
    @Test func aPoolOfTheSameRootOpensIt() throws {
        let bytes = try sample.write(items)
        let rebuilt = try sample.rebuilt(securityDomainID: sample.keyring.identity.securityDomainID)
        var reader = BackupReader(keyring: rebuilt)
        reader.feed(bytes)
        _ = try reader.next()
        #expect(reader.keys?.identity == sample.keyring.identity)
        #expect(reader.keys?.keyEncryptionKey(id: sample.keyring.kek.id) != nil)
        #expect(reader.keys?.keyEncryptionKey(id: rebuilt.kek.id) == nil)
        #expect(try read(bytes, keyring: rebuilt) == items)
        let other = try sample.rebuilt(securityDomainID: [UInt8](repeating: 9, count: 16))
        #expect(throws: BackupFault.otherSecurityDomain) { try read(bytes, keyring: other) }
    }
}
