import ArgumentParser
import NIOHTTP1
import StrictJSON

extension BackupCommands {
    struct Schedule: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says when the pool backs itself up, and how many backups it keeps.",
            subcommands: [Show.self, Set.self, Run.self, Delete.self])

        static let path = "/quorate/v1/backup-schedule"
    }
}

extension BackupCommands.Schedule {
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sets the schedule; it replaces a former one.",
            discussion: """
                The pool makes a backup in each hour, day or week, whichever is the shortest of which it is to keep \
                any, and keeps of the last so many hours, days and weeks the newest backup each. Days are those of \
                UTC; a week begins on Monday. What it keeps no more it removes; it removes only what it made by this \
                schedule, and never the newest. When no backup has succeeded for longer than --alarm-after, the pool \
                sounds an alarm: in the log of the leader, in 'hsmctl pool status' and here.

                First a check finds out whether a backup can be written there. Every node's file has to allow the place.

                Example: hsmctl backup schedule set s3://backups/hsm --hourly 24 --daily 7 --weekly 12
                Example: hsmctl backup schedule set https://store.blob.example.com/hsm --sas-file sas.txt --daily 30 \
                --alarm-after 36
                """)
        @Argument(help: ArgumentHelp("The container's URI.", valueName: "uri"))
        var container: String
        @Option(name: .long, help: "Of how many hours to keep a backup.")
        var hourly: Int?
        @Option(name: .long, help: "Of how many days to keep a backup.")
        var daily: Int?
        @Option(name: .long, help: "Of how many weeks to keep a backup.")
        var weekly: Int?
        @Option(
            name: .long,
            help: ArgumentHelp(
                "Age of the newest good backup that is too much. By default twice the time between two.",
                valueName: "hours"))
        var alarmAfter: Int?
        @Flag(name: .long, help: "Don't find out first whether a backup can be written there.")
        var noCheck = false
        @OptionGroup(title: "Place") var place: PlaceOptions
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func validate() throws {
            guard [hourly, daily, weekly].contains(where: { $0 ?? 0 > 0 }) else {
                throw ValidationError("Say how many backups to keep: --hourly, --daily or --weekly.")
            }
            guard (1...8784).contains(alarmAfter ?? 1) else {
                throw ValidationError("--alarm-after is from 1 to 8784 hours.")
            }
        }

        func run() async throws {
            let access = try place.access(to: container)
            try await PoolClient.with(connection) { client in
                if !noCheck {
                    let begun = try await client.send(.POST, "/prebackup", isRepeatable: false) { access.write(&$0) }
                    _ = try await JobOptions.end(of: begun.body, "backup", client)
                }
                let set = try await client.send(.PUT, BackupCommands.Schedule.path) { writer in
                    access.write(&writer)
                    writer.member("keep") { writer in
                        writer.object { writer in
                            writer.member("hourly", hourly ?? 0)
                            writer.member("daily", daily ?? 0)
                            writer.member("weekly", weekly ?? 0)
                        }
                    }
                    if let alarmAfter { writer.member("alarmAfterSeconds", alarmAfter * 3600) }
                }.body
                output.print(set, text: BackupCommands.Schedule.text(set))
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the schedule, how it goes, and the backups that it keeps.",
            discussion: """
                Exit codes: 0 all is well; 1 the newest good backup is too old; 3 there is no schedule.

                Example: hsmctl backup schedule show
                """)
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let schedule = try await client.send(.GET, BackupCommands.Schedule.path).body
                output.print(schedule, text: BackupCommands.Schedule.text(schedule))
                guard schedule.flag("isOverdue") != true else {
                    throw ClientError.refused("the newest good backup is too old")
                }
            }
        }
    }

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a backup by the schedule now.",
            discussion: """
                It goes where the schedule says, and is kept and removed like the others: of one hour only the newest \
                stays.

                Example: hsmctl backup schedule run
                """)
        @Flag(name: .long, help: "End as soon as the job has begun.")
        var noWait = false
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let begun = try await client.send(
                    .POST, BackupCommands.Schedule.path + "/run", isRepeatable: false
                ).body
                let done = noWait ? begun : try await JobOptions.end(of: begun, "backup", client)
                let place = done.text("azureStorageBlobContainerUri") ?? ""
                output.print(
                    done, text: noWait ? "started: \(done.text("jobId") ?? "?")" : "backed up to \(place)")
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes the schedule. The backups stay where they are.",
            discussion: "Example: hsmctl backup schedule delete")
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                _ = try await client.send(.DELETE, BackupCommands.Schedule.path)
                output.print(
                    JSONObject.make { $0.member("deleted", true) },
                    text: "The pool makes no more backups by itself, and removes none.")
            }
        }
    }

    /// For people.
    static func text(_ schedule: JSONObject) -> String {
        let keep = schedule.object("keep")
        let kept = ["hourly", "daily", "weekly"].compactMap { name in
            keep?.number(name).flatMap { $0 > 0 ? "\($0) \(name)" : nil }
        }
        let isOverdue = schedule.flag("isOverdue") == true
        var lines = [
            "to          \(schedule.text("storageResourceUri") ?? "?")",
            "keeps       \(kept.joined(separator: ", "))",
            "newest good \(Moment.text(schedule.number("newestBackup")))\(isOverdue ? "  TOO OLD" : "")",
            "next        \(Moment.text(schedule.number("nextBackup")))",
        ]
        if let attempt = schedule.object("lastAttempt") {
            let failure = attempt.text("message").map { ": \($0)" } ?? ""
            lines.append(
                "last        \(Moment.text(attempt.number("began")))  "
                    + (attempt.text("status") ?? "forgotten") + failure)
        }
        for backup in schedule.objects("backups") {
            let note = backup.flag("isBeingRemoved") == true ? "  being removed" : ""
            lines.append("            \(Moment.text(backup.number("taken")))  \(backup.text("folder") ?? "?")\(note)")
        }
        return lines.joined(separator: "\n")
    }
}
