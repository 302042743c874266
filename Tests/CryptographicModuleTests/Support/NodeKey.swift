import CryptographicModule
import Foundation

/// A node's key in a file, made by the `openssl` command.
enum NodeKey {
    static func make(in folder: TemporaryFolder) throws -> FileSigningKey {
        try ModuleSelfSetup.startSecureHeap()
        let path = folder.url.appendingPathComponent("node.pem").path
        let made = try OpenSSLCommand.run(
            ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path])
        guard made.status == 0 else { throw CryptoError.internalFailure(made.output) }
        return try FileSigningKey(path: path)
    }
}
