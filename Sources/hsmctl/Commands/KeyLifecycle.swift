import ArgumentParser
import Foundation
import NIOHTTP1
import StrictJSON

extension KeyCommands {
    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes a key's attributes; what isn't named stays.",
            discussion: """
                Only 'import' can neither be given to a key nor be taken from one.

                Example: hsmctl key update invoices --enabled false --tags owner=billing stage=test
                """,
            aliases: ["set-attributes"])
        @OptionGroup var key: KeyArgument
        @Option(
            name: .long, help: ArgumentHelp("true or false.", valueName: "flag"), completion: .list(["true", "false"]))
        var enabled: Bool?
        @OptionGroup var operations: KeyOperationOptions
        @OptionGroup(title: "Release") var export: ExportOptions
        @OptionGroup(title: "Attributes") var attributes: KeyAttributeOptions
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func validate() throws {
            guard enabled != nil || !attributes.isEmpty || !operations.operations.isEmpty || !export.isEmpty
            else {
                throw ValidationError(
                    "Name what to change: --enabled, --expires, --not-before, --tags, --ops or --release-policy.")
            }
        }

        func run() async throws {
            let policy = try export.read()
            try await PoolClient.with(connection) { client in
                let bundle = try await client.send(.PATCH, key.path) { writer in
                    operations.write(&writer)
                    policy?.write(&writer)
                    attributes.write(enabled: enabled, &writer)
                }.body
                output.print(bundle) { KeyTable.bundles([bundle]) }
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deletes a key with all its versions; it can be recovered until it is purged.",
            discussion: "Example: hsmctl key delete invoices")
        @OptionGroup var key: KeyNameArgument
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let bundle = try await client.send(.DELETE, key.path, isRepeatable: false).body
                output.print(bundle) { KeyTable.deleted([bundle]) }
            }
        }
    }

    struct ListDeleted: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the deleted keys that can be recovered.", discussion: "Example: hsmctl key list-deleted")
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let keys = try await client.list("/deletedkeys")
                output.print(keys) { KeyTable.deleted(keys) }
            }
        }
    }

    struct ShowDeleted: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a deleted key.", discussion: "Example: hsmctl key show-deleted invoices")
        @OptionGroup var key: KeyNameArgument
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let bundle = try await client.send(.GET, key.deletedPath).body
                output.print(bundle) { KeyTable.deleted([bundle]) }
            }
        }
    }

    struct Recover: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a deleted key back into use.", discussion: "Example: hsmctl key recover invoices")
        @OptionGroup var key: KeyNameArgument
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let bundle = try await client.send(.POST, key.deletedPath + "/recover", isRepeatable: false).body
                output.print(bundle) { KeyTable.bundles([bundle]) }
            }
        }
    }

    struct Purge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Destroys a deleted key for good.",
            discussion: """
                Nothing brings a purged key back. At a terminal the key's name is asked for once more, unless --yes \
                is given.

                Example: hsmctl key purge invoices --yes
                """)
        @OptionGroup var key: KeyNameArgument
        @Flag(name: [.long, .customShort("y")], help: "Don't ask.") var yes = false
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            if !yes {
                try Confirmation.require(
                    key.name, before: "This destroys all versions of the key for good.",
                    otherwise: "Nothing was purged.")
            }
            try await PoolClient.with(connection) { client in
                _ = try await client.send(.DELETE, key.deletedPath, isRepeatable: false)
                output.print(
                    .make {
                        $0.member("name", key.name)
                        $0.member("purged", true)
                    }, text: "\(key.name) is purged")
            }
        }
    }
}
