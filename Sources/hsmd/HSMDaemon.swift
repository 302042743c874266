import ArgumentParser
import CryptographicModule
import Foundation
import HSMService
import HardwareTokens
import Logging
import ServiceLifecycle
import UnixSignals

@main
struct Program {
    static func main() async {
        // This program is its own helper: what a token's module does, it does in a process without the node's keys.
        if CommandLine.arguments.dropFirst().first == PKCS11Helper.argument { exit(PKCS11Helper.run()) }
        await HSMDaemon.main()
    }
}

/// The daemon: one node of a pool.
struct HSMDaemon: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hsmd",
        abstract: "Runs one node of a Quorate pool.",
        discussion: """
            A node starts sealed. A peer that is unsealed unseals it; where there is none, a quorum of officers does, \
            with 'hsmctl unseal', or the node's token. The first node of a new pool is started once with --initialize.

            Exit codes: 0 stopped as asked, 64 wrong usage, 69 no member could be asked to let the node join, 71 the \
            system refused, 74 the disk failed, 75 to be started again, 77 removed from the pool, 78 bad configuration \
            or a program too old for the pool.
            """,
        version: NodeService.version)

    @Option(name: .long, help: "The node's configuration file.")
    var config: String

    @Option(name: .long, help: "Make a new pool from this file. Only on an empty data folder, on one node, once.")
    var initialize: String?

    @Option(name: .long, help: "Join a pool by this file of 'hsmctl node add'. Only with an empty data folder.")
    var join: String?

    @Flag(name: .long, help: "Check the configuration and exit.")
    var check = false

    @Flag(name: .long, help: "Make the key of 'auto_unseal', on the node's token or in its file, and exit.")
    var makeTokenKey = false

    @Flag(name: .long, help: "Run even where memory for keys can't be locked. Not for keys that matter.")
    var allowUnlocked = false

    func run() async throws {
        let configuration: NodeConfiguration
        let initialization: PoolInitialization?
        let joinFile: JoinFile?
        do {
            configuration = try NodeConfiguration.load(file: config)
            initialization = try initialize.map { try PoolInitialization.load(file: $0) }
            joinFile = try join.map { try JoinFile.load(file: $0) }
            try initialization?.check(for: configuration)
        } catch let error as ConfigurationError {
            fail("\(error)", code: EX_CONFIG)
        }
        guard initialization == nil || joinFile == nil else {
            fail("--initialize makes a new pool, --join enters one that there is: use one of them", code: EX_USAGE)
        }
        guard !check else { return print("\(config) is good.") }
        umask(0o077)
        let level = Logger.Level(rawValue: configuration.logLevel) ?? .info
        let logger = Self.makeLogger(level)
        do {
            try ModuleSelfSetup.disableBacktraces()
            restoreProcessName()
            let protection = try ModuleSelfSetup.prepareProcess(allowUnlocked: allowUnlocked)
            logger.info(
                "process protected",
                metadata: [
                    "secureHeapLocked": "\(protection.secureHeapIsLocked)",
                    "allMemoryLocked": "\(protection.allMemoryIsLocked)", "openssl": "\(protection.openSSLVersion)",
                ])
            SwapWarning.log(protection, to: logger)
            OpenFiles.allow(connections: NodeService.mostConnections, logger: logger)
        } catch {
            fail("the process can't protect its keys: \(error)", code: EX_OSERR)
        }
        if makeTokenKey {
            do {
                return print(try TokenKeyMaking.run(configuration))
            } catch {
                fail("\(error)", code: error is ConfigurationError ? EX_CONFIG : EX_OSERR)
            }
        }
        let service = NodeService(
            configuration: configuration, initialization: initialization, join: joinFile, logger: logger)
        let group = ServiceGroup(
            services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        do {
            try await group.run()
            logger.notice("stopped as asked")
        } catch let failure as NodeFailure {
            fail("\(failure)", code: failure.exitCode)
        } catch {
            fail("the node can't run: \(error)", code: EX_OSERR)
        }
    }

    private static func makeLogger(_ level: Logger.Level) -> Logger {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "hsmd")
        logger.logLevel = level
        return logger
    }

    /// Starting over without backtraces goes through /proc/self/exe, which leaves "exe" as the name that `ps` and
    /// `pgrep` show.
    private func restoreProcessName() {
        guard let file = fopen("/proc/self/comm", "w") else { return }
        fputs("hsmd", file)
        fclose(file)
    }

    private func fail(_ message: String, code: Int32) -> Never {
        // Where it can't be said the code still is.
        let text = Array("hsmd: \(message)\n".utf8)
        _ = write(STDERR_FILENO, text, text.count)
        Foundation.exit(code)
    }
}
