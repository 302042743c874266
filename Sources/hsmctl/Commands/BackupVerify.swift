import ArgumentParser
import Backup
import Foundation
import SecurityDomain
import StrictJSON

extension BackupCommands {
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks a backup's file without any key.",
            discussion: """
                Reads it from its first byte to its last: form, order and digest of each chunk, completeness, and the \
                signature of the pool that made it. Whose signature it is says --signer: the fingerprint that an \
                earlier check of a backup known to be good has printed. Whether the content opens, and is the state \
                that it claims to be, only the pool can tell: hsmctl backup restore --check.

                Exit codes: 0 whole and unchanged; 1 not; 74 the file can't be read.

                Example: hsmctl backup verify /srv/backups/weekly/mhsm-pool-2027013112000042/backup.qbk
                """)
        @Argument(help: ArgumentHelp("The file backup.qbk, or its folder.", valueName: "file"), completion: .file())
        var file: String
        @Option(
            name: .long,
            help: ArgumentHelp("SHA-256 of the key that must have signed it, 64 hexadecimal digits.", valueName: "hex"))
        var signer: String?
        @OptionGroup(title: "Output") var output: OutputOptions

        func validate() throws {
            guard let signer else { return }
            guard Hexadecimal.decode(signer)?.count == 32 else {
                throw ValidationError("--signer is 64 hexadecimal digits, as a check prints them.")
            }
        }

        func run() async throws {
            var isFolder: ObjCBool = false
            let isThere = FileManager.default.fileExists(atPath: file, isDirectory: &isFolder)
            let path = isThere && isFolder.boolValue ? (file as NSString).appendingPathComponent("backup.qbk") : file
            let (header, summary) = try BackupFile.scan(path)
            let fingerprint = Hexadecimal.encode(summary.signer)
            if let signer, Hexadecimal.decode(signer) != summary.signer {
                throw ClientError.refused("\(path) is signed by another pool: its signer is \(fingerprint).")
            }
            let result = JSONObject.make { writer in
                writer.member("file", path)
                writer.member("pool", header.poolName)
                writer.member("poolId", Hexadecimal.encode(header.keyring.identity.poolID))
                writer.member("securityDomainId", Hexadecimal.encode(header.keyring.identity.securityDomainID))
                writer.member("rootGeneration", header.keyring.identity.generation)
                writer.member("created", header.createdAt / 1000)
                writer.member("logIndex", header.index)
                writer.member("stateRoot", Hexadecimal.encode(header.stateRoot))
                writer.member("items", summary.items)
                writer.member("contentBytes", summary.contentBytes)
                writer.member("fileBytes", summary.fileBytes)
                writer.member("chunks", summary.chunks)
                writer.member("signer", fingerprint)
                writer.member("signerIsExpected", signer != nil)
            }
            output.print(result) { Table.fields(result) }
        }
    }
}

/// A backup on this machine.
enum BackupFile {
    private static let pieceSize = 4 << 20

    static func scan(_ path: String) throws -> (BackupHeader, BackupSummary) {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw ClientError.unreadable("\(path) can't be read: \(String(cString: strerror(errno)))")
        }
        defer { try? handle.close() }
        var scanner = BackupScanner()
        var header: BackupHeader?
        var summary: BackupSummary?
        do {
            while let piece = try handle.read(upToCount: pieceSize), !piece.isEmpty {
                scanner.feed(Array(piece))
                while let found = try scanner.next() {
                    switch found {
                    case .header(let read): header = read
                    case .chunk: break
                    case .summary(let read): summary = read
                    }
                }
            }
            try scanner.finish()
        } catch let fault as BackupFault {
            throw ClientError.refused("\(path) isn't a good backup: \(fault).")
        } catch {
            throw ClientError.unreadable("\(path) can't be read: \(error.localizedDescription)")
        }
        guard let header, let summary else { throw ClientError.refused("\(path) isn't a good backup.") }
        return (header, summary)
    }
}
