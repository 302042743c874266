import ArgumentParser
import CryptographicModule
import Foundation
import NIOHTTP1
import SecurityDomain
import StrictJSON

/// A new root for a living pool, with the same officers or others.
struct ReshareCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reshare",
        abstract: "Gives the pool a new root, and new officers if wanted.",
        discussion: """
            An administrator begins, and carries the new file; a quorum of the officers in office approves; each of \
            the next officers proves that his share opens. Until the last one has, the former root rules, and the \
            change can be aborted. The pool serves all the time.

              hsmctl security-domain reshare begin --required 2 --officer a.crt --officer b.crt --officer c.crt
              hsmctl security-domain reshare approve --officer officer-1.crt:officer-1.key    # a quorum in office
              hsmctl security-domain reshare prepare --out new-security-domain.json
              hsmctl security-domain reshare confirm --security-domain new-security-domain.json --officer a.crt:a.key

            Without --officer the same officers go on, with a new root and a new file. Officers need no credentials.
            """,
        subcommands: [Begin.self, Status.self, Approve.self, Prepare.self, Confirm.self, Commit.self, Abort.self])

    static let path = "/quorate/v1/root-change"

    struct Begin: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Orders a new root; nothing changes before the officers have approved.",
            discussion: """
                Example: hsmctl security-domain reshare begin --required 2 --officer a.crt --officer b.crt \
                --officer c.crt
                """)
        @Option(
            name: .customLong("officer"), parsing: .upToNextOption,
            help: ArgumentHelp("A next officer's RSA certificate (PEM); 3 to 10 of them.", valueName: "file"),
            completion: .file())
        var officers: [String] = []
        @Option(
            name: .long,
            help: ArgumentHelp(
                "How many of them can open the pool together; if not given, as many as of those in office.",
                valueName: "number"))
        var required: Int?
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func validate() throws {
            guard required == nil || !officers.isEmpty else {
                throw ValidationError("--required goes with --officer: without, officers and quorum stay as they are.")
            }
        }

        func run() async throws {
            let certificates = try officers.map { try Files.officerCertificate($0) }
            try await ReshareCommands.begin(certificates, required, output, connection)
        }
    }

    /// Orders a new root; without certificates for the officers in office, without keys for the tokens that are
    /// enrolled.
    static func begin(
        _ certificates: [X509Certificate], _ required: Int?, unsealKeys: [UnsealKeyText]? = nil,
        _ output: OutputOptions, _ connection: ConnectionOptions
    ) async throws {
        let order: PoolClient.Body = { writer in
            if !certificates.isEmpty {
                SecurityDomainCommands.Download.write(certificates, required: required, &writer)
            }
            guard let unsealKeys else { return }
            writer.member("unsealKeys") { writer in
                writer.array { writer in for key in unsealKeys { key.write(&writer) } }
            }
        }
        let saysNothing = certificates.isEmpty && unsealKeys == nil
        let change = try await PoolClient.with(connection) { client in
            try await client.send(.POST, path, isRepeatable: false, body: saysNothing ? nil : order).body
        }
        if let terms = try? RootChange(change).terms() { Terminal.note(terms.shown) }
        output.print(change, text: RootChange(change).text)
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows how far the change of the root is.",
            discussion: "Exit code 3: none is under way.\n\nExample: hsmctl security-domain reshare status")
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            let change = try await PoolClient.with(connection, authenticated: false) { client in
                try await client.send(.GET, path).body
            }
            output.print(change, text: RootChange(change).text)
        }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "An officer in office approves the change.",
            discussion: """
                Shows who shall hold the next root, and how many of them will be a quorum: compare the fingerprints \
                with the certificates that you were told of (openssl x509 -in a.crt -outform DER | sha256sum). With \
                --next and --next-required it compares them itself, and signs nothing where they differ. The same \
                goes for tokens that open the next root without officers: all of them with --next-token. What is \
                signed is bound to this pool, this change and these officers, quorum and tokens.

                Example: hsmctl security-domain reshare approve --officer officer-1.crt:officer-1.key \
                --next a.crt --next b.crt --next c.crt --next-required 2
                """)
        @OptionGroup var officer: OneOfficer
        @Option(
            name: .customLong("next"), parsing: .upToNextOption,
            help: ArgumentHelp("The certificate of a next officer; all of them, or none.", valueName: "file"),
            completion: .file())
        var next: [String] = []
        @Option(
            name: .long,
            help: ArgumentHelp("How many of the next officers shall be a quorum.", valueName: "number"))
        var nextRequired: Int?
        @Option(
            name: .long, parsing: .upToNextOption,
            help: ArgumentHelp(
                "SHA-256 of a token's key that opens the next root; all of them.", valueName: "digest"))
        var nextToken: [String] = []
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try SecretHandling.begin()
            let certificate = try Files.certificate(officer.certificate)
            let wanted = try next.map { try Files.certificate($0).der }
            let key = try OfficerShares.privateKey(officer.key)
            let answer = try await PoolClient.with(connection, authenticated: false) { client in
                let change = RootChange(try await client.send(.GET, path).body)
                let terms = try change.terms()
                Terminal.note(terms.shown)
                try terms.check(officers: wanted, required: nextRequired, tokens: nextToken)
                guard let place = change.place(of: certificate) else {
                    throw ClientError.refused("\(officer.certificate) belongs to no officer in office.")
                }
                let signature = try OfficerTool.approve(terms, as: place, privateKey: key)
                return try await OfficerVoting.give(signature, as: place, at: path + "/approvals", client)
            }
            output.print(answer, text: RootChange(answer).text)
        }
    }

    struct Prepare: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes the next root, and writes the next officers' file.",
            discussion: """
                Needs the approval of a quorum. Give each of the next officers the file; they confirm with it. As \
                long as they haven't, it can be made anew. The file before then opens no node that knows of it, but \
                still holds the root in force, as the present officers' file does: destroy it.

                Example: hsmctl security-domain reshare prepare --out new-security-domain.json
                """)
        @Option(
            name: .customLong("out"), help: ArgumentHelp("New file for the security domain.", valueName: "file"),
            completion: .file())
        var file: String
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            var domain = try SecretFile(creating: file)
            let answer = try await PoolClient.with(connection) { client in
                try await client.send(.POST, path + "/domain").body
            }
            guard let text = answer.text("value") else { throw ClientError.refused("The answer holds no file.") }
            do {
                try domain.store(Array(text.utf8))
            } catch {
                throw ClientError.unreadable("\(error) Repeat the command with another --out.")
            }
            let result = JSONObject.make { writer in
                writer.member("file", file)
                writer.member("id", answer.text("id") ?? "")
            }
            output.print(result, text: "\(file) written; each of the next officers confirms with it.")
        }
    }

    struct Confirm: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One of the next officers proves that his share opens.",
            discussion: """
                With the last one the next root rules. Keep the former file and keys until 'status' says that no \
                change is under way any more.

                Example: hsmctl security-domain reshare confirm --security-domain new-security-domain.json \
                --officer a.crt:a.key
                """)
        @Option(
            name: .long, help: ArgumentHelp("The next officers' file.", valueName: "file"), completion: .file())
        var securityDomain: String
        @OptionGroup var officer: OneOfficer
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try SecretHandling.begin()
            let file = try Files.read(securityDomain)
            let certificate = try Files.certificate(officer.certificate).der
            let key = try OfficerShares.privateKey(officer.key)
            let answer = try await PoolClient.with(connection, authenticated: false) { client in
                let change = RootChange(try await client.send(.GET, path).body)
                do {
                    let (place, signature) = try OfficerTool.confirm(
                        try change.terms(), file: file, certificate: certificate, privateKey: key,
                        commitments: change.commitments)
                    return try await OfficerVoting.give(signature, as: place, at: path + "/confirmations", client)
                } catch let error as SecurityDomainError {
                    throw OfficerShares.explained(
                        error, certificate: officer.certificate, key: officer.key, domain: securityDomain)
                }
            }
            output.print(answer, text: RootChange(answer).text)
        }
    }

    struct Commit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets the next root rule though not all officers have confirmed.",
            discussion: """
                A quorum of them has to have. Whoever hasn't may find that his share doesn't open.

                Example: hsmctl security-domain reshare commit
                """)
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            let answer = try await PoolClient.with(connection) { client in
                try await client.send(.POST, path + "/commit", isRepeatable: false).body
            }
            output.print(answer, text: RootChange(answer).text)
        }
    }

    struct Abort: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Drops the change, as long as the next root doesn't rule.",
            discussion: """
                The officers in office and their file go on. The file that was made for the change opens no node that \
                has heard of it, but a quorum of its officers gets the root in force from it, and opens any copy of \
                the pool's data with that. Destroy it; if its holders are in doubt, complete a change of the root \
                instead, and then change the key-encryption key. Exit code 3: no change is under way.

                Example: hsmctl security-domain reshare abort
                """)
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            let answer = try await PoolClient.with(connection) { client in
                try await client.send(.DELETE, path, isRepeatable: false).body
            }
            output.print(answer, text: "The change is dropped; the former root rules.")
        }
    }
}

