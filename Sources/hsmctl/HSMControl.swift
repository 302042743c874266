import ArgumentParser
import Foundation

/// The operator's tool.
@main
struct HSMControl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hsmctl",
        abstract: "Operates a Quorate pool.",
        discussion: """
            Set up a shell once:  export QUORATE_ENDPOINTS="https://node-1:8443 https://node-2:8443"
                                  export QUORATE_CA=ca.crt AZURE_CLIENT_ID=… QUORATE_CLIENT_SECRET_FILE=…
            Nodes are tried in order until one answers. Commands that print a table take --json.

            Exit codes: 0 done, 1 refused, 3 not found, 64 wrong usage, 69 no node can answer now, 77 not permitted.
            """,
        subcommands: [
            PoolCommands.self, KeyCommands.self, RoleCommands.self, PrincipalCommands.self, CredentialCommands.self,
            SecurityDomainCommands.self, UnsealCommand.self, AuditCommands.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as ClientError {
            Terminal.note("hsmctl: \(error.message)")
            Foundation.exit(error.exitCode)
        } catch {
            exit(withError: error)
        }
    }
}
