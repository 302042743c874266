import ArgumentParser
import CryptographicModule
import Foundation
import NIOHTTP1
import StrictJSON

/// Keys into the pool and out of it: import, public halves, backups.
extension KeyCommands {
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Imports a key that was made elsewhere, as a new key or a new version.",
            discussion: """
                The file holds a private key as PEM, DER (PKCS#8, or the older RSA and EC forms) or JWK, or a \
                symmetric key as raw bytes or JWK. An encrypted PEM is asked for its pass phrase. The file has to be \
                yours, and closed to group and others. Whoever has had it has the key: destroy it afterwards. With \
                --byok the file is a transfer blob instead: the key, wrapped elsewhere for a key of this pool whose \
                only operation is import.

                Example: hsmctl key import invoices --file invoices.key --ops sign verify
                """)
        @OptionGroup var key: KeyNameArgument
        @Option(
            name: .long, help: ArgumentHelp("The key; - is standard input.", valueName: "file"), completion: .file())
        var file: String
        @Option(
            name: .long,
            help: ArgumentHelp(
                "pem, der, jwk or raw; raw must be named. (default: told by the file)", valueName: "form"),
            completion: .list(PrivateKeyForm.allCases.map(\.rawValue)))
        var format: PrivateKeyForm?
        @Flag(name: .long, help: "The file is a transfer blob (.byok); say the key's type with --type.")
        var byok = false
        @Option(
            name: [.customLong("type"), .customLong("kty")],
            help: ArgumentHelp("With --byok: RSA-HSM, EC-HSM or oct-HSM.", valueName: "type"),
            completion: .list(["RSA-HSM", "EC-HSM", "oct-HSM"]))
        var type: String?
        @Option(
            name: .long, help: ArgumentHelp("With --byok, of an EC key: its curve.", valueName: "curve"),
            completion: .list(["P-256", "P-384", "P-521", "P-256K"]))
        var curve: String?
        @OptionGroup var operations: KeyOperationOptions
        @OptionGroup(title: "Release") var export: ExportOptions
        @Flag(name: .long, help: "Import it disabled.") var disabled = false
        @OptionGroup(title: "Attributes") var attributes: KeyAttributeOptions
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func validate() throws {
            guard byok == (type != nil) else { throw ValidationError("--byok and --type go together.") }
            guard byok || curve == nil else { throw ValidationError("--curve goes with --byok.") }
            guard !byok || format == nil else { throw ValidationError("--byok and --format exclude each other.") }
        }

        /// The members of the request's `key`.
        private func members() throws -> [(name: String, value: String)] {
            if byok, let type {
                let head = [("kty", type)] + (curve.map { [("crv", $0)] } ?? [])
                return head + [("key_hsm", Base64URL.encode(try Files.read(file)))]
            }
            let content = try Files.secret(file)
            guard let form = format == nil ? PrivateKeyForm.told(by: content) : format else {
                throw ClientError.usage("\(file) is neither PEM, DER nor JWK. Is it a symmetric key? Add --format raw.")
            }
            return try form.members(content, file: file)
        }

        func run() async throws {
            let (members, policy) = (try members(), try export.read())
            try await PoolClient.with(connection) { client in
                let bundle = try await client.send(.PUT, key.path, isRepeatable: false) { writer in
                    writer.member("key") { writer in
                        writer.object { writer in
                            for member in members { writer.member(member.name, member.value) }
                            operations.write(&writer)
                        }
                    }
                    policy?.write(&writer)
                    attributes.write(enabled: disabled ? false : nil, exportable: policy.map { _ in true }, &writer)
                }.body
                output.print(bundle) { KeyTable.bundles([bundle]) }
            }
        }
    }

    struct Download: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes a key's public half to a file.",
            discussion: "Example: hsmctl key download invoices --format der --out invoices.der")
        @OptionGroup var key: KeyArgument
        @Option(
            name: .long, help: ArgumentHelp("pem, der or jwk.", valueName: "form"),
            completion: .list(PublicKeyForm.allCases.map(\.rawValue)))
        var format: PublicKeyForm = .pem
        @OptionGroup var out: OutputFile
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let bundle = try await client.send(.GET, key.path).body
                try Files.write(try format.bytes(bundle), to: out.path)
            }
        }
    }

    struct Backup: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Backs a key up, with all its versions, attributes and rotation policy.",
            discussion: """
                The backup is sealed: only pools of the same security domain can restore it. A key that is deleted and \
                purged lives on in its backups.

                Example: hsmctl key backup invoices --out invoices.backup
                """)
        @OptionGroup var key: KeyNameArgument
        @OptionGroup var out: OutputFile
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let answer = try await client.send(.POST, key.path + "/backup").body
                guard let bytes = answer.text("value").flatMap({ Base64URL.decode($0) }) else {
                    throw ClientError.refused("The answer holds no backup.")
                }
                try Files.write(bytes, to: out.path)
            }
        }
    }

    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Restores a key from its backup, under its old name and versions.",
            discussion: """
                Its name must be free: neither a key nor a deleted one may have it.

                Example: hsmctl key restore --file invoices.backup
                """)
        @Option(
            name: .long, help: ArgumentHelp("The backup; - is standard input.", valueName: "file"), completion: .file())
        var file: String
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            let bytes = try Files.read(file)
            try await PoolClient.with(connection) { client in
                let bundle = try await client.send(.POST, "/keys/restore", isRepeatable: false) {
                    $0.member("value", Base64URL.encode(bytes))
                }.body
                output.print(bundle) { KeyTable.bundles([bundle]) }
            }
        }
    }
}