/// The files of one officer.
struct OneOfficer: ParsableArguments {
    @Option(
        name: .customLong("officer"),
        help: ArgumentHelp("The officer's PEM files.", valueName: "certificate:key"), completion: .file())
    var files: String

    var certificate: String { OfficerShares.certificateFile(of: files) }
    var key: String { files.split(separator: ":").last.map(String.init) ?? files }

    func validate() throws {
        guard files.split(separator: ":").count == 2 else { throw ValidationError("'\(files)' isn't CERTIFICATE:KEY.") }
    }
}

/// A change of the root as the pool tells of it.
private struct RootChange {
    let object: JSONObject

    init(_ object: JSONObject) { self.object = object }

    /// What officers sign.
    func terms() throws -> RootChangeTerms {
        func bytes(_ name: String) throws -> [UInt8] {
            guard let bytes = object.text(name).flatMap(Hexadecimal.decode) else { throw Self.malformed }
            return bytes
        }
        let officers = object.texts("nextOfficers").compactMap { Base64URL.decode($0) }
        guard let generation = object.number("generation").flatMap(UInt32.init(exactly:)),
            let epoch = object.number("epoch").flatMap(UInt64.init(exactly:)), let expires = object.number("expires"),
            let required = object.number("required").flatMap(Int.init(exactly:)), !officers.isEmpty
        else { throw Self.malformed }
        return RootChangeTerms(
            poolID: try bytes("poolId"), securityDomainID: try bytes("securityDomainId"), generation: generation,
            epoch: epoch, changeID: try bytes("id"), expiresAt: expires, required: required, officers: officers,
            unsealKeys: try object.objects("unsealKeys").map(Self.unsealKey))
    }

