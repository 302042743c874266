import ArgumentParser
import CryptographicModule
import NIOHTTP1
import SecurityDomain
import StrictJSON

/// How the pool's nodes are unsealed by their peers.
struct PeerUnsealCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peer-unseal",
        abstract: "Shows and sets how nodes are unsealed by their peers.",
        discussion: """
            automatic: a node that shows its latest ticket, in the same machine, and wasn't away for too long, is \
            unsealed without a person. attended: an administrator approves each unsealing ('hsmctl node \
            approve-unseal'). off: officers open each node, or its token does.

            Stricter settings take effect at once. Looser ones wait for the approval of a quorum of the officers in \
            office, for 24 hours at most:

              hsmctl pool peer-unseal set --mode automatic
              hsmctl pool peer-unseal approve --officer officer-1.crt:officer-1.key    # a quorum in office
            """,
        subcommands: [Show.self, Set.self, Approve.self])

    static let path = "/quorate/v1/peer-unseal"

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the settings, and what waits for the officers.",
            discussion: "Needs no credentials.\n\nExample: hsmctl pool peer-unseal show")
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            let found = try await PoolClient.with(connection, authenticated: false) { client in
                try await client.send(.GET, path).body
            }
            output.print(found, text: PeerUnsealing(found).text)
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sets how nodes are unsealed by their peers.",
            discussion: """
                What isn't named stays. An order that waits for the officers is dropped, or replaced.

                Example: hsmctl pool peer-unseal set --mode attended
                """)
        @Option(name: .long, help: ArgumentHelp("'automatic', 'attended' or 'off'.", valueName: "mode"))
        var mode: String?
        @Option(
            name: .long,
            help: ArgumentHelp(
                "How long a node may be away and still be unsealed without a person: 10 to 2592000.",
                valueName: "seconds"))
        var maxAbsence: Int?
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func validate() throws {
            guard mode != nil || maxAbsence != nil else {
                throw ValidationError("Name --mode, --max-absence, or both.")
            }
            guard ["automatic", "attended", "off"].contains(mode ?? "off") else {
                throw ValidationError("The mode is 'automatic', 'attended' or 'off'.")
            }
            guard (10...2_592_000).contains(maxAbsence ?? 10) else {
                throw ValidationError("An absence has 10 to 2592000 seconds.")
            }
        }

        func run() async throws {
            let found = try await PoolClient.with(connection) { client in
                try await client.send(.POST, path) { writer in
                    if let mode { writer.member("mode", mode) }
                    if let maxAbsence { writer.member("maxAbsenceSeconds", maxAbsence) }
                }.body
            }
            output.print(found, text: PeerUnsealing(found).text)
        }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "An officer in office approves looser settings.",
            discussion: """
                Shows what is to be in force, and signs that, for this pool and this order alone. With --mode and \
                --max-absence it signs nothing where they differ. Needs no credentials.

                Example: hsmctl pool peer-unseal approve --officer officer-1.crt:officer-1.key
                """)
        @OptionGroup var officer: OneOfficer
        @Option(name: .long, help: ArgumentHelp("The mode that you were told of.", valueName: "mode"))
        var mode: String?
        @Option(name: .long, help: ArgumentHelp("The absence that you were told of.", valueName: "seconds"))
        var maxAbsence: Int64?
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try SecretHandling.begin()
            let certificate = try Files.certificate(officer.certificate)
            let key = try OfficerShares.privateKey(officer.key)
            let answer = try await PoolClient.with(connection, authenticated: false) { client in
                let order = try PeerUnsealing(try await client.send(.GET, path).body).order()
                let (wantedMode, wantedAbsence) = (order.text("mode"), order.number("maxAbsenceSeconds"))
                guard mode ?? wantedMode == wantedMode, maxAbsence ?? wantedAbsence == wantedAbsence else {
                    throw ClientError.refused(
                        "The order is for mode '\(wantedMode ?? "?")' and an absence of \(wantedAbsence ?? 0) s. "
                            + "Nothing was signed.")
                }
                Terminal.note("To be in force: mode \(wantedMode ?? "?"), absence up to \(wantedAbsence ?? 0) s.")
                guard let place = OfficerVoting.place(of: certificate, in: order) else {
                    throw ClientError.refused("\(officer.certificate) belongs to no officer in office.")
                }
                let signature = try OfficerTool.approve(
                    try PeerUnsealing.terms(order), as: place, privateKey: key)
                return try await OfficerVoting.give(signature, as: place, at: path + "/approvals", client)
            }
            output.print(answer, text: PeerUnsealing(answer).text)
        }
    }
}

/// The settings as the pool tells of them.
private struct PeerUnsealing {
    let object: JSONObject

    init(_ object: JSONObject) { self.object = object }

    /// What waits for the officers.
    func order() throws -> JSONObject {
        guard let order = object.object("order") else {
            throw ClientError.notFound("No settings wait for the officers' approval.")
        }
        return order
    }

    /// What officers sign.
    static func terms(_ order: JSONObject) throws -> PeerUnsealTerms {
        func bytes(_ name: String) throws -> [UInt8] {
            guard let bytes = order.text(name).flatMap(Hexadecimal.decode) else { throw malformed }
            return bytes
        }
        let modes = ["automatic", "attended", "off"]
        guard let mode = order.text("mode").flatMap({ modes.firstIndex(of: $0) }),
            let generation = order.number("generation").flatMap(UInt32.init(exactly:)),
            let epoch = order.number("epoch").flatMap(UInt64.init(exactly:)), let expires = order.number("expires"),
            let absence = order.number("maxAbsenceSeconds")
        else { throw malformed }
        return PeerUnsealTerms(
            poolID: try bytes("poolId"), securityDomainID: try bytes("securityDomainId"), generation: generation,
            epoch: epoch, orderID: try bytes("id"), expiresAt: expires, mode: UInt8(mode), maxAbsence: absence)
    }

    private static let malformed = ClientError.refused("The pool's answer is malformed: is it of this version?")

    private static func text(_ settings: JSONObject) -> String {
        "\(settings.text("mode") ?? "?"), absence up to \(settings.number("maxAbsenceSeconds") ?? 0) s"
    }

    var text: String {
        guard let order = object.object("order") else { return Self.text(object) }
        var given = 0
        if case .array(let votes)? = order["approvals"] { given = votes.count }
        return "\(Self.text(object))\nordered: \(Self.text(order)); "
            + "\(given) of \(order.number("approvalsRequired") ?? 0) approvals"
    }
}
