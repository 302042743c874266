import ArgumentParser
import CryptographicModule
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

    @Test func aPrivateKeyIsReadOnlyWhereItIsItsOwnersAlone() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func content(_ path: String) throws -> [UInt8] {
            let secret = try Files.secret(path)
            return secret.withUnsafeBytes { Array($0) }
        }
        let (path, link) = (folder + "/officer.key", folder + "/link.key")
        try Files.write([1, 2, 3], to: path)
        let mode = chmod(path, 0o600)
        let linked = symlink(path, link)
        #expect(mode == 0 && linked == 0)
        #expect(try content(path) == [1, 2, 3])
        let byLink = #expect(throws: ClientError.self) { try content(link) }
        #expect(byLink?.exitCode == 64 && byLink?.message.contains("to be no link") == true)
        for open: mode_t in [0o640, 0o604, 0o666] {
            #expect(chmod(path, open) == 0)
            let error = #expect(throws: ClientError.self) { try content(path) }
            #expect(error?.exitCode == 64 && error?.message.contains("chmod 600") == true)
        }
        let missing = #expect(throws: ClientError.self) { try content(folder + "/none.key") }
        #expect(missing == .unreadable("\(folder)/none.key can't be read: No such file or directory."))
    }

    /// A drill's for one: it would leave its pool behind.
    @Test func aNewSecretsFileLeavesAHandlerOfSignalsInPlace() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let handler: @convention(c) (Int32) -> Void = { _ in }
        let former = signal(SIGHUP, handler)
        defer { signal(SIGHUP, former) }
        _ = try SecretFile(creating: folder + "/secret")
        let found = signal(SIGHUP, handler)
        #expect(unsafeBitCast(found, to: Int.self) == unsafeBitCast(handler, to: Int.self))
    }

    /// As of a program that decrypts the key on its way.
    @Test func aPrivateKeyMayComeByAPipe() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data([4, 5, 6]))
        try pipe.fileHandleForWriting.close()
        let secret = try Files.secret("/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)")
        let read = secret.withUnsafeBytes { Array($0) }
        #expect(read == [4, 5, 6])
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
