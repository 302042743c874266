import ArgumentParser
import Audit

struct AuditCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Reads a node's audit log.", subcommands: [Tail.self, Verify.self])

    struct Tail: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows the last records.")
        @Argument(help: "The node's audit folder.") var folder: String
        @Option(name: [.customShort("n"), .long], help: "How many records.") var count = 20

        func run() throws {
            do {
                for line in try AuditTail.lines(folder: folder, count: count) { print(AuditTail.render(line)) }
            } catch {
                throw ClientError.usage("\(folder) can't be read as an audit log: \(error)")
            }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks that no record was changed, removed or put in another place.",
            discussion: """
                The chain has no key: who can write the folder can make it anew. Keep copies elsewhere to compare with.
                """)
        @Argument(help: "The node's audit folder.") var folder: String

        func run() throws {
            let report: AuditReport
            do {
                report = try AuditVerifier.verify(folder: folder)
            } catch {
                throw ClientError.usage("\(folder) can't be read as an audit log: \(error)")
            }
            if let first = report.firstBreak {
                throw ClientError.refused("the log is broken at \(first.file), line \(first.line): \(first.kind)")
            }
            print("intact: \(report.events) events in \(report.lines) lines of \(report.files) file(s)")
        }
    }
}
