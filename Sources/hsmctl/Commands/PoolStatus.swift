import StrictJSON

/// How the nodes stand: what each says of itself, beside what one of them knows of the others.
struct PoolStatus {
    struct Node: Hashable {
        var name: String
        var id: Int64?
        var endpoint: String
        /// What it says of itself; `nil` when it didn't answer.
        var health: JSONObject?
        var version: String?
        /// The highest version of a pool that its program knows.
        var knownVersion: Int64?
        var failure: String?
    }

    private(set) var nodes: [Node] = []
    /// The answer of the node that gave the pool's status; `nil` where none could.
    let status: JSONObject?

    /// - Parameter asked: each endpoint that was asked for its health, in order, with its answer.
    init(status: JSONObject?, asked: [(endpoint: String, health: Result<JSONObject, any Error>)]) {
        self.status = status
        let members = status?.objects("members") ?? []
        for member in members {
            nodes.append(
                Node(
                    name: member.text("name") ?? "?", id: member.number("id"), endpoint: member.text("endpoint") ?? "?",
                    version: member.text("version"), knownVersion: member.number("knowsPoolVersion")))
        }
        for (endpoint, health) in asked { take(endpoint, health) }
    }

    /// A node may be asked under another name than its own, such as that of a load balancer.
    private mutating func take(_ endpoint: String, _ health: Result<JSONObject, any Error>) {
        switch health {
        case .success(let health):
            let name = health.text("node") ?? "?"
            if let index = nodes.firstIndex(where: { $0.name == name }) {
                guard nodes[index].health == nil else { return }
                nodes[index].health = health
                nodes[index].failure = nil
            } else {
                nodes.append(Node(name: name, endpoint: endpoint, health: health))
            }
        case .failure(let error):
            let text = (error as? NodeFailure).map(Self.reason) ?? "\(error)"
            if let index = nodes.firstIndex(where: { $0.endpoint == endpoint }) {
                if nodes[index].health == nil { nodes[index].failure = text }
            } else {
                nodes.append(Node(name: "?", endpoint: endpoint, failure: text))
            }
        }
    }

    private static func reason(_ failure: NodeFailure) -> String {
        switch failure.cause {
        case .unreachable(let text), .untrusted(let text), .interrupted(let text), .unavailable(let text): text
        }
    }

    /// The sealed nodes that their peers don't unseal, and why. Not the code: that is to be read at the node itself.
    var waiting: [String] {
        nodes.compactMap { node in
            guard let reason = node.health?.text("waitsBecause") else { return nil }
            let cure = node.health?.text("unsealCode") == nil
                ? "" : ". Approve it with the code in its log: hsmctl node approve-unseal \(node.name) --code …"
            return "\(node.name) isn't unsealed by its peers: \(reason)\(cure)"
        }
    }

    /// That keys which nothing protects open the pool; nil where none does.
    var developmentWarning: String? { UnsealKeyText.warning(status?.texts("developmentKeys") ?? []) }

    /// What the pool's schedule of backups is alarmed about; nil where all is well, or there is none.
    var backupWarning: String? {
        guard status?.flag("backupIsOverdue") == true else { return nil }
        let newest = status?.number("newestBackup").map { "is of \(Moment.text($0))" } ?? "was never made"
        return "ALARM: the newest good backup \(newest). Look at: hsmctl backup schedule show"
    }

    var answering: Int { nodes.count { $0.health != nil } }

    var table: Table {
        var table = Table(
            "NODE", "ENDPOINT", "ROLE", "LEADER", "TERM", "APPLIED", "COMMIT", "SEAL", "PHASE", "VERSION", "POOL")
        for node in nodes {
            guard let health = node.health else {
                table.row(
                    node.name, node.endpoint, "unreachable", "-", "-", "-", "-", "-", "-", node.version ?? "-",
                    poolVersion(node))
                continue
            }
            table.row(
                node.name, node.endpoint, Self.role(health), health.text("leader") ?? "-",
                Self.number(health, "term"), Self.number(health, "appliedIndex"), Self.number(health, "commitIndex"),
                health.text("seal") ?? "?", health.text("phase") ?? "?", node.version ?? "-",
                poolVersion(node))
        }
        return table
    }

    /// The pool's version, and what the node could do where that is more.
    private func poolVersion(_ node: Node) -> String {
        guard let version = status?.number("poolVersion") else { return "-" }
        guard let known = node.knownVersion, known != version else { return "\(version)" }
        return "\(version) (knows \(known))"
    }

    private static func role(_ health: JSONObject) -> String {
        (health.text("role") ?? "?") + (health.text("disk") == "full" ? " (disk full)" : "")
    }

    private static func number(_ health: JSONObject, _ name: String) -> String {
        health.number(name).map(String.init) ?? "-"
    }

    /// The status as the node gave it, with members as they say themselves that they are.
    var json: JSONObject {
        .make { writer in
            for member in status?.members ?? [] where member.name != "members" {
                writer.member(member.name) { $0.value(member.value) }
            }
            writer.member("members") { writer in
                writer.array { writer in for node in nodes { Self.write(node, &writer) } }
            }
        }
    }

    private static func write(_ node: Node, _ writer: inout JSONWriter) {
        writer.object { writer in
            if let id = node.id { writer.member("id", id) }
            writer.member("name", node.name)
            writer.member("endpoint", node.endpoint)
            writer.member("reachable", node.health != nil)
            for member in node.health?.members ?? [] where member.name != "node" {
                writer.member(member.name) { $0.value(member.value) }
            }
            if node.health == nil { writer.member("role", "unreachable") }
            if let version = node.version { writer.member("version", version) }
            if let known = node.knownVersion { writer.member("knowsPoolVersion", known) }
            if let failure = node.failure { writer.member("failure", failure) }
        }
    }
}
