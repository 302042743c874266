import ArgumentParser
import Backup
import CryptographicModule
import Foundation
import NIOHTTP1
import SecurityDomain
import StrictJSON

extension BackupCommands {
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks a backup's file, without any key or with a quorum of officers.",
            discussion: """
                Reads it from its first byte to its last: form, order and digest of each chunk, completeness, and the \
                signature of the pool that made it. Whose signature it is says --signer: the fingerprint that an \
                earlier check of a backup known to be good has printed.

                With the security domain file and a quorum of its officers it also opens the backup, in this process \
                and without any node: the content has to be the state whose root the pool had at that index of its \
                log, every symmetric key has to open, and every key pair has to sign a challenge that its public half \
                finds good. Nothing is written, and everything is forgotten when the command ends; while it runs this \
                machine holds the pool's root, so let it be one that officers trust.

                With --compare the pool that the connection names is asked for the state root that its log has for \
                this backup, which must be the file's. It knows the last 32 backups and restores.

                Exit codes: 0 whole and unchanged; 1 not; 3 the pool doesn't know the backup; 74 the file can't be read.

                Example: hsmctl backup verify /srv/backups/weekly/mhsm-pool-2027013112000042/backup.qbk
                Example: hsmctl backup verify backup.qbk --security-domain security-domain.json \
                --officer officer-1.crt:officer-1.key --officer officer-3.crt:officer-3.key
                """)
        @Argument(help: ArgumentHelp("The file backup.qbk, or its folder.", valueName: "file"), completion: .file())
        var file: String
        @Option(
            name: .long,
            help: ArgumentHelp("SHA-256 of the key that must have signed it, 64 hexadecimal digits.", valueName: "hex"))
        var signer: String?
        @Option(
            name: .long, help: ArgumentHelp("The security domain file, to open the backup.", valueName: "file"),
            completion: .file())
        var securityDomain: String?
        @Option(
            name: .customLong("officer"), parsing: .singleValue,
            help: ArgumentHelp(
                "The PEM files of one officer; as many as the quorum needs.", valueName: "certificate:key"),
            completion: .file())
        var officers: [String] = []
        @Flag(name: .long, help: "Compare the state root with the one in the pool's log.")
        var compare = false
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func validate() throws {
            if let signer, Hexadecimal.decode(signer)?.count != 32 {
                throw ValidationError("--signer is 64 hexadecimal digits, as a check prints them.")
            }
            guard (securityDomain == nil) == officers.isEmpty else {
                throw ValidationError("--security-domain and --officer belong together.")
            }
            for officer in officers where officer.split(separator: ":").count != 2 {
                throw ValidationError("'\(officer)' isn't CERTIFICATE:KEY.")
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
            if compare { try await compare(header, path) }
            var proof: BackupProof.Findings?
            if let securityDomain {
                try SecretHandling.begin()
                proof = try BackupFile.prove(
                    path, header, by: try OfficerShares.open(securityDomain, officers), named: securityDomain)
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
                // What fails ends the command: each of these is true, or wasn't looked at.
                Self.write("signerIsExpected", signer != nil, &writer)
                Self.write("stateRootIsThatOfThePool", compare, &writer)
                Self.write("wasOpened", proof != nil, &writer)
                if let proof { Self.write(proof, &writer) }
            }
            if !output.json { StandardOutput.line(Table.harmless("\(path) is whole and unchanged.")) }
            output.print(result) { Table.fields(result, absent: "not checked") }
        }

        private static func write(_ name: String, _ wasChecked: Bool, _ writer: inout JSONWriter) {
            writer.member(name) { writer in
                if wasChecked { writer.value(.bool(true)) } else { writer.null() }
            }
        }

        /// Requires that the pool's log has the header's state root at the header's index.
        private func compare(_ header: BackupHeader, _ path: String) async throws {
            let reports = try await PoolClient.with(connection) { client in
                try await client.send(.GET, "/quorate/v1/jobs").body.objects("value").compactMap { job in
                    job.text("kind") == "backup" ? job.text("report").flatMap(BackupReport.init) : nil
                }
            }
            switch BackupReport.compare(index: header.index, stateRoot: header.stateRoot, with: reports) {
            case .same: return
            case .unknown:
                throw ClientError.notFound(
                    "The pool knows of no backup at log index \(header.index). It knows the last ones: hsmctl backup "
                        + "list. Is it the pool '\(Table.harmless(header.poolName))'?")
            case .other(let root):
                throw ClientError.refused(
                    "\(path) isn't the pool's state at log index \(header.index): its state root is "
                        + "\(Hexadecimal.encode(header.stateRoot)), and the pool had \(Hexadecimal.encode(root)).")
            }
        }

        private static func write(_ proof: BackupProof.Findings, _ writer: inout JSONWriter) {
            writer.member("stateRootIsRebuilt", true)
            writer.member("keys", proof.keys)
            writer.member("deletedKeys", proof.deletedKeys)
            writer.member("keyPairsThatSigned", proof.signed)
            writer.member("symmetricKeysThatOpened", proof.opened)
            writer.member("principals", proof.principals)
            writer.member("roleAssignments", proof.roleAssignments)
        }
    }
}

/// A backup on this machine.
enum BackupFile {
    private static let pieceSize = 4 << 20

    static func scan(_ path: String) throws -> (BackupHeader, BackupSummary) {
        var scanner = BackupScanner()
        var header: BackupHeader?
        var summary: BackupSummary?
        try read(path) { piece throws(BackupFault) in
            scanner.feed(piece)
            while let found = try scanner.next() {
                switch found {
                case .header(let read): header = read
                case .chunk: break
                case .summary(let read): summary = read
                }
            }
        } finish: { () throws(BackupFault) in
            try scanner.finish()
        }
        guard let header, let summary else { throw ClientError.refused("\(path) isn't a good backup.") }
        return (header, summary)
    }

    /// Opens a backup that was scanned.
    ///
    /// - Parameter domain: the officers' security domain, read from the file `name`; it is wiped.
    static func prove(
        _ path: String, _ header: BackupHeader, by domain: OfficersDomain, named name: String
    ) throws -> BackupProof.Findings {
        defer { domain.destroy() }
        let keyring: Keyring
        do {
            keyring = try domain.keyring(of: header.keyring)
        } catch let error as SecurityDomainError {
            throw ClientError.refused("\(path) doesn't open with \(name): \(error).")
        }
        defer { keyring.destroy() }
        var proof: BackupProof
        do {
            proof = try BackupProof(header: header, keyring: keyring)
        } catch {
            throw ClientError.refused("\(path) isn't a good backup: \(error).")
        }
        var findings: BackupProof.Findings?
        try read(path) { piece throws(BackupFault) in
            try proof.feed(piece)
        } finish: { () throws(BackupFault) in
            findings = try proof.finish()
        }
        guard let findings else { throw ClientError.refused("\(path) isn't a good backup.") }
        return findings
    }

    private static func read(
        _ path: String, _ take: ([UInt8]) throws(BackupFault) -> Void, finish: () throws(BackupFault) -> Void
    ) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw ClientError.unreadable("\(path) can't be read: \(String(cString: strerror(errno)))")
        }
        defer { try? handle.close() }
        do {
            while let piece = try handle.read(upToCount: pieceSize), !piece.isEmpty { try take(Array(piece)) }
            try finish()
        } catch let fault as BackupFault {
            throw ClientError.refused("\(path) isn't a good backup: \(fault).")
        } catch {
            throw ClientError.unreadable("\(path) can't be read: \(error.localizedDescription)")
        }
    }
}
