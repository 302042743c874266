import Foundation
import Testing

@testable import CryptographicModule

/// A module with one key-encryption key, and what tests do with it.
struct Bench {
    let module: CryptographicModule
    let kek: SecretKey
    static let poolID = [UInt8](repeating: 0xA0, count: 16)

    init(cacheBytes: Int = 256 << 10, spareKeys: Int = 0, health: ModuleHealth = .shared) throws {
        try ModuleSelfSetup.startSecureHeap()
        module = CryptographicModule(keyCacheBytes: cacheBytes, spareKeys: spareKeys, health: health)
        kek = SecretKey(consuming: try Random.secret(32), id: Random.bytes(16))
        module.unlock(kek: kek)
    }

    static func template(
        _ material: KeyTemplate.Material, name: String = "key", operations: KeyOperations = [.sign, .verify]
    ) -> KeyTemplate {
        KeyTemplate(
            poolID: poolID, name: name, version: Random.bytes(16), material: material, operations: operations,
            createdAt: 1_700_000_000)
    }

    func make(
        _ material: KeyTemplate.Material, name: String = "key", operations: KeyOperations = [.sign, .verify]
    ) throws -> GeneratedKey {
        try module.generateKey(Self.template(material, name: name, operations: operations))
    }

    func sign(_ key: GeneratedKey, _ algorithm: SignatureAlgorithm, _ digest: [UInt8]) throws(CryptoError) -> [UInt8] {
        try sign(key.header, key.record, algorithm, digest)
    }

    func sign(
        _ header: KeyHeader, _ record: SealedRecord, _ algorithm: SignatureAlgorithm, _ digest: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        try module.sign(
            header: header, recordDigest: Digest.sha256(record.bytes),
            fetch: { () throws(CryptoError) in record }, algorithm: algorithm, digest: digest)
    }

    /// Seals a private key that was made elsewhere, as a customer's key with this header.
    func plant(
        pkcs8: [UInt8], _ type: KeyType, curve: EllipticCurve?, bits: Int, name: String = "planted"
    ) throws -> (header: KeyHeader, record: SealedRecord) {
        let secret = try Secret(copying: pkcs8)
        let header = KeyHeader(
            poolID: Self.poolID, kind: KeyHeader.customerKind, name: name, version: Random.bytes(16), keyType: type,
            curve: curve, bits: bits, operations: [.sign], exportable: false, releasePolicyDigest: [],
            releasePolicyImmutable: false, createdAt: 0, revision: 0, publicDigest: [])
        return (header, try Sealing.seal(secret, under: kek, associatedData: header.associatedData()))
    }
}

extension GeneratedKey {
    /// Of a pair; for a symmetric key something that fits nothing.
    var publicHalf: PublicKey { publicKey ?? .rsa(n: [], e: []) }
}

extension KeyTemplate.Material {
    static func rsa(_ bits: Int) -> KeyTemplate.Material { .rsa(bits: bits, publicExponent: [1, 0, 1]) }
}

extension SignatureAlgorithm {
    static var rsa: [SignatureAlgorithm] { allCases.filter { $0.curve == nil } }

    func digest(of message: [UInt8]) -> [UInt8] {
        switch digestLength {
        case 32: Digest.sha256(message)
        case 48: Digest.sha384(message)
        default: Digest.sha512(message)
        }
    }
}

extension EllipticCurve {
    var algorithm: SignatureAlgorithm {
        switch self {
        case .p256: .ES256
        case .p384: .ES384
        case .p521: .ES512
        case .p256K: .ES256K
        }
    }
}

/// A folder that goes with the value's user.
struct TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("crypto-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    func write(_ bytes: [UInt8], _ name: String, mode: Int = 0o600) throws -> String {
        let file = url.appendingPathComponent(name)
        try Data(bytes).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
        return file.path
    }

    func remove() { try? FileManager.default.removeItem(at: url) }
}

/// The `openssl` command as an implementation of its own: another process, from the public key and the bytes alone.
enum OpenSSLCommand {
    @discardableResult
    static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
