import ArgumentParser
import CryptographicModule
import Foundation
import NIOHTTP1
import SecurityDomain
import StrictJSON

/// What is left of a pool that has lost its majority, and how one of its nodes goes on alone.
struct RecoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Lets one node go on alone, when a majority of the pool is lost for good.",
        discussion: """
            Without --at it only asks every node that is named and shows which one has most, and what may be lost. \
            Nothing is changed.

            With --at the officers' shares go to that node, as with 'hsmctl unseal'. When enough are in, it takes \
            everything in its log for settled, begins a new epoch with itself as the only node, and stops; start it \
            again, open it with 'hsmctl unseal', and let new nodes join. The former nodes never come in again: they \
            must be down, and stay down, for two halves of a pool would otherwise both answer. Say so with \
            --others-are-destroyed.

            Example: hsmctl pool recover
            Example: hsmctl pool recover --at https://node-2:8443 --others-are-destroyed --security-domain \
            security-domain.json --officer officer-1.crt:officer-1.key
            """)
    @Option(name: .long, help: ArgumentHelp("The node that goes on.", valueName: "url")) var at: String?
    @Flag(name: .long, help: "All other nodes are down and will never be started again.")
    var othersAreDestroyed = false
    @Option(
        name: .long, help: ArgumentHelp("The security domain file.", valueName: "file"), completion: .file())
    var securityDomain: String?
    @Option(
        name: .customLong("officer"), parsing: .singleValue,
        help: ArgumentHelp("The PEM files of one officer; repeat it for more.", valueName: "certificate:key"),
        completion: .file())
    var officers: [String] = []
    @Option(
        name: .long,
        help: ArgumentHelp("The PEM certificate that the node shows to its peers.", valueName: "file"),
        completion: .file())
    var nodeCertificate: String?
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard at != nil else { return }
        guard othersAreDestroyed else {
            throw ValidationError(
                "Two halves of a pool would both answer if the others came back: make sure that they can't, and say "
                    + "--others-are-destroyed.")
        }
        guard securityDomain != nil, !officers.isEmpty else {
            throw ValidationError("--security-domain and --officer are needed.")
        }
        for officer in officers where officer.split(separator: ":").count != 2 {
            throw ValidationError("'\(officer)' isn't CERTIFICATE:KEY.")
        }
    }

    func run() async throws {
        try SecretHandling.begin()
        let at = try at.map(ConnectionOptions.checked)
        var connection = connection
        if let at, !connection.namesPool { connection.endpoint = [at] }
        try await PoolClient.with(connection, authenticated: false, answerSeconds: 60) { client in
            // The node that goes on is compared with the others, whether it is among the endpoints or not.
            let others = client.endpoints.filter { $0 != at }
            let survivors = Survivors(asked: await client.transport.healths(others + [at].compactMap { $0 }))
            guard let at else { return try show(survivors) }
            try await recover(at, survivors, client)
        }
    }

    private func show(_ survivors: Survivors) throws {
        output.print(survivors.json) { survivors.table }
        if let leader = survivors.leader {
            return Terminal.note("\(leader) leads a majority: there is nothing to recover.")
        }
        guard let furthest = survivors.furthest else { throw ClientError.unavailable("No node answers.") }
        Terminal.note(
            "\(furthest.name) has most: recover there. What other nodes alone have is lost. A write that was answered "
                + "may be among it: it was on a majority, of which none of these need have been part.")
    }

    private func recover(_ endpoint: String, _ survivors: Survivors, _ client: PoolClient) async throws {
        if let leader = survivors.leader {
            throw ClientError.refused("\(leader) leads a majority: there is nothing to recover.")
        }
        if let best = survivors.furthest, let chosen = survivors.nodes.first(where: { $0.endpoint == endpoint }),
            best.position > chosen.position
        {
            Terminal.note("\(best.name) has more than \(chosen.name): what it alone has will be lost.")
        }
        guard let securityDomain else { return }
        let shares = OfficerShares(
            path: securityDomain, file: try Files.read(securityDomain),
            pinned: try nodeCertificate.map { Digest.sha256(try Files.certificate($0).spkiDER) })
        let invitation = try await shares.invitation(
            client, endpoint, "/quorate/v1/recovery", for: .recoverPool, officer: officers[0])
        let envelopes = try shares.seal(officers, invitation)
        var last = JSONObject()
        for envelope in envelopes {
            last = try PoolClient.check(
                await client.send(
                    .POST, "/quorate/v1/recovery/shares",
                    body: { $0.member("envelope", Base64URL.encode(envelope.encode())) }, to: endpoint)
            ).body
            if last.flag("recovered") == true { break }
        }
        output.print(last) { .fields(last) }
        let next = last.flag("recovered") == true
            ? "The node goes on alone, and stops now: start it again, then open it with 'hsmctl unseal'."
            : "The node waits for more officers."
        Terminal.note(next)
    }
}

/// The nodes that still answer.
struct Survivors {
    struct Node {
        let name: String
        let endpoint: String
        let health: JSONObject
        /// Of two logs the one with the later term, then the higher index, holds all that the other can have promised.
        var position: (term: Int64, index: Int64) {
            (health.number("lastTerm") ?? 0, health.number("lastIndex") ?? 0)
        }
    }

    let nodes: [Node]
    let silent: [String]

    init(asked: [(endpoint: String, health: Result<JSONObject, any Error>)]) {
        nodes = asked.compactMap { endpoint, health in
            guard let health = try? health.get() else { return nil }
            return Node(name: health.text("node") ?? "?", endpoint: endpoint, health: health)
        }
        silent = asked.filter { (try? $0.health.get()) == nil }.map(\.endpoint)
    }

    var furthest: Node? { nodes.max { $0.position < $1.position } }

    /// The name of a leader that some node follows.
    var leader: String? { nodes.lazy.compactMap { $0.health.text("leader") }.first }

    var table: Table {
        var table = Table("NODE", "ENDPOINT", "SEAL", "EPOCH", "LOG TERM", "LOG END", "COMMIT", "APPLIED", "")
        for node in nodes {
            table.row(
                node.name, node.endpoint, node.health.text("seal") ?? "?", number(node, "epoch"),
                number(node, "lastTerm"), number(node, "lastIndex"), number(node, "commitIndex"),
                number(node, "appliedIndex"), node.name == furthest?.name ? "has most" : "")
        }
        for endpoint in silent { table.row("?", endpoint, "-", "-", "-", "-", "-", "-", "doesn't answer") }
        return table
    }

    private func number(_ node: Node, _ name: String) -> String { node.health.number(name).map(String.init) ?? "-" }

    var json: JSONObject {
        .make { writer in
            if let furthest { writer.member("furthest", furthest.name) }
            writer.member("silent", array: silent)
            writer.member("nodes") { writer in
                writer.array { writer in
                    for node in nodes {
                        writer.object { writer in
                            writer.member("endpoint", node.endpoint)
                            for member in node.health.members { writer.member(member.name) { $0.value(member.value) } }
                        }
                    }
                }
            }
        }
    }
}
