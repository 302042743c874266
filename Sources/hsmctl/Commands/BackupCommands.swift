import ArgumentParser
import Foundation
import NIOHTTP1
import StrictJSON

struct BackupCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Backs the pool up, restores keys, and checks backups.",
        discussion: """
            A backup holds the pool's whole state at one moment, encrypted under the pool's own keys: only this pool, \
            or one made anew from the same security domain, opens it. It goes to a place that the node's file allows \
            ('backups'): a blob container (https://...) by SAS token or by the node's managed identity, a bucket of an \
            S3-compatible store (s3://BUCKET/PREFIX) by the node's credentials, or the node's directory \
            (file:///FOLDER).

            The token is read from a file or from QUORATE_SAS, never from the command line.
            """,
        subcommands: [
            Start.self, List.self, Status.self, Restore.self, ApproveRestore.self, WithdrawRestore.self, Verify.self,
            Schedule.self,
        ])

    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes a full backup into a new folder of a container.",
            discussion: """
                Shows how far it is and ends when the backup is complete; the backup goes on if the command is \
                interrupted. Exit codes: 0 complete; 1 failed, or another job is under way; 69 no node can answer.

                Example: hsmctl backup start https://store.blob.example.com/hsm --sas-file sas.txt
                Example: hsmctl backup start https://store.blob.example.com/hsm --managed-identity
                Example: hsmctl backup start s3://backups/hsm
                Example: hsmctl backup start file:///weekly
                """)
        @Argument(help: ArgumentHelp("The container's URI.", valueName: "uri"))
        var container: String
        @Flag(name: .long, help: "Only find out whether a backup could be written there.")
        var check = false
        @OptionGroup(title: "Job") var job: JobOptions
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            let place = try job.place.access(to: container)
            try await PoolClient.with(connection) { client in
                let begun = try await client.send(.POST, check ? "/prebackup" : "/backup", isRepeatable: false) {
                    place.write(&$0)
                }.body
                let done = try await job.follow(begun, "backup", client)
                let place = done.text("azureStorageBlobContainerUri") ?? ""
                let word = check ? "a backup can be written to" : "backed up to"
                output.print(done, text: job.isWaiting ? "\(word) \(place)" : "started: \(done.text("jobId") ?? "?")")
            }
        }
    }

    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Brings keys of a backup back: one with --key, or all.",
            discussion: """
                Without --key every key of the pool is replaced by those of the backup, deleted ones included; keys \
                made since are gone. The pool serves meanwhile, and switches over at once when the backup has been \
                read to its end and found genuine. Where the pool has keys, it wants a full backup of them that is \
                not older than 30 minutes. Roles, principals and settings stay as they are.

                Into a new pool, which has taken over the security domain of a lost one ('hsmctl security-domain \
                upload') and has no keys yet, it brings everything: keys, roles, principals, settings. Principals come \
                without their secrets, unless --keep-credentials is given: make new ones with 'hsmctl principal'.

                Into a living pool, --everything brings roles, principals and settings, too, if a quorum of the \
                officers in office agrees: the backup is read, and what it would bring is shown to them. The command \
                waits for their approvals ('hsmctl backup approve-restore'), 24 hours at most, and then restores; \
                interrupted, or with --no-wait, it goes on where it is run again.

                At a terminal a restore of all keys asks for the pool's name first, unless --yes is given.

                With --key the key takes the place of the one of this name, with all its versions.

                With --check the backup is read and decrypted to its end, and its state compared with what it says of \
                itself, but nothing is changed.

                Example: hsmctl backup restore https://store.blob.example.com/hsm mhsm-pool-2027013112000042 \
                --sas-file sas.txt --key invoices
                Example: hsmctl backup restore s3://backups/hsm mhsm-pool-2027013112000042
                Example: hsmctl backup restore file:///weekly mhsm-pool-2027013112000042 --check
                Example: hsmctl backup restore file:///weekly mhsm-pool-2027013112000042 --everything
                """)
        @Argument(help: ArgumentHelp("The container's URI.", valueName: "uri"))
        var container: String
        @Argument(help: ArgumentHelp("The backup's folder in it.", valueName: "folder"))
        var folder: String
        @Option(name: .long, help: ArgumentHelp("Restore this key only.", valueName: "name"))
        var key: String?
        @Flag(name: .long, help: "Only find out whether the backup is whole and opens here.")
        var check = false
        @Flag(name: .long, help: "Everything, and not keys only, if the officers of this living pool agree.")
        var everything = false
        @Flag(name: .long, help: "Where everything is restored, let principals keep the secrets that they had.")
        var keepCredentials = false
        @Flag(name: [.long, .customShort("y")], help: "Don't ask.") var yes = false
        @OptionGroup(title: "Job") var job: JobOptions
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func validate() throws {
            guard !keepCredentials || (key == nil && !check) else {
                throw ValidationError("--keep-credentials belongs to a restore of everything.")
            }
            guard !everything || (key == nil && !check) else {
                throw ValidationError("--everything excludes --key and --check.")
            }
            guard key == nil || !check else { throw ValidationError("--check reads the whole backup: omit --key.") }
        }

        func run() async throws {
            let place = try job.place.access(to: container)
            guard !everything else {
                let restore = RestoreOfEverything(place: place, folder: folder, keepsCredentials: keepCredentials)
                return try await restore.run(isWaiting: job.isWaiting, output, connection)
            }
            let path = key.map { "/keys/\(PoolClient.escape($0))/restore" } ?? (check ? "/prerestore" : "/restore")
            try await PoolClient.with(connection) { client in
                if key == nil, !check, !yes, Confirmation.isPossible { try await Self.confirm(client, folder) }
                let begun = try await client.send(.PUT, path, isRepeatable: false) { writer in
                    writer.member("sasTokenParameters") { writer in
                        writer.object { place.write(&$0) }
                    }
                    writer.member(key == nil ? "folderToRestore" : "folder", folder)
                    if keepCredentials { writer.member("keepCredentials", true) }
                }.body
                let done = try await job.follow(begun, "restore", client)
                let word = check ? "whole, and opens here" : "restored \(key ?? "all keys") from"
                let details = done.text("statusDetails")?.split(separator: "; ", maxSplits: 1).dropFirst().first
                let brought = details.map { "\n\($0)" } ?? ""
                output.print(
                    done,
                    text: job.isWaiting ? "\(word): \(folder)\(brought)" : "started: \(done.text("jobId") ?? "?")")
            }
        }

        /// Who may restore, but not see the pool's status, types the backup's folder instead of the pool's name.
        private static func confirm(_ client: PoolClient, _ folder: String) async throws {
            var pool: String?
            do {
                pool = try await client.send(.GET, "/quorate/v1/status").body.text("pool")
            } catch let error as ClientError where error.isDenial {
                Terminal.note("You may not see the pool's name.")
            }
            try Confirmation.require(
                pool ?? folder,
                before: "This replaces every key of the pool by those of \(folder); keys made since are gone.",
                otherwise: "Nothing was restored.")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the pool's last backups and restores, the newest first.",
            discussion: "Example: hsmctl backup list")
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let jobs = try await client.send(.GET, "/quorate/v1/jobs").body.objects("value")
                output.print(jobs) { Self.table(jobs) }
            }
        }

        static func table(_ jobs: [JSONObject]) -> Table {
            var table = Table("JOB", "KIND", "STATUS", "STARTED", "SECONDS", "BYTES", "NODE", "PLACE", "FAILURE")
            for job in jobs {
                let seconds = job.number("started").flatMap { start in job.number("ended").map { "\($0 - start)" } }
                table.row(
                    job.text("id") ?? "?", (job.text("kind") ?? "?") + (job.text("key").map { " \($0)" } ?? ""),
                    job.text("status") ?? "?", Moment.text(job.number("started")), seconds ?? "-",
                    "\(job.number("bytes") ?? 0)", job.text("node") ?? "?", job.text("place") ?? "",
                    job.text("message") ?? "-")
            }
            return table
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a backup or restore by its id.",
            discussion: """
                Exit codes: 0 it runs or succeeded; 1 it failed; 3 the pool doesn't know it (it knows the last 32).

                Example: hsmctl backup status 5f0c8a6b3d2e41f7a9b80c1d2e3f4a5b
                """)
        @Argument(help: ArgumentHelp("The job's id.", valueName: "job"))
        var id: String
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let jobs = try await client.send(.GET, "/quorate/v1/jobs").body.objects("value")
                guard let job = jobs.first(where: { $0.text("id") == id }) else {
                    throw ClientError.notFound("The pool knows no job '\(id)'. List the last ones: hsmctl backup list")
                }
                output.print(job) { List.table([job]) }
                guard job.text("status") != "failed" else {
                    throw ClientError.refused("the job failed: \(job.text("message") ?? "?")")
                }
            }
        }
    }
}

