import ArgumentParser
import Foundation
import Testing

@testable import hsmctl

/// What the system says of a file is what the person reads.
@Suite struct FileFailureTests {
    private let folder = NSTemporaryDirectory() + "hsmctl-" + GUIDText.random()

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

    @Test func failuresHaveTheSystemsWords() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let nowhere = folder + "/none/file"
        let failures: [(String, () throws -> Void)] = [
            ("\(nowhere) can't be read: No such file or directory.", { [nowhere] in _ = try Files.read(nowhere) }),
            ("\(folder) can't be read: Is a directory.", { [folder] in _ = try Files.read(folder) }),
            (
                "\(nowhere) can't be written: No such file or directory.",
                { [nowhere] in try Files.write([1], to: nowhere) }
            ),
            (
                "\(folder) can't be written: Is a directory. Nothing was begun.",
                { [folder] in try Files.requireWritable(folder) }
            ),
        ]
        for (message, attempt) in failures {
            let error = #expect(throws: ClientError.self) { try attempt() }
            #expect(error == .unreadable(message))
        }
    }

    @Test func whatIsWrittenIsReadAndATrialChangesNothing() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/file"
        try Files.requireWritable(path)
        #expect(!FileManager.default.fileExists(atPath: path))
        let long = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        try Files.write(long, to: path)
        try Files.requireWritable(path)
        #expect(try Files.read(path) == long)
        try Files.write([1, 2], to: path)
        #expect(try Files.read(path) == [1, 2])
    }

    @Test func aSecretFileThatCannotBeReadIsNoMissingSecret() throws {
        let options = try ConnectionOptions.parse(["--client-id", "x", "--client-secret-file", folder + "/none"])
        let error = #expect(throws: ClientError.self) { try options.credentials() }
        #expect(error?.exitCode == 74)
        let said = PoolCommands.Status.obstacle { _ = try options.credentials() }
        #expect(said?.hasSuffix("/none can't be read: No such file or directory") == true)
        #expect(PoolCommands.Status.obstacle { throw ClientError.usage("no id") } == "No credentials are given")
        #expect(PoolCommands.Status.obstacle {} == nil)
    }
}
