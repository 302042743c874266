import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import StrictJSON

/// The pool's nodes: who they are, who joins, who leaves, who leads. Whoever may change settings may change them.
enum NodeEndpoints {
    static func endpoints(node: any NodeControl) -> [Endpoint] {
        [
            administrator(.get, "/quorate/v1/nodes", "NodeList", .settingsRead) { context throws(APIError) in
                let health = await node.members()
                let state = context.view.state
                return .object { writer in
                    writer.member("value") { writer in
                        writer.array { writer in
                            for member in state.members {
                                writer.object { write(member, health, state, &$0) }
                            }
                            for invitation in state.invitations where invitation.expires > context.now {
                                writer.object { write(invitation, &$0) }
                            }
                        }
                    }
                }
            },
            administrator(.post, "/quorate/v1/nodes", "NodeInvite", .settingsWrite) { context throws(APIError) in
                try await invite(context, replacing: nil)
            },
            administrator(.post, "/quorate/v1/nodes/{id}/replace", "NodeReplace", .settingsWrite) {
                context throws(APIError) in
                try await invite(context, replacing: try number(context))
            },
            administrator(.delete, "/quorate/v1/nodes/{id}", "NodeRemove", .settingsWrite) { context throws(APIError) in
                let id = try number(context)
                let committed = try await submit(.removeNode(id), context)
                return .object { writer in
                    writer.member("id", id)
                    writer.member("state", state(of: id, in: committed.view.state))
                }
            },
            administrator(.post, "/quorate/v1/nodes/{id}/lead", "LeadershipTransfer", .settingsWrite) {
                context throws(APIError) in
                let id = try number(context)
                _ = try await submit(.requestLeadership(id), context)
                return .object(status: 202) { $0.member("id", id) }
            },
            administrator(.post, "/quorate/v1/seal", "NodeSeal", .settingsWrite) { context throws(APIError) in
                let isLast = try context.jsonBody()["last"] == .bool(true)
                do throws(UnsealRequestRefusal) {
                    try await node.seal(evenTheLast: isLast)
                } catch {
                    throw APIError(error)
                }
                return .object { $0.member("seal", "sealed") }
            },
            Endpoint(
                .post, "/quorate/v1/nodes/join", operation: "NodeJoin", access: .anonymous, phase: .unsealed,
                isVersioned: false, whenAnonymous: .recorded, handler: .asynchronous(join)),
        ]
    }

    private static func administrator(
        _ method: HTTPMethod, _ path: String, _ operation: String, _ action: DataAction,
        _ body: @escaping @Sendable (RequestContext) async throws(APIError) -> APIResponse
    ) -> Endpoint {
        Endpoint(
            method, path, operation: operation, access: .dataAction(action, .root), phase: .unsealed,
            isVersioned: false, handler: .asynchronous(body))
    }

    private static func number(_ context: RequestContext) throws(APIError) -> UInt64 {
        // The one path of this form that is not a node's; of its own it has another method.
        guard context.parameters["id"] != "join" else {
            throw APIError(
                status: 405, code: "MethodNotAllowed", message: "This path answers to POST only.",
                allowedMethods: "POST")
        }
        guard let id = context.parameters["id"].flatMap({ UInt64($0) }), id > 0 else {
            throw .badParameter("The path must name a node's id, a number.")
        }
        return id
    }

    /// How long a ticket is good for, in seconds.
    private static let ticketLife: Int64 = 3600

    private static func invite(
        _ context: RequestContext, replacing replaced: UInt64?
    ) async throws(APIError) -> APIResponse {
        let body = try context.jsonBody()
        guard case .string(let name)? = body["name"] else {
            throw .badParameter("The parameter 'name' must be a text of 1 to 63 lower-case letters, digits and '-'.")
        }
        var identity: [UInt8] = []
        if let given = body["publicKeySha256"] {
            guard case .string(let text) = given, let digest = Base64URL.decode(text), digest.count == 32 else {
                throw .badParameter("The parameter 'publicKeySha256' must be 32 bytes in base64url.")
            }
            identity = digest
        }
        let ticket = Random.bytes(32)
        let digest = Digest.sha256(ticket)
        let expires = context.now + ticketLife
        let committed = try await submit(
            .inviteNode(
                NodeInvitation(
                    name: name, ticketDigest: digest, expires: expires, identityDigest: identity, replaces: replaced)),
            context)
        guard let invitation = committed.view.state.invitation(ticketDigest: digest),
            let pool = committed.view.state.pool
        else { throw .internalFailure("an invitation that was applied isn't in the state") }
        return .object(status: 201) { writer in
            writer.member("pool", pool.name)
            writer.member("poolId", Hexadecimal.encode(pool.poolID))
            writer.member("id", invitation.node)
            writer.member("name", invitation.name)
            if let replaced { writer.member("replaces", replaced) }
            writer.member("expires", expires)
            writer.member("endpoints") { writer in
                writer.array { writer in
                    for member in committed.view.state.members where member.standing == .member {
                        writer.string(member.apiURL)
                    }
                }
            }
            // Shown this once: the pool keeps only its hash.
            writer.member("ticket", Base64URL.encode(ticket))
        }
    }