    private static func unsealKey(_ element: JSONObject) throws -> AutoUnsealKey {
        guard let provider = AutoUnsealKey.Provider.allCases.first(where: { $0.name == element.text("provider") }),
            let name = element.text("name"), let point = element.text("point").flatMap({ Base64URL.decode($0) })
        else { throw malformed }
        return try AutoUnsealKey(provider: provider, name: name, point: point)
    }

    private static let malformed = ClientError.refused("The pool's answer is malformed: is it of this version?")

    var commitments: [[UInt8]] { object.texts("commitments").compactMap { Base64URL.decode($0) } }

    /// Of an officer in office, from 1.
    func place(of certificate: X509Certificate) -> Int? {
        OfficerVoting.place(of: certificate, in: object)
    }

    private func count(_ name: String) -> Int {
        if case .array(let elements)? = object[name] { elements.count } else { 0 }
    }

    var text: String {
        switch object.text("stage") {
        case "proposed":
            "proposed: \(count("approvals")) of \(object.number("approvalsRequired") ?? 0) approvals"
        case "prepared":
            "prepared: \(count("confirmations")) of \(count("nextOfficers")) officers have confirmed"
        default:
            "committed: generation \((object.number("generation") ?? 0) + 1) rules; nodes that have followed: "
                + "\(count("holders"))"
        }
    }
}

extension RootChangeTerms {
    /// Whom the next root is for, as an officer sees it before he signs: taken from what is signed, not from what the
    /// pool says of it, and no name can change how the rest appears.
    var shown: String {
        let prints = officers.map { "        " + Hexadecimal.encode(Digest.sha256($0)) }
        let tokens = unsealKeys.map { key in
            let warning = key.isForDevelopment ? "  (A FILE: FOR DEVELOPMENT ONLY)" : ""
            return "\n        \(Hexadecimal.encode(key.id))  \(Table.harmless(key.name))\(warning)"
        }
        return "The next root is for \(required) of these officers (SHA-256 of certificates):\n"
            + prints.joined(separator: "\n")
            + (tokens.isEmpty ? "" : "\nand for each of these tokens alone (SHA-256 of keys):" + tokens.joined())
    }

    /// Compares what would be signed with what the officer was told of it.
    ///
    /// - Parameters:
    ///   - wanted: the next officers' certificates, DER; none where they aren't compared.
    ///   - required: the next quorum; nil where it isn't compared.
    ///   - named: SHA-256 of the keys of tokens, hexadecimal. Compared where anything is given of them or of officers.
    /// - Throws: ``ClientError`` where they differ.
    func check(officers wanted: [[UInt8]], required quorum: Int?, tokens named: [String]) throws {
        guard wanted.isEmpty || Set(wanted) == Set(officers) else {
            throw ClientError.refused("The next officers aren't those of --next. Nothing was signed.")
        }
        guard quorum == nil || quorum == required else {
            throw ClientError.refused(
                "The next quorum isn't that of --next-required: it would be \(required) of \(officers.count) officers. "
                    + "Nothing was signed.")
        }
        let tokens = Set(unsealKeys.map { Hexadecimal.encode($0.id) })
        guard (wanted.isEmpty && named.isEmpty) || Set(named.map { $0.lowercased() }) == tokens else {
            throw ClientError.refused(
                "The tokens that open the next root aren't those of --next-token: "
                    + "\(tokens.isEmpty ? "there are none" : tokens.sorted().joined(separator: ", ")). "
                    + "Nothing was signed.")
        }
        let unprotected = unsealKeys.filter(\.isForDevelopment)
        guard unprotected.isEmpty || !named.isEmpty else {
            let names = unprotected.map { "\(Table.harmless($0.name)) (\(Hexadecimal.encode($0.id)))" }
            throw ClientError.refused(
                "A key in a file would open the next root, for development only: "
                    + names.joined(separator: ", ") + ". Whoever reads it and a node's disk has every key. "
                    + "Nothing was signed; who means it names all keys by --next-token.")
        }
    }
}
