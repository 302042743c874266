import ArgumentParser
import CryptographicModule
import Foundation
import NIOHTTP1
import SecurityDomain
import StrictJSON

struct UnsealCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unseal",
        abstract: "Opens a sealed node with officers' shares.",
        discussion: """
            Each officer runs this on the own machine with the own key, all of them for the same node; it opens when \
            enough shares are in and a majority of the pool's nodes runs. Peers of an open node are unsealed by it. \
            No credentials are needed.

            A share is sealed to the key that the node shows. Name the node's certificate, as you got it when the pool \
            was made, so that nobody can stand between you and the node.

            Example: hsmctl unseal --endpoint https://node-1.example.com:8443 --ca api-ca.crt --node-certificate \
            node-1.crt --security-domain security-domain.json --officer officer-1.crt:officer-1.key
            """)
    @OptionGroup var officers: OfficerOptions
    @Option(
        name: .long,
        help: ArgumentHelp("How long to wait for the pool's majority once enough shares are in.", valueName: "seconds"))
    var timeout: Int64 = 60
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard (1...3600).contains(timeout) else { throw ValidationError("--timeout is 1 to 3600 seconds.") }
    }

    func run() async throws {
        try SecretHandling.begin()
        let shares = try officers.open()
        try await PoolClient.with(connection, authenticated: false, answerSeconds: max(timeout, 30)) { client in
            let choice = try UnsealChoice(await client.transport.healths(client.endpoints))
            let node = choice.node
            if !node.isSealed {
                let state = JSONObject.make {
                    $0.member("node", node.name)
                    $0.member("unsealed", true)
                }
                if let note = choice.note { Terminal.note(note) }
                return output.print(state, text: "\(node.name) is unsealed already; it unseals its peers.")
            }
            if client.endpoints.count > 1 {
                Terminal.note("The shares go to \(node.name), \(node.endpoint): all officers name the same node.")
            }
            let invitation = try await shares.invitation(
                client, node.endpoint, "/quorate/v1/unseal", for: .unseal, officer: officers.officers[0])
            let envelopes = try shares.seal(officers.officers, invitation)
            var last = JSONObject()
            for envelope in envelopes {
                last = try await submit(envelope, to: node, client)
                let state = last.flag("unsealed") == true ? "unsealed" : "waiting for more"
                let text = "share \(last.number("officers") ?? 0) of \(last.number("required") ?? 0): \(state)"
                if !output.json { StandardOutput.line(text) }
                // Further shares find no ceremony.
                if last.flag("unsealed") == true { break }
            }
            guard output.json else { return }
            output.printJSON(
                .object(
                    .make { writer in
                        writer.member("node", node.name)
                        for member in last.members { writer.member(member.name) { $0.value(member.value) } }
                    }))
        }
    }

    /// Sends a share. The last one's answer comes when the node has found the pool's majority.
    private func submit(
        _ envelope: ShareEnvelope, to node: UnsealChoice.Node, _ client: PoolClient
    ) async throws -> JSONObject {
        let (transport, endpoints, timeout) = (client.transport, client.endpoints, timeout)
        let encoded = Base64URL.encode(envelope.encode())
        let progress = Task {
            try await Task.sleep(for: .seconds(2))
            while true {
                let wait = MajorityWait(node: node.name, asked: await transport.healths(endpoints))
                Terminal.note(wait.text)
                try await Task.sleep(for: .seconds(5))
            }
        }
        defer { progress.cancel() }
        do {
            return try PoolClient.check(
                await client.send(
                    .POST, "/quorate/v1/unseal/shares", body: { $0.member("envelope", encoded) }, to: node.endpoint,
                    seconds: timeout)
            ).body
        } catch let failure as NodeFailure {
            guard case .interrupted = failure.cause else { throw failure }
            let wait = MajorityWait(node: node.name, asked: await transport.healths(endpoints))
            throw ClientError.unavailable(
                "\(NodeFailure.summary([failure]))\n        \(wait.text)\n        The shares stay in: the node opens "
                    + "by itself once a majority of the pool's nodes runs. 'hsmctl pool status' shows it.")
        }
    }
}

/// The node that officers open: the first one that is sealed and that nobody else opens.
struct UnsealChoice {
    struct Node {
        let endpoint: String
        let health: JSONObject
        var name: String { health.text("node") ?? "the node" }
        var isSealed: Bool { health.text("seal") != "unsealed" }
    }

    /// The node; an open one where there is nothing for officers to do.
    let node: Node
    /// What is to be said of nodes that are sealed although this one is open.
    let note: String?

    /// - Parameter asked: each endpoint that was asked for its health, in order, with its answer.
    /// - Throws: ``ClientError`` when none has answered.
    init(_ asked: [(endpoint: String, health: Result<JSONObject, any Error>)]) throws {
        var nodes: [Node] = []
        var failures: [NodeFailure] = []
        for (endpoint, health) in asked {
            switch health {
            case .success(let health): nodes.append(Node(endpoint: endpoint, health: health))
            case .failure(let failure as NodeFailure): failures.append(failure)
            case .failure(let error): throw error
            }
        }
        let sealed = nodes.filter(\.isSealed)
        let open = nodes.first { !$0.isSealed }
        // Peers open the others in a moment: shares given to those would be left over.
        let stuck = sealed.first { open == nil || $0.health.text("waitsBecause") != nil }
        guard let node = stuck ?? open else { throw NodeFailure.error(failures) }
        self.node = node
        note = node.isSealed || sealed.isEmpty
            ? nil
            : "Still sealed: \(sealed.map(\.name).joined(separator: ", ")). If that lasts, name one of them alone with "
                + "--endpoint; 'hsmctl pool status' shows why it waits."
    }
}

/// Why a node with enough shares isn't open yet.
struct MajorityWait {
    let text: String

    init(node: String, asked: [(endpoint: String, health: Result<JSONObject, any Error>)]) {
        let healths = asked.compactMap { try? $0.health.get() }
        let silent = asked.filter { (try? $0.health.get()) == nil }.map(\.endpoint)
        let own = healths.first { $0.text("node") == node }
        var parts: [String]
        if let own, let leader = own.text("leader") {
            let (applied, commit) = (own.number("appliedIndex") ?? 0, own.number("commitIndex") ?? 0)
            parts = ["\(node) follows the leader \(leader) and reads the pool's state: \(applied) of \(commit)"]
        } else if own != nil {
            parts = ["\(node) waits for a majority of the pool's nodes: none of them leads"]
        } else {
            parts = ["\(node) doesn't answer any more"]
        }
        if !silent.isEmpty { parts.append("not answering: \(silent.joined(separator: ", "))") }
        text = parts.joined(separator: "; ")
    }
}
