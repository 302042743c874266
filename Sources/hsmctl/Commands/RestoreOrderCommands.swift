import ArgumentParser
import CryptographicModule
import Foundation
import NIOHTTP1
import SecurityDomain
import StrictJSON

/// An administrator's part in a restore of everything into a living pool: orders it, waits for the officers, starts it.
struct RestoreOfEverything {
    static let path = "/quorate/v1/restore-order"

    let place: PlaceAccess
    let folder: String
    let keepsCredentials: Bool

    func run(isWaiting: Bool, _ output: OutputOptions, _ connection: ConnectionOptions) async throws {
        try await PoolClient.with(connection) { client in
            let order = try await ordered(client)
            Terminal.note(order.text)
            if !order.isApproved {
                guard isWaiting else {
                    return output.print(
                        order.object, text: "ordered; run this again when the officers have approved it")
                }
                try await approvals(of: order.id, client)
            }
            let begun = try await client.send(.POST, Self.path + "/start", isRepeatable: false, body: write).body
            guard isWaiting else { return output.print(begun, text: "started: \(begun.text("jobId") ?? "?")") }
            let done = try await JobOptions.end(of: begun, "restore", client)
            let details = done.text("statusDetails")?.split(separator: "; ", maxSplits: 1).dropFirst().first
            output.print(done, text: "restored everything from: \(folder)\(details.map { "\n\($0)" } ?? "")")
        }
    }

    /// The order for this backup: the one that stands, or a new one.
    private func ordered(_ client: PoolClient) async throws -> RestoreOrderText {
        if let standing = try await standing(client) {
            if standing.folder == folder, standing.keepsCredentials == keepsCredentials, !standing.isOver {
                return standing
            }
            Terminal.note("The order to restore \(standing.folder) is replaced.")
        }
        let begun = try await client.send(.POST, Self.path, isRepeatable: false) { writer in
            write(&writer)
            writer.member("folderToRestore", folder)
            if keepsCredentials { writer.member("keepCredentials", true) }
        }.body
        _ = try await JobOptions.end(of: begun, "restore", client)
        guard let made = try await standing(client) else {
            throw ClientError.refused("The order was withdrawn by somebody, or replaced. Nothing was changed.")
        }
        return made
    }

    private func standing(_ client: PoolClient) async throws -> RestoreOrderText? {
        do {
            return RestoreOrderText(try await client.send(.GET, Self.path + "/consequences").body)
        } catch let error as ClientError where error.exitCode == ClientError.notFound("").exitCode {
            return nil
        }
    }

    private func approvals(of id: String, _ client: PoolClient) async throws {
        Terminal.note("Waiting for the officers: hsmctl backup approve-restore --officer CERTIFICATE:KEY")
        var (shown, pause) = (-1, 1.0)
        while true {
            guard let now = try await standing(client), now.id == id, !now.isOver else {
                throw ClientError.refused(
                    "The order was withdrawn, replaced or not approved in time, or the officers are others by now. "
                        + "Nothing was changed.")
            }
            if now.isApproved { return }
            if now.approvals != shown {
                shown = now.approvals
                Terminal.note("\(now.approvals) of \(now.required) approvals")
            }
            try await Task.sleep(for: .seconds(pause))
            // People take their time, and each question is a line in the audit log.
            pause = min(10, pause * 1.1)
        }
    }

    private func write(_ writer: inout JSONWriter) {
        writer.member("sasTokenParameters") { writer in
            writer.object { place.write(&$0) }
        }
    }
}

