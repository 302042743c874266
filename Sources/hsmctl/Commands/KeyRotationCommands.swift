import ArgumentParser
import NIOHTTP1
import StrictJSON

extension KeyCommands {
    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes the next version of a key now, by its rotation policy.",
            discussion: """
                The new version has the kind, operations and tags of the latest. Former versions stay usable by name \
                and version.

                Example: hsmctl key rotate invoices
                """)
        @OptionGroup var key: KeyNameArgument
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let bundle = try await client.send(.POST, key.path + "/rotate", isRepeatable: false).body
                output.print(bundle) { KeyTable.bundles([bundle]) }
            }
        }
    }

    struct RotationPolicy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotation-policy", abstract: "Says when the pool rotates a key by itself.",
            subcommands: [Show.self, Set.self, Remove.self])

        struct Show: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Shows a key's rotation policy.",
                discussion: "Example: hsmctl key rotation-policy show invoices")
            @OptionGroup var key: KeyNameArgument
            @OptionGroup(title: "Output") var output: OutputOptions
            @OptionGroup(title: "Connection") var connection: ConnectionOptions

            func run() async throws {
                try await PoolClient.with(connection) { client in
                    let policy = try await client.send(.GET, key.path + "/rotationpolicy").body
                    output.print(policy) { RotationPolicy.table(policy) }
                }
            }
        }

        struct Set: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Sets a key's rotation policy; it replaces a former one.",
                discussion: """
                    Durations are those of ISO 8601: P90D, P3M, P1Y. Each must be 28 days or more, and a version must \
                    be 28 days old before it is replaced.

                    Example: hsmctl key rotation-policy set invoices --expires-in P1Y --rotate-before-expiry P30D
                    """)
            @OptionGroup var key: KeyNameArgument
            @Option(
                name: .long, help: ArgumentHelp("How long each new version is valid.", valueName: "duration"))
            var expiresIn: String?
            @Option(
                name: .long,
                help: ArgumentHelp("Rotate when the latest version is so old.", valueName: "duration"))
            var rotateAfter: String?
            @Option(
                name: .long,
                help: ArgumentHelp("Rotate so long before the latest version expires.", valueName: "duration"))
            var rotateBeforeExpiry: String?
            @OptionGroup(title: "Output") var output: OutputOptions
            @OptionGroup(title: "Connection") var connection: ConnectionOptions

            func validate() throws {
                guard expiresIn != nil || rotateAfter != nil || rotateBeforeExpiry != nil else {
                    throw ValidationError("Give --expires-in, --rotate-after or --rotate-before-expiry.")
                }
                guard rotateAfter == nil || rotateBeforeExpiry == nil else {
                    throw ValidationError("Give --rotate-after or --rotate-before-expiry, not both.")
                }
            }

            func run() async throws {
                try await PoolClient.with(connection) { client in
                    let policy = try await client.send(.PUT, key.path + "/rotationpolicy", body: write).body
                    output.print(policy) { RotationPolicy.table(policy) }
                }
            }

            private func write(_ writer: inout JSONWriter) {
                writer.member("lifetimeActions") { writer in
                    writer.array { writer in
                        guard rotateAfter != nil || rotateBeforeExpiry != nil else { return }
                        writer.object { writer in
                            writer.member("trigger") { writer in
                                writer.object { writer in
                                    if let rotateAfter { writer.member("timeAfterCreate", rotateAfter) }
                                    if let rotateBeforeExpiry { writer.member("timeBeforeExpiry", rotateBeforeExpiry) }
                                }
                            }
                            writer.member("action") { $0.object { $0.member("type", "Rotate") } }
                        }
                    }
                }
                writer.member("attributes") { writer in
                    writer.object { writer in
                        if let expiresIn { writer.member("expiryTime", expiresIn) }
                    }
                }
            }
        }

        struct Remove: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Removes a key's rotation policy: it is no longer rotated.",
                discussion: "Example: hsmctl key rotation-policy remove invoices")
            @OptionGroup var key: KeyNameArgument
            @OptionGroup(title: "Output") var output: OutputOptions
            @OptionGroup(title: "Connection") var connection: ConnectionOptions

            func run() async throws {
                try await PoolClient.with(connection) { client in
                    let policy = try await client.send(.PUT, key.path + "/rotationpolicy") { writer in
                        writer.member("lifetimeActions") { $0.array { _ in } }
                        writer.member("attributes") { $0.object { _ in } }
                    }.body
                    output.print(policy) { RotationPolicy.table(policy) }
                }
            }
        }

        static func table(_ policy: JSONObject) -> Table {
            let trigger = policy.objects("lifetimeActions").first?.object("trigger")
            let rotation =
                trigger?.text("timeAfterCreate").map { "\($0) after creation" }
                ?? trigger?.text("timeBeforeExpiry").map { "\($0) before expiry" }
            var table = Table("ROTATES", "NEW VERSIONS EXPIRE AFTER", "CHANGED")
            let attributes = policy.object("attributes")
            table.row(
                rotation ?? "never by itself", attributes?.text("expiryTime") ?? "-",
                Moment.text(attributes?.number("updated")))
            return table
        }
    }
}
