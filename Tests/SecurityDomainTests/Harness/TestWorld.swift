import CryptographicModule
import Foundation
import Testing

@testable import SecurityDomain

/// People, keys and a pool for the tests. The key files under `Vectors` were made once with the openssl program and
/// protect nothing.
enum TestWorld {
    /// Sets up secure memory; every test that touches a secret begins here.
    static let isReady: Bool = {
        do {
            _ = try ModuleSelfSetup.prepareProcess(allowUnlocked: true)
            return true
        } catch {
            return false
        }
    }()

    static let now: Int64 = 1_800_000_000
    static let passphrase = "correct-horse"

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Vectors")

    static func vector(_ name: String) throws -> [UInt8] {
        #expect(isReady)
        return Array(try Data(contentsOf: folder.appending(path: name)))
    }

    static func certificateDER(_ name: String) throws -> [UInt8] {
        try X509Certificate(pem: try vector(name)).der
    }

    static func officer(_ number: Int) throws -> OfficerCertificate {
        try OfficerCertificate(der: try certificateDER("officer\(number).cer"))
    }

    static func officers(_ numbers: [Int] = [1, 2, 3], required: Int = 2) throws -> Officers {
        try Officers(certificates: try numbers.map { try officer($0) }, required: required)
    }

    static func officerKey(_ number: Int) throws -> RSAPrivateKey {
        let pem = try vector("officer\(number).key")
        let text = try Secret(copying: pem)
        return try RSAPrivateKey(pem: text) { try Secret(copying: Array(passphrase.utf8)) }
    }

    /// A node's identity key, loaded from a copy with the mode that such a file must have.
    static func nodeKey(_ number: Int) throws -> FileSigningKey {
        let pem = try vector("node\(number).key")
        let path = FileManager.default.temporaryDirectory.appending(path: "node-\(UUID().uuidString).key").path
        #expect(
            FileManager.default.createFile(atPath: path, contents: Data(pem), attributes: [.posixPermissions: 0o600]))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try FileSigningKey(path: path)
    }

    static func randomSecret(_ count: Int) throws -> Secret {
        #expect(isReady)
        return try Random.secret(count)
    }

    static func identifier(_ byte: UInt8) -> [UInt8] {
        Array(repeating: byte, count: 16)
    }

    /// A pool's keyring; its RSA key is slow to make, so tests that do not destroy it share this one.
    static let keyring: Result<Keyring, any Error> = Result {
        #expect(isReady)
        return try Keyring.create(poolID: identifier(1), securityDomainID: identifier(2), createdAt: now).keyring
    }

    /// A pool whose security domain is with its officers.
    struct Domain {
        let keyring: Keyring
        let file: SecurityDomainFile
        let record: SecurityDomainRecord
    }

    static func domain(_ numbers: [Int] = [1, 2, 3], required: Int = 2, keyring: Keyring? = nil) throws -> Domain {
        let keyring = try keyring ?? TestWorld.keyring.get()
        let officers = try officers(numbers, required: required)
        let made = try SecurityDomainFile.make(
            root: keyring.root, formerRoots: [], identity: keyring.identity, officers: officers)
        let record = try SecurityDomainRecord(
            identity: keyring.identity, officers: officers, commitments: made.commitments,
            encryptedItems: made.file.encryptedItems)
        return Domain(keyring: keyring, file: made.file, record: record)
    }

    static func ceremony(_ domain: Domain, purpose: CeremonyPurpose = .unseal, now: Int64 = now) throws
        -> UnsealCeremony
    {
        try UnsealCeremony(domain: domain.record, purpose: purpose, nodeKey: try nodeKey(1), now: now)
    }

    static func envelope(
        _ number: Int, file: SecurityDomainFile, for ceremony: UnsealCeremony, now: Int64 = now
    ) throws -> ShareEnvelope {
        try OfficerTool.seal(
            file: file.json(), certificate: try vector("officer\(number).cer"), privateKey: try officerKey(number),
            invitation: ceremony.invitation, nodeKeyDigest: Digest.sha256(try nodeKey(1).spkiDER), now: now)
    }
}

extension Secret {
    /// The bytes in the clear, which only tests may do.
    var exposed: [UInt8] {
        withUnsafeBytes { Array($0) }
    }
}

extension RootKey {
    func exposed() throws -> [UInt8] {
        try withSecret { $0.withUnsafeBytes { Array($0) } }
    }
}

func secret(_ bytes: [UInt8]) throws -> Secret {
    #expect(TestWorld.isReady)
    return try Secret(copying: bytes)
}

func hex(_ text: String) -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