extension BackupCommands {
    struct ApproveRestore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "approve-restore",
            abstract: "An officer in office approves a restore of everything.",
            discussion: """
                Shows which backup it is and what it would change beside keys: who comes back, who gets or loses which \
                role, which settings change. Then it asks, and signs just that, for this pool and this order alone. \
                Where nobody can be asked, --digest says what was read before with --show: it signs nothing else. \
                Needs no credentials.

                Example: hsmctl backup approve-restore --officer officer-1.crt:officer-1.key
                Example: hsmctl backup approve-restore --officer officer-1.crt:officer-1.key --show
                """)
        @OptionGroup var officer: OneOfficer
        @Flag(name: .long, help: "Only show it.") var show = false
        @Option(name: .long, help: ArgumentHelp("The SHA-256 that was shown: approve that.", valueName: "digest"))
        var digest: String?
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func validate() throws {
            guard !show || digest == nil else { throw ValidationError("--show signs nothing: omit --digest.") }
        }

        func run() async throws {
            try SecretHandling.begin()
            let certificate = try Files.certificate(officer.certificate)
            let key = try OfficerShares.privateKey(officer.key)
            try await PoolClient.with(connection, authenticated: false) { client in
                let path = RestoreOfEverything.path
                let outline = RestoreOrderText(try await client.send(.GET, path).body)
                guard let place = OfficerVoting.place(of: certificate, in: outline.object) else {
                    throw ClientError.refused("\(officer.certificate) belongs to no officer in office.")
                }
                let view = try OfficerTool.view(try outline.subject(), as: place, privateKey: key)
                let order = RestoreOrderText(
                    try await OfficerVoting.give(view, as: place, at: path + "/consequences", client))
                let terms = try order.terms()
                if show { return output.print(order.object, text: order.text) }
                Terminal.note(order.text)
                try agree(to: terms)
                let signature = try OfficerTool.approve(terms, as: place, privateKey: key)
                let answer = RestoreOrderText(
                    try await OfficerVoting.give(signature, as: place, at: path + "/approvals", client))
                output.print(answer.object, text: "\(answer.approvals) of \(answer.required) approvals")
            }
        }

        /// Nobody signs what he hasn't read.
        private func agree(to terms: RestoreTerms) throws {
            let shown = Hexadecimal.encode(terms.digest)
            if let digest {
                guard digest.lowercased() == shown else {
                    throw ClientError.refused("The order isn't the one of --digest any more. Nothing was signed.")
                }
                return
            }
            guard isatty(STDIN_FILENO) != 0 else {
                throw ClientError.usage("Nobody can be asked here: read it with --show, then give --digest.")
            }
            Terminal.write("Approve it? (yes/no) ")
            guard readLine() == "yes" else { throw ClientError.refused("Nothing was signed.") }
        }
    }

    struct WithdrawRestore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "withdraw-restore", abstract: "Gives up an order to restore everything.",
            discussion: "Its approvals are worth nothing any more.\n\nExample: hsmctl backup withdraw-restore")
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            let gone = try await PoolClient.with(connection) { client in
                try await client.send(.DELETE, RestoreOfEverything.path).body
            }
            output.print(gone, text: "withdrawn: \(gone.text("id") ?? "?")")
        }
    }
}

/// An order as the pool tells of it.
struct RestoreOrderText {
    let object: JSONObject

    init(_ object: JSONObject) { self.object = object }

    var id: String { object.text("id") ?? "" }
    var folder: String { object.text("folder") ?? "" }
    var keepsCredentials: Bool { object.flag("keepCredentials") ?? false }
    var required: Int64 { object.number("approvalsRequired") ?? .max }
    var isOver: Bool { (object.number("expires") ?? 0) <= Int64(Date().timeIntervalSince1970) }
    var isApproved: Bool { Int64(approvals) >= required }

    var approvals: Int {
        guard case .array(let votes)? = object["approvals"] else { return 0 }
        return votes.count
    }

    private static let malformed = ClientError.refused("The pool's answer is malformed: is it of this version?")

    private static func bytes(_ name: String, of object: JSONObject) throws -> [UInt8] {
        guard let bytes = object.text(name).flatMap(Hexadecimal.decode) else { throw malformed }
        return bytes
    }

    func subject() throws -> RestoreTerms.Subject {
        guard let generation = object.number("generation").flatMap(UInt32.init(exactly:)),
            let epoch = object.number("epoch").flatMap(UInt64.init(exactly:))
        else { throw Self.malformed }
        return RestoreTerms.Subject(
            poolID: try Self.bytes("poolId", of: object),
            securityDomainID: try Self.bytes("securityDomainId", of: object), generation: generation, epoch: epoch,
            orderID: try Self.bytes("id", of: object))
    }

    /// What officers sign: all that is shown.
    func terms() throws -> RestoreTerms {
        guard let backup = object.object("backup"), let expires = object.number("expires"),
            let place = object.text("place"), let keeps = object.flag("keepCredentials"),
            case .array(let lines)? = object["consequences"], lines.count == object.texts("consequences").count
        else { throw Self.malformed }
        return RestoreTerms(
            subject: try subject(), expiresAt: expires, backupID: try Self.bytes("id", of: backup),
            headerDigest: try Self.bytes("headerSha256", of: backup), place: place, keepsCredentials: keeps,
            consequences: object.texts("consequences"))
    }

    /// For people.
    var text: String {
        let backup = object.object("backup")
        let orderedBy = object.text("orderedByName") ?? object.text("orderedBy") ?? "somebody who is gone"
        let changes = object.texts("consequences")
        var lines = [
            "Everything of the backup \(object.text("place") ?? "?")",
            "  of pool \(backup?.text("pool") ?? "?"), as of \(Moment.text(backup?.number("created"))), "
                + "log index \(backup?.number("index") ?? 0), header \(backup?.text("headerSha256") ?? "?")",
            "  ordered by \(orderedBy); good until \(Moment.text(object.number("expires")))",
            "  principals that come back "
                + (keepsCredentials ? "keep the secrets that they had" : "have no secret until they get a new one"),
            "All keys of the pool are replaced by those of the backup; keys made since are gone.",
            changes.isEmpty ? "Beside keys it changes nothing." : "Beside keys it changes this:",
        ]
        lines += changes.map { "  \($0)" }
        if let digest = try? terms().digest { lines.append("SHA-256 of all this: \(Hexadecimal.encode(digest))") }
        return lines.joined(separator: "\n")
    }
}
