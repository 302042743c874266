import ArgumentParser
import CryptographicModule
import Foundation
import NIOHTTP1
import SecurityDomain
import StrictJSON

struct SecurityDomainCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "security-domain", abstract: "Delivers the pool's root to its officers.",
        subcommands: [Download.self])

    struct Download: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Splits the security domain among officers and activates the pool.",
            discussion:
                "Give each officer the file that this writes; it opens only with the private keys of enough of them.")
        @OptionGroup var connection: ConnectionOptions
        @Option(
            name: .customLong("officer"), parsing: .singleValue,
            help: "An officer's RSA certificate (PEM); 3 to 10 of them.")
        var officers: [String]
        @Option(name: .long, help: "How many officers can open the pool together.") var required = 2
        @Option(name: .customLong("out"), help: "New file for the security domain.") var file: String

        func run() async throws {
            let certificates = try officers.map { path in
                do {
                    return try X509Certificate(pem: try Files.read(path))
                } catch let error as ClientError {
                    throw error
                } catch {
                    throw ClientError.usage("\(path) isn't a PEM certificate: \(error)")
                }
            }
            guard !FileManager.default.fileExists(atPath: file) else {
                throw ClientError.usage("\(file) exists already.")
            }
            try await PoolClient.with(connection) { client in
                let answer = try await client.send(.POST, "/securitydomain/download") { writer in
                    writer.member("certificates") { writer in
                        writer.array { writer in for one in certificates { write(one, &writer) } }
                    }
                    writer.member("required", required)
                }
                guard let value = answer.body.text("value") else {
                    throw ClientError.refused("The answer holds no file.")
                }
                try Files.writeSecret(Array(value.utf8), to: file)
                // Asking for the status confirms the delivery: the pool is active from then on.
                let status = try await client.send(.GET, "/securitydomain/download/pending").body.text("status")
                print("\(file) written; status: \(status ?? "unknown")")
            }
        }

        private func write(_ certificate: X509Certificate, _ writer: inout JSONWriter) {
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

struct UnsealCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unseal",
        abstract: "Opens a sealed node with officers' shares.",
        discussion: """
            Each officer runs this on the own machine with the own key; the node opens when enough shares are in. Peers of an open node \
            are unsealed by it. No credentials are needed.
            """)
    @OptionGroup var connection: ConnectionOptions
    @Option(name: .long, help: "The security domain file.") var securityDomain: String
    @Option(
        name: .customLong("officer"), parsing: .singleValue,
        help: "CERTIFICATE:KEY, the PEM files of one officer; repeat it where one person holds several.")
    var officers: [String]

    func run() async throws {
        try ModuleSelfSetup.startSecureHeap()
        let file = try Files.read(securityDomain)
        try await PoolClient.with(connection, authenticated: false) { client in
            let answer = try await client.send(.GET, "/quorate/v1/unseal")
            guard let text = answer.body.text("invitation"), let bytes = Base64URL.decode(text) else {
                throw ClientError.refused("The node's invitation is malformed.")
            }
            let invitation = try UnsealInvitation.decode(bytes)
            for officer in officers {
                let envelope = try seal(officer, file, invitation)
                let progress = try await client.send(.POST, "/quorate/v1/unseal/shares") {
                    $0.member("envelope", Base64URL.encode(envelope.encode()))
                }.body
                let state = progress.flag("unsealed") == true ? "unsealed" : "waiting for more"
                print("share \(progress.number("officers") ?? 0) of \(progress.number("required") ?? 0): \(state)")
            }
        }
    }

    private func seal(_ officer: String, _ file: [UInt8], _ invitation: UnsealInvitation) throws -> ShareEnvelope {
        let parts = officer.split(separator: ":").map(String.init)
        guard parts.count == 2 else { throw ClientError.usage("Write --officer CERTIFICATE:KEY.") }
        let key = try RSAPrivateKey(pem: try Secret(copying: try Files.read(parts[1]))) {
            try Passphrase.read(for: parts[1])
        }
        return try OfficerTool.seal(
            file: file, certificate: try Files.read(parts[0]), privateKey: key, invitation: invitation,
            nodeKeyDigest: nil,
            now: Int64(Date().timeIntervalSince1970))
    }
}

/// Asks the person at the terminal, without showing what is typed.
enum Passphrase {
    static func read(for file: String) throws -> Secret {
        var bytes = [UInt8](repeating: 0, count: 1024)
        defer { for index in bytes.indices { bytes[index] = 0 } }
        let length = readLine("Pass phrase of \(file): ", &bytes)
        guard length > 0 else { throw ClientError.usage("No pass phrase was given.") }
        return try Secret(count: length) { target in
            for index in 0..<length { target[index] = bytes[index] }
        }
    }

    /// How many bytes were typed before the end of the line.
    private static func readLine(_ prompt: String, _ bytes: inout [UInt8]) -> Int {
        FileHandle.standardError.write(Data(prompt.utf8))
        var saved = termios()
        let isTerminal = tcgetattr(STDIN_FILENO, &saved) == 0
        if isTerminal {
            var silent = saved
            silent.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        }
        defer {
            if isTerminal { tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved) }
            FileHandle.standardError.write(Data("\n".utf8))
        }
        var length = 0
        while length < bytes.count, Foundation.read(STDIN_FILENO, &bytes[length], 1) == 1, bytes[length] != 10 {
            length += 1
        }
        return length
    }
}
