import CryptographicModule
import Foundation
import NIOSSL
import Replication

struct CommandFailed: Error {
    let arguments: [String]
    let output: String
}

/// Runs `openssl` with the given arguments.
@discardableResult
func openssl(_ arguments: String...) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    let text = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw CommandFailed(arguments: arguments, output: String(decoding: text, as: UTF8.self))
    }
    return data
}

/// A certificate authority made with the `openssl` command, in a folder of its own.
final class CertificateAuthority {
    struct Issued {
        let files: PeerTLSFiles
        let pin: [UInt8]
    }

    private let folder: TemporaryFolder
    private var count = 0

    init(name: String = "node CA") throws {
        folder = try TemporaryFolder()
        try openssl("ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", folder.file("ca.key"))
        try openssl(
            "req", "-x509", "-new", "-key", folder.file("ca.key"), "-subj", "/CN=\(name)", "-days", "2", "-sha384",
            "-out", folder.file("ca.pem"))
    }

    var certificate: String { folder.file("ca.pem") }

    /// - Parameters:
    ///   - names: the subject alternative names, as `openssl` writes them.
    ///   - key: an existing key to certify instead of a new one.
    func issue(
        _ names: String, usage: String = "serverAuth,clientAuth", days: Int = 1, key: String? = nil,
        authority: CertificateAuthority? = nil
    ) throws -> Issued {
        count += 1
        let base = folder.file("\(count)")
        let keyFile = key ?? base + ".key"
        if key == nil {
            try openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", keyFile)
            try setMode(0o600, of: keyFile)
        }
        try openssl("req", "-new", "-key", keyFile, "-subj", "/CN=node", "-out", base + ".csr")
        let extensions = "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=\(usage)\nsubjectAltName=\(names)\n"
        try extensions.write(toFile: base + ".ext", atomically: true, encoding: .utf8)
        try openssl(
            "x509", "-req", "-in", base + ".csr", "-CA", certificate, "-CAkey", folder.file("ca.key"),
            "-CAcreateserial", "-days", "\(days)", "-sha384", "-extfile", base + ".ext", "-out", base + ".pem")
        let files = PeerTLSFiles(
            certificateChain: base + ".pem", privateKey: keyFile,
            authorities: (authority ?? self).certificate)
        let spki = try openssl("pkey", "-in", keyFile, "-pubout", "-outform", "DER")
        return Issued(files: files, pin: Digest.sha256([UInt8](spki)))
    }

    static func uri(_ node: UInt64, pool: String = "pool") -> String { "quorate:\(pool)/node-\(node)" }

    func issueNode(_ node: UInt64, days: Int = 1) throws -> Issued {
        try issue("URI:\(Self.uri(node))", days: days)
    }
}
