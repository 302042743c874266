import ArgumentParser
import CryptographicModule
import Foundation
import NIOHTTP1
import StrictJSON

struct SecurityDomainCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "security-domain",
        abstract: "Delivers the pool's root to its officers, and takes it back from them.",
        subcommands: [Download.self, Upload.self, ReshareCommands.self])

    struct Download: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Splits the security domain among officers and activates the pool.",
            discussion: """
                Give each officer the file that this writes; it opens only with the private keys of enough of them. \
                Until the pool is activated the same command, with the same certificates and quorum, can be repeated.

                Example: hsmctl security-domain download --required 2 --officer officer-1.crt --officer officer-2.crt \
                --officer officer-3.crt --out security-domain.json
                """)
        @Option(
            name: [.customLong("officer"), .customLong("sd-wrapping-keys")], parsing: .upToNextOption,
            help: ArgumentHelp("An officer's RSA certificate (PEM); 3 to 10 of them.", valueName: "file"),
            completion: .file())
        var officers: [String]
        @Option(
            name: [.customLong("required"), .customLong("sd-quorum")],
            help: ArgumentHelp("How many officers can open the pool together.", valueName: "number"))
        var required = 2
        @Option(
            name: [.customLong("out"), .customLong("security-domain-file")],
            help: ArgumentHelp("New file for the security domain.", valueName: "file"), completion: .file())
        var file: String
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            let certificates = try officers.map { try Files.officerCertificate($0) }
            var domain = try SecretFile(creating: file)
            let text = try await PoolClient.with(connection) { client in
                // What a first node has begun may come behind a second one's: this file would be confirmed, and open
                // nothing.
                try await client.send(.POST, "/securitydomain/download", isRepeatable: false) { writer in
                    Self.write(certificates, required: required, &writer)
                }.body.text("value")
            }
            guard let text else { throw ClientError.refused("The answer holds no file.") }
            do {
                try domain.store(Array(text.utf8))
            } catch {
                throw ClientError.unreadable(
                    "\(error) The pool isn't activated: repeat the command with another --out, with the same officers "
                        + "and the same quorum.")
            }
            let status = try await confirm()
            let result = JSONObject.make { writer in
                writer.member("file", file)
                writer.member("officers", officers.count)
                writer.member("required", required)
                writer.member("status", status)
            }
            output.print(result, text: "\(file) written; status: \(status)")
        }

        /// Asking for the status confirms the delivery: the pool is active from then on.
        private func confirm() async throws -> String {
            do {
                return try await PoolClient.with(connection) { client in
                    try await client.send(.GET, "/securitydomain/download/pending").body.text("status") ?? "unknown"
                }
            } catch {
                let cause = HSMControl.explained(error)?.message ?? "\(error)"
                throw ClientError.unavailable(
                    "\(file) is written, but whether its receipt was confirmed isn't known: \(cause)\n"
                        + "        Look at PHASE in 'hsmctl pool status'. 'activated': it was, and the file is good. "
                        + "'activating': move the file away and repeat the command, with the same officers and quorum.")
            }
        }

        /// Officers and their quorum, as the protocol has them.
        /// - Parameter required: nil leaves the quorum to the pool.
        static func write(_ certificates: [X509Certificate], required: Int?, _ writer: inout JSONWriter) {
            writer.member("certificates") { writer in
                writer.array { writer in for one in certificates { write(one, &writer) } }
            }
            if let required { writer.member("required", required) }
        }

        private static func write(_ certificate: X509Certificate, _ writer: inout JSONWriter) {
            writer.object { writer in
                if case .rsa(let n, let e)? = certificate.publicKey {
                    writer.member("kty", "RSA")
                    writer.member("n", Base64URL.encode(n))
                    writer.member("e", Base64URL.encode(e))
                }
                writer.member("alg", "RSA-OAEP-256")
                writer.member("key_ops", array: ["verify", "encrypt", "wrapKey"])
                writer.member("x5c", array: [Data(certificate.der).base64EncodedString()])
                writer.member("x5t#S256", Base64URL.encode(Digest.sha256(certificate.der)))
            }
        }
    }
}