    /// The ticket is the proof; the node's key proves itself in every connection to a peer. Anybody may ask: what a
    /// stranger says must not reach the log, which all nodes store.
    @Sendable
    private static func join(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let body = try context.jsonBody()
        guard case .string(let ticketText)? = body["ticket"], let ticket = Base64URL.decode(ticketText),
            case .string(let keyText)? = body["publicKey"], let key = Base64URL.decode(keyText),
            case .string(let endpoint)? = body["endpoint"], case .string(let address)? = body["peerAddress"]
        else {
            throw .badParameter(
                "The parameters 'ticket' and 'publicKey' (base64url), 'endpoint' and 'peerAddress' are required.")
        }
        let admission = NodeAdmission(
            ticketDigest: Digest.sha256(ticket), publicKey: key, apiURL: endpoint, peerAddress: address,
            audience: HostTable.audience(host: String(endpoint.dropFirst("https://".count))),
            knownVersion: try knownVersion(body))
        guard MemberRules.publicKeyBytes.contains(key.count), (try? PublicKey(spkiDER: key)) != nil else {
            throw .badParameter("The public key can't be read.")
        }
        guard MemberRules.isValid(admission) else { throw APIError(nodes: .invalidAdmission) }
        guard isGiven(admission.ticketDigest, in: try await context.latestState()) else {
            throw APIError(nodes: .ticketUnknown)
        }
        let committed = try await submit(.admitNode(admission), context)
        return .object { writer in
            writer.member("epoch", committed.view.state.pool?.epoch ?? 1)
            writer.member("members") { writer in
                writer.array { writer in
                    for member in committed.view.state.members where !member.publicKey.isEmpty {
                        writer.object { writer in
                            writer.member("id", member.node)
                            writer.member("name", member.name)
                            writer.member("endpoint", member.apiURL)
                            writer.member("peerAddress", member.peerAddress)
                            writer.member("publicKey", Base64URL.encode(member.publicKey))
                        }
                    }
                }
            }
        }
    }

    /// Whether the pool has given a ticket with this SHA-256 to a node that may join, or has joined by it. The command
    /// decides the rest.
    private static func isGiven(_ digest: [UInt8], in state: PoolState) -> Bool {
        state.invitation(ticketDigest: digest) != nil || state.members.contains { $0.ticketDigest == digest }
    }

    /// The highest version of a pool that the node knows. One that doesn't say so knows the first.
    private static func knownVersion(_ body: JSONObject) throws(APIError) -> PoolVersion {
        guard let given = body["knowsPoolVersion"] else { return .first }
        guard case .integer(let number) = given, let version = UInt32(exactly: number), version > 0 else {
            throw .badParameter("The parameter 'knowsPoolVersion' must be a number from 1.")
        }
        return PoolVersion(rawValue: version)
    }

    private static func submit(_ command: PoolCommand, _ context: RequestContext) async throws(APIError) -> Committed {
        let committed = try await context.submit(command)
        guard case .refused(let refusal) = committed.outcome else { return committed }
        throw APIError(nodes: refusal)
    }

    // MARK: Answers

    private static func state(of node: UInt64, in state: PoolState) -> String {
        guard let member = state.member(node) else { return "removed" }
        if member.standing == .leaving { return "leaving" }
        if member.standing == .distrusted { return "distrusted" }
        guard let membership = state.membership, membership.isMember(node) else { return "joining" }
        return membership.voters.contains(node) ? "voter" : "learner"
    }

    private static func write(
        _ member: MemberRecord, _ health: [MemberHealth], _ state: PoolState, _ writer: inout JSONWriter
    ) {
        writer.member("id", member.node)
        writer.member("name", member.name)
        writer.member("state", self.state(of: member.node, in: state))
        if let replaced = member.replaces { writer.member("replaces", replaced) }
        writer.member("endpoint", member.apiURL)
        writer.member("peerAddress", member.peerAddress)
        writer.member("keySha256", Hexadecimal.encode(member.identityDigest))
        if let continuity = state.continuity(of: member.node) {
            writer.member("lastSign", continuity.lastSeen)
            writer.member("holdsTicket", continuity.isSettled)
        }
        guard let known = health.first(where: { $0.node == member.node }) else { return }
        writer.member("role", known.role)
        writer.member("seal", known.isSealed.map { $0 ? "sealed" : "unsealed" } ?? "unknown")
        writer.member("appliedIndex", known.appliedIndex)
        if let silence = known.silentForMilliseconds { writer.member("silentForMilliseconds", silence) }
    }

    private static func write(_ invitation: NodeInvitation, _ writer: inout JSONWriter) {
        writer.member("id", invitation.node)
        writer.member("name", invitation.name)
        writer.member("state", "invited")
        if let replaced = invitation.replaces { writer.member("replaces", replaced) }
        writer.member("expires", invitation.expires)
    }
}

extension APIError {
    /// A refusal of a command on nodes, with what to do.
    init(nodes refusal: Refusal) {
        switch refusal {
        case .memberNotFound: self = .notFound("NodeNotFound", "The pool has no node with this id.")
        case .nodeExists:
            self = .conflict("Another node has this name, key or address. Each node needs its own.")
        case .nodeTooOld:
            self = .conflict("The node's program is too old for the pool. Install the version that its members run.")
        case .nodeIsLeaving: self = .conflict("The node is leaving, or is being replaced already.")
        case .nodeCannotLead: self = .conflict("Only a voter that stays can lead. See: hsmctl node list")
        case .tooManyNodes:
            self = .conflict("The pool has as many nodes and invitations as it can have. Remove one first.")
        case .tooManyAudiences:
            self = .conflict(
                "The pool has as many token audiences as it can have, and none for this node's host. Give the node a "
                    + "name in the domain of a node that the pool had before, and the same port.")
        case .lastVoter: self = .forbidden("This is the last node that decides. Add another one first.")
        case .ticketUnknown, .ticketExpired, .ticketForOtherKey:
            self = .accessDenied("The ticket is not valid: it was never given, is used, expired, or for another key.")
        case .invalidInvitation:
            self = .badParameter("A node's name has 1 to 63 lower-case letters, digits and '-'.")
        case .invalidAdmission:
            self = .badParameter("The endpoint must be https://host:port, the peer address host:port.")
        default: self = .unexpected(refusal)
        }
    }
}
