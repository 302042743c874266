import ArgumentParser
import CryptographicModule
import Foundation
import NIOHTTP1
import SecurityDomain
import StrictJSON

extension SecurityDomainCommands {
    struct Upload: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Brings the security domain of a lost pool into a new one.",
            discussion: """
                The new pool must be initialized, without officers of its own (no 'officer_fingerprints'), and not \
                activated. Each officer runs this on the own machine with the own key, all of them for the same node. \
                With enough shares the new pool has the root of the lost one; a full restore ('hsmctl backup restore') \
                then brings everything that the lost pool had.

                The first call begins and needs an administrator's credentials; the officers after it need none \
                (--take-part). What leaves this machine is the file without its shares, and each share sealed to the \
                node.

                On a sealed node of a pool that was recovered and not yet restored, this opens the node.

                Example: hsmctl security-domain upload --endpoint https://new-1.example.com:8443 --ca api-ca.crt \
                --node-certificate new-1.crt --security-domain security-domain.json \
                --officer officer-1.crt:officer-1.key
                """)
        @OptionGroup var officers: OfficerOptions
        @Flag(name: .long, help: "Somebody has begun: take part, without credentials.")
        var takePart = false
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        private static let path = "/quorate/v1/restoration"

        func run() async throws {
            try SecretHandling.begin()
            let shares = try officers.open()
            let last = try await PoolClient.with(connection, authenticated: !takePart, answerSeconds: 60) { client in
                guard let endpoint = client.endpoints.first else { throw ClientError.usage("Name the node.") }
                if client.endpoints.count > 1 {
                    Terminal.note("The shares go to \(endpoint): all officers name the same node.")
                }
                if !takePart {
                    let outline = try SecurityDomainFile(parsing: shares.file).outline.json()
                    _ = try PoolClient.check(await client.send(raw: .POST, Self.path, body: outline, to: endpoint))
                }
                let invitation = try await shares.invitation(client, endpoint, Self.path, for: .restore)
                return try await submit(shares, invitation, endpoint, client)
            }
            let state = last.flag("restored") == true ? "the security domain is in place" : "waiting for more"
            output.print(
                last, text: "share \(last.number("officers") ?? 0) of \(last.number("required") ?? 0): \(state)")
        }

        private func submit(
            _ shares: OfficerShares, _ invitation: UnsealInvitation, _ endpoint: String, _ client: PoolClient
        ) async throws -> JSONObject {
            let envelopes = try shares.seal(officers.officers, invitation)
            let certificates = try officers.officers.map {
                try Files.certificate(OfficerShares.certificateFile(of: $0)).der
            }
            var last = JSONObject()
            for (envelope, certificate) in zip(envelopes, certificates) {
                last = try PoolClient.check(
                    await client.send(
                        .POST, Self.path + "/shares",
                        body: {
                            $0.member("envelope", Base64URL.encode(envelope.encode()))
                            $0.member("certificate", Base64URL.encode(certificate))
                        }, to: endpoint)
                ).body
                // Further shares find no ceremony.
                if last.flag("restored") == true { break }
            }
            return last
        }
    }
}
