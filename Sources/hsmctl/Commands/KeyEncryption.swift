import ArgumentParser
import CryptographicModule
import Foundation
import NIOHTTP1
import StrictJSON

/// What was encrypted, in one file: JSON, with the members that decrypting needs; or raw bytes, which for AES are
/// iv ‖ ciphertext ‖ tag.
struct EncryptedFile: Equatable {
    var keyIdentifier: String?
    var algorithm: String
    var value: [UInt8]
    var iv: [UInt8] = []
    var tag: [UInt8] = []

    enum Form: String, ExpressibleByArgument, CaseIterable { case json, raw }

    /// Lengths of what stands before and behind the ciphertext.
    private static func frame(_ algorithm: String) -> (iv: Int, tag: Int) {
        if algorithm.hasSuffix("GCM") { return (12, 16) }
        return algorithm.hasPrefix("RSA") ? (0, 0) : (16, 0)
    }

    init(answer: JSONObject, algorithm: String) throws {
        func bytes(_ name: String) throws -> [UInt8] {
            guard let text = answer.text(name) else { return [] }
            guard let bytes = Base64URL.decode(text) else {
                throw ClientError.refused("The member '\(name)' of the answer isn't base64url.")
            }
            return bytes
        }
        keyIdentifier = answer.text("kid")
        self.algorithm = algorithm
        (value, iv, tag) = (try bytes("value"), try bytes("iv"), try bytes("tag"))
    }

    /// - Parameter algorithm: needed for raw bytes; a JSON file names its own.
    init(parsing bytes: [UInt8], form: Form?, algorithm: String?, file: String) throws {
        let isJSON = form == .json || (form == nil && bytes.first == UInt8(ascii: "{"))
        if isJSON {
            guard case .object(let object)? = try? JSONReader.parse(bytes),
                let named = algorithm ?? object.text("alg"), object.text("value") != nil
            else {
                throw ClientError.usage("\(file) isn't what 'hsmctl key encrypt' writes. Is it raw? Add --format raw.")
            }
            self = try EncryptedFile(answer: object, algorithm: named)
            return
        }
        guard let algorithm else {
            throw ClientError.usage("Raw bytes don't say how they were encrypted: add --algorithm.")
        }
        let frame = Self.frame(algorithm)
        guard bytes.count >= frame.iv + frame.tag else {
            throw ClientError.usage(
                "\(file) holds \(bytes.count) bytes; for \(algorithm) there are \(frame.iv + frame.tag) or more.")
        }
        self.algorithm = algorithm
        iv = Array(bytes.prefix(frame.iv))
        tag = Array(bytes.suffix(frame.tag))
        value = Array(bytes.dropFirst(frame.iv).dropLast(frame.tag))
    }

    func bytes(_ form: Form) -> [UInt8] {
        guard form == .json else { return iv + value + tag }
        var writer = JSONWriter()
        writer.object { writer in
            if let keyIdentifier { writer.member("kid", keyIdentifier) }
            writer.member("alg", algorithm)
            writer.member("value", Base64URL.encode(value))
            if !iv.isEmpty { writer.member("iv", Base64URL.encode(iv)) }
            if !tag.isEmpty { writer.member("tag", Base64URL.encode(tag)) }
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }
}

/// What fits into one request.
enum PlaintextLimit {
    /// The service takes bodies of 64 KiB. With what decrypting needs beside the text, iv, tag and padding, the other
    /// members take up to 96 bytes of them: what is encrypted has to be decrypted again.
    private static let characters = 64 * 1024 - 96
    /// What the largest RSA key, of 4096 bits, takes (RFC 8017, sections 7.1.1 and 7.2.1). Bytes.
    private static let blocks = ["RSA1_5": 501, "RSA-OAEP": 470, "RSA-OAEP-256": 446]

