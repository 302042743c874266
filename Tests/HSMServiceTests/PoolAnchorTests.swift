import CryptographicModule
import Foundation
import RequestTesting
import SecurityDomain
import StrictJSON
import Testing

@testable import HSMService

/// What a node knows of its pool's keys before it has any: from where, and what it takes by that.
@Suite struct PoolAnchorTests {
    private let folder: TemporaryFolder
    private let file: AnchorFile
    /// The pool's.
    private let identity: PoolIdentity

    private static let other = [UInt8](repeating: 7, count: 32)

    init() throws {
        folder = try TemporaryFolder()
        file = AnchorFile(dataFolder: folder.path)
        identity = try TestKeys.shared().keyring.identity
    }

    /// A file of `hsmctl node add` that says this of the identity key.
    private func join(_ digest: [UInt8]?) throws -> JoinFile {
        try load(digest.map { #""identityKeySha256":"\#(Hexadecimal.encode($0))","# } ?? "")
    }

    private func load(_ member: String) throws -> JoinFile {
        try JoinFile.load(
            file: try folder.write(
                "node.join",
                """
                {"pool":"pool-1","poolId":"\(Hexadecimal.encode(TestKeys.poolID))","id":2,"name":"node-2","expires":1,\
                "endpoints":["https://a:1"],"ticket":"\(String(repeating: "A", count: 43))",\(member)"authority":"PEM"}
                """))
    }

    private func anchor(
        isFounder: Bool = false, made: PoolIdentity? = nil, stored: PoolIdentity? = nil, join: JoinFile? = nil
    ) throws -> PoolAnchor.Identity {
        try PoolAnchor(
            poolID: TestKeys.poolID, isFounder: isFounder, file: file, made: made, stored: stored, join: join
        ).identity
    }

    // MARK: What is taken

    /// A new root changes what the keyring is sealed under, and takes nothing from who it belongs to.
    @Test func thePoolsKeyringIsTakenUnderEveryRoot() throws {
        let keyring = try TestKeys.shared().keyring
        let anchor = PoolAnchor(poolID: TestKeys.poolID, identity: .known(identity.keyDigest))
        for pool in [identity, try keyring.underNewRoot().identity] {
            #expect(throws: Never.self) { try anchor.check(pool) }
        }
        #expect(identity.keyDigest == Digest.sha256(keyring.poolIdentityKey.publicKey.spkiDER()))
    }

    @Test func anotherKeyringIsRefused() throws {
        // Root and keyring fit each other.
        let (foreign, secrets) = try Keyring.create(
            poolID: TestKeys.poolID, securityDomainID: identity.securityDomainID, createdAt: identity.createdAt)
        #expect(throws: Never.self) { try Keyring.unseal(root: secrets.root, material: secrets.sealedKeyring) }
        let anchor = PoolAnchor(poolID: TestKeys.poolID, identity: .known(identity.keyDigest))
        #expect(throws: PoolAnchor.Mismatch.otherIdentityKey(expected: identity.keyDigest)) {
            try anchor.check(foreign.identity)
        }
        let elsewhere = PoolAnchor(poolID: [UInt8](repeating: 1, count: 16), identity: anchor.identity)
        #expect(throws: PoolAnchor.Mismatch.otherPool) { try elsewhere.check(identity) }
        let founder = PoolAnchor(poolID: TestKeys.poolID, identity: .founding)
        #expect(throws: Never.self) { try founder.check(identity) }
        let untold = PoolAnchor(poolID: TestKeys.poolID, identity: .untold)
        #expect(throws: PoolAnchor.Mismatch.untold) { try untold.check(identity) }
    }

    // MARK: What is known

    @Test func aNewcomerKeepsWhatItWasTold() throws {
        #expect(try anchor(join: join(identity.keyDigest)) == .known(identity.keyDigest))
        #expect(try file.read() == identity.keyDigest)
        // It starts again, without the file and with it.
        #expect(try anchor() == .known(identity.keyDigest))
        #expect(try anchor(join: join(identity.keyDigest)) == .known(identity.keyDigest))
        #expect(try anchor(join: join(nil)) == .known(identity.keyDigest))
        let error = #expect(throws: ConfigurationError.self) { try anchor(join: join(Self.other)) }
        #expect(error?.problem.contains("another identity key") == true)
        #expect(try file.read() == identity.keyDigest)
    }

    /// What a former program has made doesn't name the key. A node that has a state needs no file.
    @Test func aFileOfAFormerProgramLetsNobodyIn() throws {
        let error = #expect(throws: ConfigurationError.self) { try anchor(join: join(nil)) }
        #expect(error?.problem.contains("doesn't name the pool's identity key") == true)
        #expect(try anchor(stored: identity, join: join(nil)) == .known(identity.keyDigest))
        #expect(try file.read() == nil)
    }

    @Test func theStateOnTheDiskGoesFirst() throws {
        try file.write(Self.other)
        #expect(try anchor(stored: identity) == .known(identity.keyDigest))
        #expect(try anchor() == .known(Self.other))
        // A new pool has a new key, which is noted when the pool is made.
        #expect(try anchor(made: identity) == .known(identity.keyDigest))
        #expect(try file.read() == Self.other)
    }

    @Test func aFounderKnowsNothingYet() throws {
        #expect(try anchor(isFounder: true) == .founding)
        #expect(try anchor() == .untold)
        #expect(try file.read() == nil)
    }

    // MARK: Files

    @Test func theAnchorsFile() throws {
        let text = Hexadecimal.encode(identity.keyDigest)
        try file.write(identity.keyDigest)
        let path = "\(folder.path)/pool-identity"
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text + "\n")
        for bad in ["", "\n", String(text.dropLast()), text + "00", text + " x", String(repeating: "0", count: 200)] {
            _ = try folder.write("pool-identity", bad)
            #expect(throws: ConfigurationError.self) { try file.read() }
        }
        _ = try folder.write("pool-identity", text, mode: 0o640)
        #expect(throws: ConfigurationError.self) { try file.read() }
        _ = try folder.write("pool-identity", text)
        #expect(try file.read() == identity.keyDigest)
    }

    /// A pool that isn't made in the end binds the node to nothing.
    @Test func whatIsPreparedDoesNotCount() throws {
        try file.prepare(Self.other)
        #expect(try file.read() == nil)
        #expect(try anchor(isFounder: true) == .founding)
        try file.write(identity.keyDigest)
        try file.prepare(Self.other)
        #expect(try file.read() == identity.keyDigest)
        try file.putInPlace()
        #expect(try file.read() == Self.other)
    }

    @Test func aJoinFileNamesTheIdentityKeyOrNothing() throws {
        #expect(try join(Self.other).identityDigest == Self.other)
        #expect(try join(nil).identityDigest == nil)
        let text = Hexadecimal.encode(Self.other)
        for bad in ["\"\"", #""\#(text.dropLast())""#, #""\#(text)00""#, #""\#(text.dropLast())x""#, "1", "[]"] {
            let error = #expect(throws: ConfigurationError.self) { try load(#""identityKeySha256":\#(bad),"#) }
            #expect(error?.problem.contains("'identityKeySha256'") == true, "\(bad)")
        }
    }
}
