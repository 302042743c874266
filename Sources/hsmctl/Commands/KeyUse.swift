import ArgumentParser
import CryptographicModule
import Foundation
import NIOHTTP1
import StrictJSON

/// How a file is signed: by its digest, or whole where the algorithm is a code of authentication (HS256 and on).
struct SigningOptions: ParsableArguments {
    @Option(
        name: [.long, .customShort("a")],
        help: ArgumentHelp(
            "RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, ES256K; "
                + "of the file itself: EdDSA, RSNULL, HS256, HS384, HS512.",
            valueName: "algorithm"),
        completion: .list(SigningOptions.algorithms))
    var algorithm: String

    @Option(
        name: .long, help: ArgumentHelp("The file to sign; - is standard input.", valueName: "file"),
        completion: .file())
    var file = "-"

    @Flag(name: .customLong("digest"), help: "The file holds the digest itself, as raw bytes: it isn't hashed here.")
    var isDigest = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Form of an ECDSA signature: raw as in the protocol, der as openssl has it.", valueName: "format"),
        completion: .list(["raw", "der"]))
    var format: SignatureFormat = .raw

    static let algorithms =
        SignatureAlgorithm.allCases.map(\.rawValue) + MessageSignatureAlgorithm.allCases.map(\.rawValue)
        + MACAlgorithm.allCases.map(\.rawValue)

    func validate() throws {
        try AlgorithmName.check(algorithm, Self.algorithms)
        guard !isDigest || SignatureAlgorithm(rawValue: algorithm) != nil else {
            throw ValidationError("\(algorithm) takes the message itself: leave --digest out.")
        }
    }

    /// What the service is given: the digest that the algorithm signs, or the message.
    func submission() throws -> [UInt8] { try Self.submission(of: file, algorithm, isDigest: isDigest) }

    static func submission(of file: String, _ algorithm: String, isDigest: Bool) throws -> [UInt8] {
        let bytes = try Files.read(file)
        guard let length = SignatureAlgorithm(rawValue: algorithm)?.digestLength else { return bytes }
        guard !isDigest else {
            guard bytes.count == length else {
                throw ClientError.usage("A digest for \(algorithm) has \(length) bytes; \(file) holds \(bytes.count).")
            }
            return bytes
        }
        switch length {
        case 32: return Digest.sha256(bytes)
        case 48: return Digest.sha384(bytes)
        default: return Digest.sha512(bytes)
        }
    }

    var isDER: Bool { format == .der && algorithm.hasPrefix("ES") }
}

enum SignatureFormat: String, ExpressibleByArgument, CaseIterable { case raw, der }

