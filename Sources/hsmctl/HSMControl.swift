import ArgumentParser
import CryptographicModule
import Foundation
import SecurityDomain

/// The operator's tool.
@main
struct HSMControl: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "hsmctl",
        abstract: "Operates a Quorate pool.",
        discussion: """
            Set up a shell once:
              export QUORATE_ENDPOINTS="https://node-1:8443 https://node-2:8443 https://node-3:8443"
              export QUORATE_CA=ca.crt AZURE_CLIENT_ID=... QUORATE_CLIENT_SECRET_FILE=...

            Nodes are asked in order until one can answer. Commands print a table, or JSON with --json; what is only \
            for people goes to standard error. 'hsmctl help COMMAND' shows a command with an example.

            Completion: hsmctl --generate-completion-script bash > /etc/bash_completion.d/hsmctl (or zsh, fish).

            Exit codes: 0 done; 1 refused, or checked and found bad; 3 not found; 64 wrong usage; 69 no node can \
            answer now; 74 something on this machine can't be read or written, also standard output; 77 not permitted.
            """,
        version: "hsmctl \(version)",
        subcommands: [
            PoolCommands.self, NodeCommands.self, KeyCommands.self, RoleCommands.self, PrincipalCommands.self,
            CredentialCommands.self,
            SecurityDomainCommands.self, UnsealCommand.self, AutoUnsealCommands.self, BackupCommands.self,
            DrillCommands.self,
            AuditCommands.self,
            LoadCommand.self, LoadWorkerCommand.self,
        ])

    static func main() async {
        StandardStreams.fillGaps()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            guard let known = explained(error) ?? mistyped(error) else { end(with: error) }
            Terminal.note("hsmctl: \(known.message)")
            Foundation.exit(known.exitCode)
        }
    }

    /// Shows help, or what the argument parser says. Its own way out doesn't notice where help finds no place.
    private static func end(with error: any Error) -> Never {
        let (text, code) = (fullMessage(for: error), exitCode(for: error))
        if !text.isEmpty {
            if code == .success { StandardOutput.line(text) } else { Terminal.write(text + "\n") }
        }
        Foundation.exit(code.rawValue)
    }

    /// Names a command that there isn't; the parser speaks of arguments then.
    private static func mistyped(_ error: any Error) -> ClientError? {
        let words = Array(CommandLine.arguments.dropFirst())
        // For help on one the parser shows the help of what is above it, as if that had been asked for.
        guard exitCode(for: error) == .validationFailure || words.first == "help" else { return nil }
        return CommandTree.mistake(in: words).map { .usage($0) }
    }

    /// What is shown for a failure; `nil` for what the argument parser shows itself.
    static func explained(_ error: any Error) -> ClientError? {
        switch error {
        case let error as ClientError: error
        case let failure as NodeFailure: NodeFailure.error([failure])
        case let error as SecurityDomainError: .refused("\(error).")
        case let error as CeremonyRefusal: .refused("\(error).")
        case let error as CryptoError: .refused("\(error).")
        case is CancellationError: .refused("interrupted")
        default: nil
        }
    }
}
