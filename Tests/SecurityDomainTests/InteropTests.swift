import CryptographicModule
import Foundation
import Testing

@testable import SecurityDomain

/// The way through an officers' client that shares no code with this one. It needs python3 with the package
/// `cryptography`.
@Suite("Round trip through an independent client", .enabled(if: Python.isUsable))
struct InteropTests {
    @Test("File to restore blob to root", arguments: [[1, 2], [3, 5]])
    func roundTrip(numbers: [Int]) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "interop-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let domain = try TestWorld.domain([1, 2, 3, 4, 5], required: 2)
        let key = try ExchangeKey(nodeKey: try TestWorld.nodeKey(1), now: TestWorld.now)
        let (file, transfer) = (folder.appending(path: "domain.json"), folder.appending(path: "transfer.json"))
        try Data(domain.file.json()).write(to: file)
        try Data(try key.transferDocument(keyID: "https://pool.example/transfer_key")).write(to: transfer)

        let tests = URL(filePath: #filePath).deletingLastPathComponent()
        let script = tests.appending(path: "Interop/restore_blob.py").path
        let officers = numbers.flatMap { number in
            ["cer", "key"].map { tests.appending(path: "Vectors/officer\(number).\($0)").path }
        }
        let blob = try Python.run([script, file.path, transfer.path, TestWorld.passphrase] + officers)
        let root = try RestoreBlob(parsing: blob).root(
            keys: [key], matching: domain.keyring.identity, now: TestWorld.now)
        #expect(try root.exposed() == domain.keyring.root.exposed())
    }
}

/// Programs in Python, where this machine can run them.
private enum Python {
    static let isUsable = (try? run(["-c", "import cryptography"])) != nil

    private struct Failure: Error {
        let status: Int32
    }

    static func run(_ arguments: [String]) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(status: process.terminationStatus) }
        return Array(data)
    }
}
