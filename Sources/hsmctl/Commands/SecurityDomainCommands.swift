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
            let certificates = try officers.map { try Files.certificate($0) }
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
            Each officer runs this on the own machine with the own key; the node opens when enough shares are in. \
            Peers of an open node are unsealed by it. No credentials are needed.

            A share is sealed to the key that the node shows. Name the node's certificate, as you got it when the pool \
            was made, so that nobody can stand between you and the node.
            """)
    @OptionGroup var connection: ConnectionOptions
    @Option(name: .long, help: "The security domain file.") var securityDomain: String
    @Option(
        name: .customLong("officer"), parsing: .singleValue,
        help: "CERTIFICATE:KEY, the PEM files of one officer; repeat it where one person holds several.")
    var officers: [String]
    @Option(
        name: .long, help: "The PEM certificate that this node shows to its peers: a node with another key is refused.")
    var nodeCertificate: String?

    func run() async throws {
        try ModuleSelfSetup.startSecureHeap()
        let file = try Files.read(securityDomain)
        let pinned = try nodeCertificate.map { Digest.sha256(try Files.certificate($0).spkiDER) }
        try await PoolClient.with(connection, authenticated: false) { client in
            let answer = try await client.send(.GET, "/quorate/v1/unseal")
            guard let text = answer.body.text("invitation"), let bytes = Base64URL.decode(text) else {
                throw ClientError.refused("The node's invitation is malformed.")
            }
            let invitation = try UnsealInvitation.decode(bytes)
            if pinned == nil {
                let shown = Digest.sha256(invitation.nodeKey).map { String(format: "%02x", $0) }.joined()
                Terminal.note("The node's key is \(shown) (SHA-256); --node-certificate makes this tool check it.")
            }
            for officer in officers {
                let envelope = try seal(officer, file, invitation, pinned)
                let progress = try await client.send(.POST, "/quorate/v1/unseal/shares") {
                    $0.member("envelope", Base64URL.encode(envelope.encode()))
                }.body
                let state = progress.flag("unsealed") == true ? "unsealed" : "waiting for more"
                print("share \(progress.number("officers") ?? 0) of \(progress.number("required") ?? 0): \(state)")
            }
        }
    }

    private func seal(
        _ officer: String, _ file: [UInt8], _ invitation: UnsealInvitation, _ pinned: [UInt8]?
    ) throws -> ShareEnvelope {
        let parts = officer.split(separator: ":").map(String.init)
        guard parts.count == 2 else { throw ClientError.usage("Write --officer CERTIFICATE:KEY.") }
        let key = try RSAPrivateKey(pem: try Secret(copying: try Files.read(parts[1]))) {
            try Passphrase.read(for: parts[1])
        }
        return try OfficerTool.seal(
            file: file, certificate: try Files.read(parts[0]), privateKey: key, invitation: invitation,
            nodeKeyDigest: pinned, now: Int64(Date().timeIntervalSince1970))
    }
}
