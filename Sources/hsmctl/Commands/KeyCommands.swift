import ArgumentParser
import CryptographicModule
import Foundation
import NIOHTTP1
import StrictJSON

struct KeyCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Makes and uses keys.",
        subcommands: [
            Create.self, List.self, Versions.self, Show.self, Update.self, Delete.self, ListDeleted.self,
            ShowDeleted.self, Recover.self, Purge.self, Sign.self, Verify.self, RandomBytes.self,
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
            help: ArgumentHelp("RSA-HSM or EC-HSM.", valueName: "type"), completion: .list(["RSA-HSM", "EC-HSM"]))
        var type: String
        @Option(
            name: .long, help: ArgumentHelp("RSA: 2048, 3072 or 4096.", valueName: "bits"),
            completion: .list(["2048", "3072", "4096"]))
        var size: Int?
        @Option(
            name: .long, help: ArgumentHelp("EC: P-256, P-384, P-521 or P-256K.", valueName: "curve"),
            completion: .list(["P-256", "P-384", "P-521", "P-256K"]))
        var curve: String?
        @Option(
            name: [.customLong("ops"), .customLong("operation")], parsing: .upToNextOption,
            help: ArgumentHelp(
                "The permitted operations. All by default; they can't be changed.", valueName: "operation"),
            completion: .list(["sign", "verify", "encrypt", "decrypt", "wrapKey", "unwrapKey"]))
        var operations: [String] = []
        @Flag(name: .long, help: "Make it disabled.") var disabled = false
        @OptionGroup(title: "Attributes") var attributes: KeyAttributeOptions
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let bundle = try await client.send(.POST, key.path + "/create", isRepeatable: false) { writer in
                    writer.member("kty", type)
                    if let size { writer.member("key_size", size) }
                    if let curve { writer.member("crv", curve) }
                    if !operations.isEmpty { writer.member("key_ops", array: operations) }
                    attributes.write(enabled: disabled ? false : nil, &writer)
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
                guard pem else { return output.print(bundle) { KeyTable.bundles([bundle]) } }
                let der = try Self.publicKey(bundle).spkiDER()
                let text = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
                print("-----BEGIN PUBLIC KEY-----\n\(text)\n-----END PUBLIC KEY-----")
            }
        }

        static func publicKey(_ bundle: JSONObject) throws -> PublicKey {
            let key = bundle.object("key")
            func bytes(_ name: String) -> [UInt8]? { key?.text(name).flatMap { Base64URL.decode($0) } }
            if let n = bytes("n"), let e = bytes("e") { return .rsa(n: n, e: e) }
            guard let curve = key?.text("crv").flatMap({ EllipticCurve(jsonName: $0) }), let x = bytes("x"),
                let y = bytes("y")
            else {
                throw ClientError.refused("The key has no public half.")
            }
            return .ec(curve, x: x, y: y)
        }
    }
}
