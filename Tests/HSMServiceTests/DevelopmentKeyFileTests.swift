import CryptographicModule
import Foundation
import HardwareTokens
import RequestTesting
import Testing

@testable import HSMService

/// The key file that stands in for a token where nothing is at stake.
@Suite struct DevelopmentKeyFileTests {
    private let folder: String

    init() throws {
        _ = try TestKeys.shared()
        folder = NSTemporaryDirectory() + "auto-unsealing-\(UUID())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func file(_ name: String = "unseal.key") -> DevelopmentKeyFile {
        let path = "\(folder)/\(name)"
        return DevelopmentKeyFile(path: path) { try readSecret(file: path, limit: 4096) }
    }

    /// A key of P-384 that is good for nothing else.
    private static let otherCurve = """
        -----BEGIN PRIVATE KEY-----
        MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDC9EimrAvL3ZnpRUKmb
        ZWD6gO3tND8DwXigDE4JGArs/YOPmD220kUuIEI4mI9ddOWhZANiAAQnM6eYrUyu
        5GJvL0/gJ0sIccDGnzCnxwIjaMUOqkpXdeom5i9YNIqHH9/AnBi21YvUMfdg04aF
        F8uO+VdFXaXRxKjCQVTYTYkSS3qjI8ijPCro0iA1WQn9k+QIm5UaFWY=
        -----END PRIVATE KEY-----
        """

    private func bytes(_ secret: borrowing Secret) -> [UInt8] { secret.withUnsafeBytes { Array($0) } }

    @Test func aFileAgreesLikeAToken() throws {
        let file = file()
        #expect(throws: ConfigurationError.self) { try file.agree([]) { key, _ in key } }
        let point = try file.makeKey()
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/unseal.key")
        #expect(attributes[.posixPermissions] as? Int == 0o600 && point.count == 65)
        let ephemeral = try KeyAgreement.generate()
        let (key, secret) = try file.agree([(key: point, point: ephemeral.publicPoint)]) { ($0, bytes($1)) }
        #expect(key.publicKey == point && key.isKnown)
        #expect(try secret == bytes(ephemeral.agree(with: point)))
        let other = try file.agree([(key: ephemeral.publicPoint, point: ephemeral.publicPoint)]) { key, _ in key }
        #expect(other.publicKey == point && !other.isKnown)
        // It isn't written over.
        #expect(throws: DevelopmentKeyRefusal.self) { try file.makeKey() }
        #expect(try file.agree([]) { key, _ in key }.publicKey == point)
    }

    @Test func whatIsNoKeyOfOursIsRefusedWithAReason() throws {
        let path = "\(folder)/unseal.key"
        func write(_ text: String, mode: Int = 0o600) throws {
            try? FileManager.default.removeItem(atPath: path)
            let data = Data(text.utf8)
            #expect(
                FileManager.default.createFile(
                    atPath: path, contents: data, attributes: [.posixPermissions: mode]))
        }
        func refusal() -> String {
            do {
                return "\(try file().agree([]) { key, _ in key })"
            } catch { return "\(error)" }
        }
        try write("nothing")
        #expect(refusal().contains("holds no private key") && refusal().contains("--make-token-key"))
        try write(Self.otherCurve)
        #expect(refusal().contains("of another kind than EC P-256"), "\(refusal())")
        try FileManager.default.removeItem(atPath: path)
        _ = try file().makeKey()
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        #expect(refusal().contains("mode 0640") && refusal().contains("chmod 600"), "\(refusal())")
    }
}