    /// - Parameter text: the plaintext as base64url.
    /// - Throws: ``ClientError`` where no key could encrypt it.
    static func check(_ text: String, _ additional: [UInt8]?, _ algorithm: String, file: String) throws {
        let count = text.utf8.count * 3 / 4
        let others = (additional?.count ?? 0) * 4 / 3
        let limit = blocks[algorithm] ?? max(0, (characters - others) * 3 / 4)
        guard count > limit else { return }
        throw ClientError.usage(
            "\(file) has \(count) bytes; \(algorithm) takes \(limit) in one request. Encrypt it here with a key of its "
                + "own, and have that key wrapped: hsmctl key wrap.")
    }
}

extension KeyCommands {
    struct Encrypt: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Encrypts a file in the pool.",
            discussion: """
                The result is a JSON file that 'hsmctl key decrypt' reads. With --format raw it is the ciphertext \
                alone, for AES as iv, ciphertext, tag, one after the other. RSA takes one block: with RSA-OAEP-256 and \
                a key of 2048 bits 190 bytes. What is longer is encrypted here, with a key that is then wrapped: \
                'key wrap'.

                Example: hsmctl key encrypt archive --algorithm A256GCM --file note.txt --out note.json
                """)
        @OptionGroup var key: KeyArgument
        @Option(
            name: [.long, .customShort("a")],
            help: ArgumentHelp("Such as RSA-OAEP-256, A256GCM, A256CBCPAD.", valueName: "algorithm"),
            completion: .list(EncryptionAlgorithm.allCases.map(\.rawValue)))
        var algorithm: String
        @OptionGroup var input: InputFile
        @Option(
            name: .long,
            help: ArgumentHelp("GCM: file of additional data, which is authenticated only.", valueName: "file"),
            completion: .file())
        var aad: String?
        @Option(
            name: .long, help: ArgumentHelp("json or raw.", valueName: "form"),
            completion: .list(EncryptedFile.Form.allCases.map(\.rawValue)))
        var format: EncryptedFile.Form = .json
        @OptionGroup var out: OutputFile
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func validate() throws { try AlgorithmName.check(algorithm, EncryptionAlgorithm.allCases.map(\.rawValue)) }

        func run() async throws {
            let plaintext = try Files.read(input.path)
            let additional = try aad.map(Files.read)
            let text = Base64URL.encode(plaintext)
            try PlaintextLimit.check(text, additional, algorithm, file: input.path)
            // The service makes the iv of GCM; that of CBC is the client's to make, new for each message.
            let iv = algorithm.contains("CBC") ? Random.bytes(16) : nil
            try await PoolClient.with(connection) { client in
                let answer = try await client.send(.POST, key.path + "/encrypt") { writer in
                    writer.member("alg", algorithm)
                    writer.member("value", text)
                    if let iv { writer.member("iv", Base64URL.encode(iv)) }
                    if let additional { writer.member("aad", Base64URL.encode(additional)) }
                }.body
                try Files.write(try EncryptedFile(answer: answer, algorithm: algorithm).bytes(format), to: out.path)
            }
        }
    }

    struct Decrypt: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Decrypts a file in the pool.",
            discussion: """
                A JSON file names the version of the key that encrypted it: that one is used unless KEY names another.

                Example: hsmctl key decrypt archive --file note.json --out note.txt
                """)
        @OptionGroup var key: KeyArgument
        @Option(
            name: [.long, .customShort("a")],
            help: ArgumentHelp("Needed for raw files.", valueName: "algorithm"),
            completion: .list(EncryptionAlgorithm.allCases.map(\.rawValue)))
        var algorithm: String?
        @OptionGroup var input: InputFile
        @Option(
            name: .long, help: ArgumentHelp("GCM: file of the additional data.", valueName: "file"),
            completion: .file())
        var aad: String?
        @Option(
            name: .long, help: ArgumentHelp("json or raw. (default: told by the file)", valueName: "form"),
            completion: .list(EncryptedFile.Form.allCases.map(\.rawValue)))
        var format: EncryptedFile.Form?
        @OptionGroup var out: OutputFile
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func validate() throws {
            if let algorithm { try AlgorithmName.check(algorithm, EncryptionAlgorithm.allCases.map(\.rawValue)) }
        }

        func run() async throws {
            let encrypted = try EncryptedFile(
                parsing: try Files.read(input.path), form: format, algorithm: algorithm, file: input.path)
            let additional = try aad.map(Files.read)
            try await PoolClient.with(connection) { client in
                let answer = try await client.send(.POST, key.path(usedBy: encrypted.keyIdentifier) + "/decrypt") {
                    writer in
                    writer.member("alg", encrypted.algorithm)
                    writer.member("value", Base64URL.encode(encrypted.value))
                    if !encrypted.iv.isEmpty { writer.member("iv", Base64URL.encode(encrypted.iv)) }
                    if !encrypted.tag.isEmpty { writer.member("tag", Base64URL.encode(encrypted.tag)) }
                    if let additional { writer.member("aad", Base64URL.encode(additional)) }
                }.body
                try Files.write(try OperationAnswer.value(answer), to: out.path)
            }
        }
    }

    struct Wrap: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Wraps a key, given as a file of its bytes, with a key of the pool.",
            discussion: """
                Example: hsmctl key wrap transport --algorithm RSA-OAEP-256 --file data.key --out data.wrapped
                """)
        @OptionGroup var key: KeyArgument
        @OptionGroup var wrapping: WrapOptions
        @OptionGroup var out: OutputFile
        @Flag(name: .long, help: "Print the service's answer as JSON.") var json = false
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws { try await wrapping.run("/wrapkey", key, out.path, json: json, connection) }
    }

    struct Unwrap: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Unwraps a key that was wrapped with a key of the pool.",
            discussion: """
                With --out a new file of mode 0600 is made; one that exists is refused.

                Example: hsmctl key unwrap transport --algorithm RSA-OAEP-256 --file data.wrapped --out data.key
                """)
        @OptionGroup var key: KeyArgument
        @OptionGroup var wrapping: WrapOptions
        @OptionGroup var out: OutputFile
        @Flag(name: .long, help: "Print the service's answer as JSON.") var json = false
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            guard out.path != "-" else {
                return try await wrapping.run("/unwrapkey", key, out.path, json: json, connection)
            }
            var file = try SecretFile(creating: out.path)
            let answer = try await wrapping.ask("/unwrapkey", key, connection)
            try file.store(try OperationAnswer.value(answer))
            if json { OutputOptions.printAnswer(answer) }
        }
    }
}

