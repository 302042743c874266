import ArgumentParser
import CryptographicModule
import Foundation
import NIOHTTP1
import StrictJSON

struct KeyCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Makes and uses keys.",
        subcommands: [Create.self, List.self, Show.self, Sign.self, Verify.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a key, or a new version of one.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The key's name: 0-9, a-z, A-Z and '-'.") var name: String
        @Option(name: .long, help: "RSA-HSM or EC-HSM.") var type: String
        @Option(name: .long, help: "RSA: 2048, 3072 or 4096 bits.") var size: Int?
        @Option(name: .long, help: "EC: P-256, P-384, P-521 or P-256K.") var curve: String?
        @Option(
            name: .customLong("operation"), parsing: .singleValue,
            help: "A permitted operation; repeat it. All by default.")
        var operations: [String] = []
        @Flag(name: .long, help: "Make it disabled.") var disabled = false

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let bundle = try await client.send(.POST, "/keys/\(name)/create") { writer in
                    writer.member("kty", type)
                    if let size { writer.member("key_size", size) }
                    if let curve { writer.member("crv", curve) }
                    if !operations.isEmpty { writer.member("key_ops", array: operations) }
                    if disabled { writer.member("attributes") { $0.object { $0.member("enabled", false) } } }
                }.body
                output.print(bundle) { KeyCommands.table([bundle]) }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the keys.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                var keys: [JSONObject] = []
                var token: String?
                repeat {
                    let page = try await client.send(.GET, "/keys", query: token.map { [("$skiptoken", $0)] } ?? [])
                        .body
                    keys += page.objects("value")
                    token = page.text("nextLink")?.components(separatedBy: "$skiptoken=").dropFirst().first
                } while token != nil
                output.print(keys) {
                    var table = Table("KEY", "ENABLED")
                    for key in keys {
                        table.row(
                            key.text("kid")?.components(separatedBy: "/keys/").last ?? "?",
                            key.object("attributes")?.flag("enabled") == true ? "yes" : "no")
                    }
                    return table
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a key's public half and attributes.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "NAME or NAME/VERSION.") var key: String
        @Flag(name: .long, help: "Print the public key as PEM.") var pem = false

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let bundle = try await client.send(.GET, "/keys/\(key)").body
                guard pem else { return output.print(bundle) { KeyCommands.table([bundle]) } }
                let der = try KeyCommands.publicKey(bundle).spkiDER()
                let text = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
                print("-----BEGIN PUBLIC KEY-----\n\(text)\n-----END PUBLIC KEY-----")
            }
        }
    }

    struct Sign: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Signs a file: it is hashed here, its digest is signed by the pool.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "NAME or NAME/VERSION.") var key: String
        @Option(name: .long, help: "RS256 … PS512, ES256, ES384, ES512, ES256K.") var algorithm: String
        @Option(name: .long, help: "The file to sign; - is standard input.") var file = "-"
        @Option(name: .long, help: "raw (as the protocol has it) or der (ECDSA as openssl has it).") var format = "raw"
        @Option(name: .customLong("out"), help: "Where the signature goes; - is standard output.") var out = "-"

        func run() async throws {
            guard ["raw", "der"].contains(format) else { throw ClientError.usage("--format is raw or der.") }
            let digest = try KeyCommands.digest(try Files.read(file), algorithm)
            try await PoolClient.with(connection) { client in
                let answer = try await client.send(.POST, "/keys/\(key)/sign") { writer in
                    writer.member("alg", algorithm)
                    writer.member("value", Base64URL.encode(digest))
                }.body
                guard let text = answer.text("value"), let signature = Base64URL.decode(text) else {
                    throw ClientError.refused("The answer holds no signature.")
                }
                let isDER = format == "der" && algorithm.hasPrefix("ES")
                try Files.write(isDER ? KeyCommands.der(signature) : signature, to: out)
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verifies a signature in the pool.",
            discussion: "Exit code 1 says that the signature is not good.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "NAME or NAME/VERSION.") var key: String
        @Option(name: .long, help: "As for sign.") var algorithm: String
        @Option(name: .long, help: "The signed file; - is standard input.") var file = "-"
        @Option(name: .long, help: "File of the signature, raw.") var signature: String

        func run() async throws {
            let digest = try KeyCommands.digest(try Files.read(file), algorithm)
            let value = try Files.read(signature)
            try await PoolClient.with(connection) { client in
                let answer = try await client.send(.POST, "/keys/\(key)/verify") { writer in
                    writer.member("alg", algorithm)
                    writer.member("digest", Base64URL.encode(digest))
                    writer.member("value", Base64URL.encode(value))
                }.body
                guard answer.flag("value") == true else { throw ClientError.refused("The signature is NOT good.") }
                print("The signature is good.")
            }
        }
    }

    static func digest(_ bytes: [UInt8], _ algorithm: String) throws -> [UInt8] {
        guard let known = SignatureAlgorithm(rawValue: algorithm) else {
            let names = SignatureAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
            throw ClientError.usage("--algorithm is one of \(names).")
        }
        switch known.digestLength {
        case 32: return Digest.sha256(bytes)
        case 48: return Digest.sha384(bytes)
        default: return Digest.sha512(bytes)
        }
    }

    /// ECDSA's r ‖ s as a SEQUENCE of two INTEGERs.
    static func der(_ raw: [UInt8]) -> [UInt8] {
        func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
            let digits = Array(bytes.drop { $0 == 0 })
            let padded = (digits.first ?? 0x80) & 0x80 == 0 ? digits : [0] + digits
            return [0x02, UInt8(padded.count)] + padded
        }
        let content = integer(raw[..<(raw.count / 2)]) + integer(raw[(raw.count / 2)...])
        return (content.count < 0x80 ? [0x30] : [0x30, 0x81]) + [UInt8(content.count)] + content
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

    static func table(_ bundles: [JSONObject]) -> Table {
        var table = Table("KEY", "TYPE", "ENABLED", "OPERATIONS")
        for bundle in bundles {
            let key = bundle.object("key")
            var operations: [String] = []
            if case .array(let values)? = key?["key_ops"] {
                operations = values.compactMap { if case .string(let text) = $0 { text } else { nil } }
            }
            table.row(
                key?.text("kid")?.components(separatedBy: "/keys/").last ?? "?",
                [key?.text("kty"), key?.text("crv")].compactMap { $0 }.joined(separator: " "),
                bundle.object("attributes")?.flag("enabled") == true ? "yes" : "no", operations.joined(separator: " "))
        }
        return table
    }
}