/// Where a command's result goes.
struct OutputFile: ParsableArguments {
    @Option(
        name: .customLong("out"),
        help: ArgumentHelp("Where the result goes; - is standard output.", valueName: "file"), completion: .file())
    var path = "-"
}

/// Whether, and to whom, a key may leave the pool.
struct ExportOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "File of a release policy (JSON): the key is exportable to environments that fulfil it.",
            valueName: "file"),
        completion: .file())
    var releasePolicy: String?

    @Flag(name: .customLong("immutable"), help: "The release policy can never be changed.") var isImmutable = false

    var isEmpty: Bool { releasePolicy == nil }

    struct Policy {
        let data: [UInt8]
        let isImmutable: Bool

        func write(_ writer: inout JSONWriter) {
            writer.member("release_policy") { writer in
                writer.object { writer in
                    writer.member("data", Base64URL.encode(data))
                    writer.member("immutable", isImmutable)
                }
            }
        }
    }

    func validate() throws {
        guard releasePolicy != nil || !isImmutable else { throw ValidationError("--immutable needs --release-policy.") }
    }

    func read() throws -> Policy? {
        try releasePolicy.map { Policy(data: try Files.read($0), isImmutable: isImmutable) }
    }
}

/// What a key may do.
struct KeyOperationOptions: ParsableArguments {
    static let all = ["sign", "verify", "encrypt", "decrypt", "wrapKey", "unwrapKey", "import", "export"]

    @Option(
        name: [.customLong("ops"), .customLong("operation")], parsing: .upToNextOption,
        help: ArgumentHelp(
            "The permitted operations: \(KeyOperationOptions.all.joined(separator: ", ")).",
            discussion: "Without it a new key may do all that its type can.", valueName: "operation"),
        completion: .list(KeyOperationOptions.all))
    var operations: [String] = []

    func validate() throws {
        for operation in operations where !Self.all.contains(operation) {
            throw ValidationError(
                "'\(operation)' isn't an operation; these are: \(Self.all.joined(separator: ", ")).")
        }
    }

    func write(_ writer: inout JSONWriter) {
        if !operations.isEmpty { writer.member("key_ops", array: operations) }
    }
}