/// How long the command stays.
struct JobOptions: ParsableArguments {
    @OptionGroup var place: PlaceOptions

    @Flag(name: .long, help: "End as soon as the job has begun.")
    var noWait = false

    var isWaiting: Bool { !noWait }

    /// Waits for the job's end, and shows how far it is.
    ///
    /// - Returns: the job as it ended, or as it began where nobody waits.
    func follow(_ begun: JSONObject, _ collection: String, _ client: PoolClient) async throws -> JSONObject {
        guard isWaiting else { return begun }
        return try await Self.end(of: begun, collection, client)
    }

    static func end(of begun: JSONObject, _ collection: String, _ client: PoolClient) async throws -> JSONObject {
        guard let id = begun.text("jobId") else { throw ClientError.refused("The answer names no job.") }
        let start = ContinuousClock.now
        let isTerminal = isatty(STDERR_FILENO) != 0
        var job = begun
        defer { if isTerminal { Terminal.write("\r\u{1B}[K") } }
        while job.text("status") == "InProgress" {
            try await Task.sleep(for: .milliseconds(500))
            do {
                job = try await client.send(.GET, "/\(collection)/\(id)/pending").body
            } catch let error as ClientError where error.isUnavailability {
                throw ClientError.unavailable(
                    "\(error)\n        The job doesn't end with this command: hsmctl backup status \(id)")
            }
            let elapsed = (ContinuousClock.now - start).components.seconds
            if isTerminal {
                Terminal.write("\r\u{1B}[K\(progress(job.text("statusDetails") ?? "", seconds: elapsed))")
            }
        }
        guard job.text("status") == "Succeeded" else {
            let error = job.object("error")
            throw ClientError.refused(
                "the job failed: (\(error?.text("code") ?? "?")) \(error?.text("message") ?? "no reason is known")")
        }
        return job
    }

    /// `1200 items, 800000 bytes` with the time and the rate.
    static func progress(_ details: String, seconds: Int64) -> String {
        let numbers = details.prefix { $0 != ";" }.split { !$0.isNumber }.compactMap { Int64($0) }
        guard numbers.count == 2 else { return "\(seconds) s" }
        let rate = seconds > 0 ? ", \(numbers[1] / 1024 / seconds) KiB/s" : ""
        return "\(seconds) s: \(numbers[0]) items, \(numbers[1] / 1024) KiB\(rate)"
    }
}