extension KeyCommands {
    struct Sign: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Signs a file: it is hashed here, its digest is signed by the pool.",
            discussion: """
                HS256, HS384 and HS512 make a code of authentication over the file itself, with a symmetric key; EdDSA \
                signs the file itself; RSNULL pads and signs what the file holds, which is nobody's digest.

                Example: hsmctl key sign invoices --algorithm ES256 --file report.pdf --format der --out report.sig
                """)
        @OptionGroup var key: KeyArgument
        @OptionGroup var signing: SigningOptions
        @OptionGroup var out: OutputFile
        @Flag(name: .long, help: "Print the service's answer as JSON; the signature is base64url in it.")
        var json = false
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            let digest = try signing.submission()
            try await PoolClient.with(connection) { client in
                let answer = try await client.send(.POST, key.path + "/sign") { writer in
                    writer.member("alg", signing.algorithm)
                    writer.member("value", Base64URL.encode(digest))
                }.body
                let signature = try OperationAnswer.value(answer)
                let bytes = signing.isDER ? ECDSAForm.der(signature) : signature
                if !json || out.path != "-" { try Files.write(bytes, to: out.path) }
                if json { OutputOptions.printAnswer(answer) }
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verifies a signature in the pool.",
            discussion: """
                Exit code 1 says that the signature is not good.

                Example: hsmctl key verify invoices --algorithm ES256 --file report.pdf --signature report.sig \
                --format der
                """)
        @OptionGroup var key: KeyArgument
        @OptionGroup var signing: SigningOptions
        @Option(
            name: .long, help: ArgumentHelp("File of the signature.", valueName: "file"), completion: .file())
        var signature: String
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            let digest = try signing.submission()
            var value = try Files.read(signature)
            if signing.isDER {
                // What isn't DER is no good signature either; the service says so.
                value = ECDSAForm.raw(value, coordinateBytes: ECDSAForm.coordinateBytes(signing.algorithm)) ?? value
            }
            let submitted = value
            try await PoolClient.with(connection) { client in
                let answer = try await client.send(.POST, key.path + "/verify") { writer in
                    writer.member("alg", signing.algorithm)
                    writer.member("digest", Base64URL.encode(digest))
                    writer.member("value", Base64URL.encode(submitted))
                }.body
                let isGood = answer.flag("value") == true
                if output.json || isGood {
                    output.print(.make { $0.member("valid", isGood) }, text: "The signature is good.")
                }
                guard isGood else { throw ClientError.refused("The signature is NOT good.") }
            }
        }
    }

    struct RandomBytes: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "random", abstract: "Gets random bytes from the pool.",
            discussion: "Example: hsmctl key random --count 32 --format hex")
        @Option(name: .long, help: ArgumentHelp("How many, 1 to 128.", valueName: "bytes")) var count = 32
        @Option(
            name: .long, help: ArgumentHelp("base64url, hex or raw.", valueName: "format"),
            completion: .list(["base64url", "hex", "raw"]))
        var format: BytesFormat = .base64url
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        enum BytesFormat: String, ExpressibleByArgument, CaseIterable { case base64url, hex, raw }

        func validate() throws {
            guard (1...128).contains(count) else { throw ValidationError("--count is 1 to 128.") }
        }

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let answer = try await client.send(.POST, "/rng") { $0.member("count", count) }.body
                guard let text = answer.text("value"), let bytes = Base64URL.decode(text), bytes.count == count else {
                    throw ClientError.refused("The answer doesn't hold \(count) bytes.")
                }
                switch format {
                case _ where output.json: output.printJSON(.object(answer))
                case .base64url: StandardOutput.line(text)
                case .hex: StandardOutput.line(Hexadecimal.encode(bytes))
                case .raw: try Files.write(bytes, to: "-")
                }
            }
        }
    }
}

/// The two forms of an ECDSA signature: r ‖ s, and a SEQUENCE of two INTEGERs (SEC 1, C.8).
enum ECDSAForm {
    static func coordinateBytes(_ algorithm: String) -> Int {
        switch algorithm {
        case "ES384": 48
        case "ES512": 66
        default: 32
        }
    }

    static func der(_ raw: [UInt8]) -> [UInt8] {
        func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
            let digits = Array(bytes.drop { $0 == 0 })
            let padded = (digits.first ?? 0x80) & 0x80 == 0 ? digits : [0] + digits
            return [0x02, UInt8(padded.count)] + padded
        }
        let content = integer(raw[..<(raw.count / 2)]) + integer(raw[(raw.count / 2)...])
        return (content.count < 0x80 ? [0x30] : [0x30, 0x81]) + [UInt8(content.count)] + content
    }

    /// `nil` where the bytes aren't the DER form of two numbers of that size.
    static func raw(_ der: [UInt8], coordinateBytes size: Int) -> [UInt8]? {
        var rest = der[...]
        guard rest.popFirst() == 0x30, var length = rest.popFirst().map(Int.init) else { return nil }
        if length == 0x81 {
            guard let long = rest.popFirst() else { return nil }
            length = Int(long)
        }
        guard length == rest.count else { return nil }
        var raw: [UInt8] = []
        for _ in 0..<2 {
            guard rest.popFirst() == 0x02, let count = rest.popFirst().map(Int.init), count <= rest.count else {
                return nil
            }
            let digits = rest.prefix(count).drop { $0 == 0 }
            rest = rest.dropFirst(count)
            guard digits.count <= size else { return nil }
            raw += [UInt8](repeating: 0, count: size - digits.count) + digits
        }
        return rest.isEmpty ? raw : nil
    }
}
