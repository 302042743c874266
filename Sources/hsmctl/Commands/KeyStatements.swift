import ArgumentParser
import Attestation
import CryptographicModule
import Foundation
import NIOHTTP1
import StrictJSON

/// What the pool says of a key, and how a key leaves it.
extension KeyCommands {
    struct Attest: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gets the pool's signed statement of a key, or verifies one.",
            discussion: """
                With --verify the statement is checked against the pool's identity, which --identity names: the \
                SHA-256 of its identity key, learnt once over a trusted connection, from the member \
                identityKeySha256 of 'hsmctl pool status --json'. With --file a statement that was kept is checked, \
                without a pool. Exit code 1 says that it isn't believed. The statement is the pool's own: no maker of \
                hardware vouches for it.

                Example: hsmctl key attest invoices --verify --nonce today --identity \
                0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
                """)
        @Argument(help: ArgumentHelp("NAME, NAME/VERSION or a key identifier; not with --file.", valueName: "key"))
        var key: String?
        @Flag(name: .long, help: "Check the statement and print what it says.") var verify = false
        @Option(
            name: .long,
            help: ArgumentHelp("SHA-256 of the pool's identity key, 64 hexadecimal digits.", valueName: "digest"))
        var identity: String?
        @Option(
            name: .long, help: ArgumentHelp("Goes into the statement, as a proof that it is fresh.", valueName: "text"))
        var nonce: String?
        @Option(
            name: .long, help: ArgumentHelp("Verify this statement instead of getting one.", valueName: "file"),
            completion: .file())
        var file: String?
        @OptionGroup var out: OutputFile
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func validate() throws {
            guard (key == nil) != (file == nil) else { throw ValidationError("Name a key, or a file with --file.") }
            if let key, KeyReference.parse(key) == nil {
                throw ValidationError("'\(key)' isn't NAME, NAME/VERSION or a key identifier.")
            }
            guard !verify || identity != nil else {
                throw ValidationError("--verify needs --identity: without it any pool's statement would be believed.")
            }
            guard verify || file == nil else { throw ValidationError("--file goes with --verify.") }
            guard identity.map({ Hexadecimal.decode($0)?.count == 32 }) ?? true else {
                throw ValidationError("--identity has 64 hexadecimal digits.")
            }
        }

        func run() async throws {
            let answer: [UInt8]
            if let file {
                answer = try Files.read(file)
            } else {
                answer = try await fetch()
            }
            guard verify else { return try Files.write(answer + [UInt8(ascii: "\n")], to: out.path) }
            if out.path != "-" { try Files.write(answer + [UInt8(ascii: "\n")], to: out.path) }
            try show(answer)
        }

        private func fetch() async throws -> [UInt8] {
            let path = "/keys/" + (key.flatMap(KeyReference.parse) ?? "")
            return try await PoolClient.with(connection) { client in
                let bundle = try await client.send(
                    .GET, path + "/attestation", query: nonce.map { [("nonce", $0)] } ?? []
                ).body
                var writer = JSONWriter()
                writer.value(.object(bundle))
                return writer.bytes
            }
        }

        private func show(_ answer: [UInt8]) throws {
            do throws(AttestationRefusal) {
                let verifier = AttestationVerifier(identityDigest: identity.flatMap(Hexadecimal.decode) ?? [])
                let statement = try verifier.verify(try KeyAttestation(keyBundle: answer), nonce: nonce)
                output.print(Self.described(statement)) { .fields(Self.described(statement)) }
            } catch {
                throw ClientError.refused("\(error)")
            }
        }

        private static func described(_ statement: KeyStatement) -> JSONObject {
            .make { writer in
                writer.member("key", statement.keyIdentifier)
                writer.member("type", statement.header.keyType)
                writer.member("bits", statement.header.bits)
                writer.member("operations", statement.header.operations.joined(separator: " "))
                writer.member("origin", statement.origin.rawValue)
                writer.member("exportable", statement.header.isExportable)
                writer.member("created", statement.header.createdAt)
                writer.member("pool", statement.poolName)
                writer.member("node", statement.node)
                writer.member("software", statement.softwareVersion)
                writer.member("stated", Moment.text(statement.issuedAt))
                if let nonce = statement.nonce { writer.member("nonce", nonce) }
            }
        }
    }

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Releases an exportable key to an environment that fulfils its release policy.",
            discussion: """
                The target's assertion is a JWT of an authority that the pool knows. The result is a compact JWS \
                around the key, which is encrypted to the environment: nobody else can open it.

                Example: hsmctl key release transport --target assertion.jwt --out transport.jws
                """)
        @OptionGroup var key: KeyArgument
        @Option(
            name: .long, help: ArgumentHelp("The environment's assertion; - is standard input.", valueName: "file"),
            completion: .file())
        var target: String
        @Option(
            name: .customLong("enc"),
            help: ArgumentHelp("How the key is wrapped; CKM_RSA_AES_KEY_WRAP by default.", valueName: "algorithm"),
            completion: .list(ReleaseWrapping.allCases.map(\.rawValue)))
        var wrapping: String?
        @Option(name: .long, help: ArgumentHelp("Repeated in the result.", valueName: "text")) var nonce: String?
        @OptionGroup var out: OutputFile
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func validate() throws {
            if let wrapping { try AlgorithmName.check(wrapping, ReleaseWrapping.allCases.map(\.rawValue)) }
        }

        func run() async throws {
            let assertion = String(decoding: try Files.read(target), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            try await PoolClient.with(connection) { client in
                let answer = try await client.send(.POST, key.path + "/release") { writer in
                    writer.member("target", assertion)
                    if let nonce { writer.member("nonce", nonce) }
                    if let wrapping { writer.member("enc", wrapping) }
                }.body
                guard let text = answer.text("value") else { throw ClientError.refused("The answer holds no key.") }
                try Files.write(Array((text + "\n").utf8), to: out.path)
            }
        }
    }

    struct SignMany: AsyncParsableCommand {
        /// As many values as one request takes.
        static let batch = 256

        static let configuration = CommandConfiguration(
            commandName: "sign-many",
            abstract: "Signs many files with few requests: each signature goes to FILE.sig.",
            discussion: """
                Each file is signed as by 'sign'. That one is refused doesn't hold up the others; exit code 1 says \
                that some were. A request holds 256 files and 64 KiB; where the algorithm takes no digest the files \
                themselves have to fit.

                Example: hsmctl key sign-many invoices --algorithm ES256 one.pdf two.pdf three.pdf
                """)
        @Argument(help: ArgumentHelp("NAME, NAME/VERSION or a key identifier.", valueName: "key")) var key: String
        @Argument(help: ArgumentHelp("The files to sign.", valueName: "file"), completion: .file())
        var files: [String]
        @Option(
            name: [.long, .customShort("a")], help: ArgumentHelp("As for 'sign'.", valueName: "algorithm"),
            completion: .list(SigningOptions.algorithms))
        var algorithm: String
        @Option(
            name: .long, help: ArgumentHelp("Form of an ECDSA signature: raw or der.", valueName: "format"),
            completion: .list(SignatureFormat.allCases.map(\.rawValue)))
        var format: SignatureFormat = .raw
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func validate() throws {
            guard KeyReference.parse(key) != nil else {
                throw ValidationError("'\(key)' isn't NAME, NAME/VERSION or a key identifier.")
            }
            try AlgorithmName.check(algorithm, SigningOptions.algorithms)
        }

        func run() async throws {
            let values = try files.map { try SigningOptions.submission(of: $0, algorithm, isDigest: false) }
            let path = "/quorate/v1/keys/" + (KeyReference.parse(key) ?? "") + "/sign"
            try await PoolClient.with(connection) { client in
                var refused = 0
                for start in stride(from: 0, to: files.count, by: Self.batch) {
                    let range = start..<min(start + Self.batch, files.count)
                    let results = try await client.send(.POST, path) { writer in
                        writer.member("alg", algorithm)
                        writer.member("values", array: values[range].map { Base64URL.encode($0) })
                    }.body.objects("results")
                    guard results.count == range.count else {
                        throw ClientError.refused("The answer doesn't hold a result for each file.")
                    }
                    for (index, result) in zip(range, results) {
                        if try !store(result, files[index]) { refused += 1 }
                    }
                }
                guard refused == 0 else { throw ClientError.refused("\(refused) of \(files.count) were not signed.") }
            }
        }

        /// Whether there is a signature.
        private func store(_ result: JSONObject, _ file: String) throws -> Bool {
            guard result.text("value") != nil else {
                Terminal.note("\(file): \(result.object("error")?.text("message") ?? "no signature")")
                return false
            }
            let signature = try OperationAnswer.value(result)
            let isDER = format == .der && algorithm.hasPrefix("ES")
            try Files.write(isDER ? ECDSAForm.der(signature) : signature, to: file + ".sig")
            return true
        }
    }
}
