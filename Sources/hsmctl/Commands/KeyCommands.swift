import ArgumentParser
import NIOHTTP1
import StrictJSON

struct KeyCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Makes and uses keys.",
        discussion: """
            KEY is NAME, NAME/VERSION or a key identifier; without a version the latest is meant. Files are read and \
            written as they are; - is standard input or output.
            """,
        subcommands: [
            Create.self, Import.self, List.self, Versions.self, Show.self, Download.self, Update.self, Rotate.self,
            RotationPolicy.self, Attest.self, Release.self, Sign.self, SignMany.self,
            Verify.self, Encrypt.self, Decrypt.self, Wrap.self, Unwrap.self,
            RandomBytes.self, Backup.self, Restore.self, Delete.self, ListDeleted.self, ShowDeleted.self, Recover.self,
            Purge.self,
        ])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a key, or a new version of one.",
            discussion: """
                Example: hsmctl key create invoices --type EC-HSM --curve P-256 --ops sign verify --expires 2027-01-31
                """)
        @OptionGroup var key: KeyNameArgument
        @Option(
            name: [.customLong("type"), .customLong("kty")],
            help: ArgumentHelp("RSA-HSM, EC-HSM, oct-HSM or OKP-HSM (Ed25519).", valueName: "type"),
            completion: .list(["RSA-HSM", "EC-HSM", "oct-HSM", "OKP-HSM"]))
        var type: String
        @Option(
            name: .long,
            help: ArgumentHelp(
                "RSA: 2048 (default), 3072, 4096. Symmetric: 128, 192, 256 (default).", valueName: "bits"),
            completion: .list(["2048", "3072", "4096", "128", "192", "256"]))
        var size: Int?
        @Option(
            name: .long,
            help: ArgumentHelp(
                "RSA: public exponent, odd and at least 65537, which is the default.", valueName: "number"))
        var exponent: Int64?
        @Option(
            name: .long, help: ArgumentHelp("EC: P-256 (default), P-384, P-521 or P-256K.", valueName: "curve"),
            completion: .list(["P-256", "P-384", "P-521", "P-256K"]))
        var curve: String?
        @OptionGroup var operations: KeyOperationOptions
        @OptionGroup(title: "Release") var export: ExportOptions
        @Flag(name: .long, help: "Make it disabled.") var disabled = false
        @OptionGroup(title: "Attributes") var attributes: KeyAttributeOptions
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            let policy = try export.read()
            try await PoolClient.with(connection) { client in
                let bundle = try await client.send(.POST, key.path + "/create", isRepeatable: false) { writer in
                    writer.member("kty", type)
                    if let size { writer.member("key_size", size) }
                    if let curve { writer.member("crv", curve) }
                    if let exponent { writer.member("public_exponent", exponent) }
                    operations.write(&writer)
                    policy?.write(&writer)
                    attributes.write(enabled: disabled ? false : nil, exportable: policy.map { _ in true }, &writer)
                }.body
                output.print(bundle) { KeyTable.bundles([bundle]) }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the keys.", discussion: "Example: hsmctl key list --json")
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let keys = try await client.list("/keys")
                output.print(keys) { KeyTable.items(keys) }
            }
        }
    }

    struct Versions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "versions", abstract: "Lists the versions of a key.",
            discussion: """
                A name without a key has no versions: the list is empty.

                Example: hsmctl key versions invoices
                """,
            aliases: ["list-versions"])
        @OptionGroup var key: KeyNameArgument
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let versions = try await client.list(key.path + "/versions")
                output.print(versions) { KeyTable.items(versions) }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a key's public half and attributes.",
            discussion: "Example: hsmctl key show invoices --pem > invoices.pem")
        @OptionGroup var key: KeyArgument
        @Flag(name: .long, help: "Print the public key as PEM.") var pem = false
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let bundle = try await client.send(.GET, key.path).body
                guard pem else { return output.print(bundle) { KeyTable.details(bundle) } }
                try Files.write(try PublicKeyForm.pem.bytes(bundle), to: "-")
            }
        }
    }
}
