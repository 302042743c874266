import ArgumentParser
import Audit
import Foundation
import NIOHTTP1
import StrictJSON

struct AuditCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Reads a node's audit log.", subcommands: [Tail.self, Verify.self])

    struct Tail: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the last records. They aren't verified.",
            discussion: """
                A line: time, operation, status, result, caller, address, and what was used. With --json the records \
                themselves, one a line. --key, --caller and --operation look for records among the last 10000.

                Exit code 74: there is no log, or it can't be read.

                Example: hsmctl audit tail /var/lib/quorate/audit -n 50
                Example: hsmctl audit tail /var/lib/quorate/audit --key invoices --operation KeySign
                """)
        @Argument(help: ArgumentHelp("The node's audit folder.", valueName: "folder"), completion: .directory)
        var folder: String
        @Option(
            name: [.customShort("n"), .long], help: ArgumentHelp("How many records, up to 10000.", valueName: "number"))
        var count = 20
        @Option(name: .long, help: ArgumentHelp("Only records of this key.", valueName: "name")) var key: String?
        @Option(name: .long, help: ArgumentHelp("Only records of this principal's requests.", valueName: "object id"))
        var caller: String?
        @Option(name: .long, help: ArgumentHelp("Only records of this operation.", valueName: "name"))
        var operation: String?
        @OptionGroup(title: "Output") var output: OutputOptions

        func validate() throws {
            guard (1...AuditTail.maximumLines).contains(count) else {
                throw ValidationError("--count is 1 to \(AuditTail.maximumLines).")
            }
        }

        func run() throws {
            let filter = AuditFilter(key: key, caller: caller, operation: operation)
            let lines: [[UInt8]]
            do {
                lines = try AuditTail.lines(folder: folder, count: filter.isEmpty ? count : AuditTail.maximumLines)
            } catch {
                throw ClientError.unreadable("\(error)")
            }
            // Each file of a log begins with a line of its own.
            guard !lines.isEmpty else { throw ClientError.unreadable("\(folder) holds no audit log.") }
            for line in lines.filter({ filter.isEmpty || filter.lets($0) }).suffix(count) {
                // What was written is JSON: it has no control characters.
                StandardOutput.line(
                    output.json ? Table.harmless(String(decoding: line, as: UTF8.self)) : AuditTail.render(line))
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks that no record was changed, removed or put in another place.",
            discussion: """
                Reads all files of the folder; the node may run meanwhile. The chain has no key: who can write the \
                folder can make it anew, or cut it off. Against that the pool keeps each log's end at intervals of \
                about a second. Where a pool is named (--endpoint or QUORATE_ENDPOINTS) the log is compared with what \
                the pool knows, and the output says so. A folder to which a node's log was copied is checked likewise.

                Exit codes: 0 intact; 1 broken; 69 the pool that --endpoint names can't be asked; 74 there is no log, \
                or it can't be read.

                Example: hsmctl audit verify /var/lib/quorate/audit --endpoint https://node-2.example.com:8443
                """)
        @Argument(help: ArgumentHelp("The node's audit folder.", valueName: "folder"), completion: .directory)
        var folder: String
        @Option(
            name: .long,
            help: ArgumentHelp(
                "The node whose log this must be; the one that the log names by default.", valueName: "name"))
        var node: String?
        @Flag(name: .long, help: "Don't ask the pool.") var offline = false
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            // The pool is asked first: what it knows then is in the files that are read after it.
            let pool = try await knowledge()
            let check = try await AuditCheck.run(folder: folder, node: node, pool: pool)
            if output.json || check.isIntact { output.print(check.json, text: check.text) }
            if let problem = check.problem { throw problem }
        }

        private func knowledge() async throws -> AuditCheck.Pool {
            guard !offline else { return .notAsked("--offline was given") }
            guard connection.namesPool else { return .notAsked("no --endpoint is given") }
            do {
                return try await PoolClient.with(connection) { client in
                    .asked(try await client.send(.GET, "/quorate/v1/status").body)
                }
            } catch {
                guard connection.endpoint.isEmpty else { throw error }
                return .notAsked(HSMControl.explained(error)?.message ?? "\(error)")
            }
        }
    }
}
