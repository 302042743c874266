import Foundation

/// Runs command line programs of the machine.
enum Commands {
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Runs a program on a thread of its own, since it blocks.
    static func run(_ arguments: [String], input: String = "") async throws -> Outcome {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try runBlocking(arguments, input: input) })
            }
        }
    }

    static func runBlocking(_ arguments: [String], input: String = "") throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        let (output, errors, standardInput) = (Pipe(), Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = standardInput
        try process.run()
        standardInput.fileHandleForWriting.write(Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let errorText = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
            errors: String(decoding: errorText, as: UTF8.self))
    }
}

/// Self-signed certificates in a temporary folder.
struct TestCertificates {
    /// One for all tests that need no other: making keys takes time.
    static let shared: Result<TestCertificates, any Error> = Result { try TestCertificates() }

    let folder: URL
    let chain: String
    let key: String

    init(commonName: String = "localhost") throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("quorate-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        chain = folder.appendingPathComponent("chain.pem").path
        key = folder.appendingPathComponent("key.pem").path
        let outcome = try Commands.runBlocking([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=\(commonName)", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key,
            "-out",
            chain,
        ])
        guard outcome.status == 0 else { throw CocoaError(.featureUnsupported) }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
    }

    func write(_ text: String, to name: String, mode: Int = 0o600) throws -> String {
        let path = folder.appendingPathComponent(name).path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }
}