/// The file that a command works on.
struct InputFile: ParsableArguments {
    @Option(
        name: .customLong("file"), help: ArgumentHelp("The file; - is standard input.", valueName: "file"),
        completion: .file())
    var path = "-"
}

/// How a key is wrapped.
struct WrapOptions: ParsableArguments {
    @Option(
        name: [.long, .customShort("a")],
        help: ArgumentHelp(
            "Such as RSA-OAEP-256, A256KW, CKM_AES_KEY_WRAP_PAD.", valueName: "algorithm"),
        completion: .list(KeyWrapAlgorithm.allCases.map(\.rawValue)))
    var algorithm: String

    @OptionGroup var input: InputFile

    func validate() throws { try AlgorithmName.check(algorithm, KeyWrapAlgorithm.allCases.map(\.rawValue)) }

    func ask(_ route: String, _ key: KeyArgument, _ connection: ConnectionOptions) async throws -> JSONObject {
        let bytes = try Files.read(input.path)
        return try await PoolClient.with(connection) { client in
            try await client.send(.POST, key.path + route) { writer in
                writer.member("alg", algorithm)
                writer.member("value", Base64URL.encode(bytes))
            }.body
        }
    }

    func run(
        _ route: String, _ key: KeyArgument, _ out: String, json: Bool, _ connection: ConnectionOptions
    ) async throws {
        let answer = try await ask(route, key, connection)
        if !json || out != "-" { try Files.write(try OperationAnswer.value(answer), to: out) }
        if json { OutputOptions.printAnswer(answer) }
    }
}

enum OperationAnswer {
    /// The bytes in `value`.
    static func value(_ answer: JSONObject) throws -> [UInt8] {
        guard let bytes = answer.text("value").flatMap({ Base64URL.decode($0) }) else {
            throw ClientError.refused("The answer holds no result.")
        }
        return bytes
    }
}

enum AlgorithmName {
    static func check(_ name: String, _ known: [String]) throws {
        guard known.contains(name) else {
            throw ValidationError("'\(name)' isn't an algorithm; these are: \(known.joined(separator: ", ")).")
        }
    }
}
