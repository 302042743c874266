import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// How nodes are unsealed by their peers: the pool's settings, and the approval of one unsealing.
///
/// An administrator makes the settings stricter. Looser ones he orders, and a quorum of the officers in office approves
/// them: else who has stolen an administrator's credential and a node's disk could open the node by it.
enum PeerUnsealEndpoints {
    private static let path = "/quorate/v1/peer-unseal"
    /// How long officers have, in seconds.
    private static let life: Int64 = 86_400

    static func endpoints(node: any NodeControl) -> [Endpoint] {
        [
            .officer(.get, path, "PeerUnsealGet") { context throws(APIError) in answer(try await read(context)) },
            Endpoint(
                .post, path, operation: "PeerUnsealSet", access: .dataAction(.settingsWrite, .root), phase: .unsealed,
                isVersioned: false, handler: .asynchronous(set)),
            .officer(.post, path + "/approvals", "PeerUnsealApprove", approve),
            Endpoint(
                .post, "/quorate/v1/nodes/{id}/approve-unseal", operation: "NodeUnsealApprove",
                access: .dataAction(.settingsWrite, .root), phase: .unsealed, isVersioned: false,
                handler: .asynchronous { context throws(APIError) in try await approveUnsealing(context, node) }),
        ]
    }

    // MARK: One unsealing

    private static func approveUnsealing(
        _ context: RequestContext, _ node: any NodeControl
    ) async throws(APIError) -> APIResponse {
        guard let id = context.parameters["id"].flatMap({ UInt64($0) }), id > 0 else {
            throw .badParameter("The path must name a node's id, a number.")
        }
        let body = try context.jsonBody()
        guard case .string(let code)? = body["code"], code.utf8.count == 8,
            code.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { throw .badParameter("The parameter 'code' must be the eight digits that the sealed node shows.") }
        guard context.view.state.member(id) != nil else { throw APIError(peerUnseal: .memberNotFound) }
        let transcript: [UInt8]
        do throws(UnsealRequestRefusal) {
            transcript = try await node.unsealTranscript(of: id, code: code)
        } catch {
            throw error.isConflict ? .conflict(error.message) : .forbidden(error.message)
        }
        _ = try await submit(.approve(node: id, transcript: transcript), context)
        return .object { $0.member("id", id) }
    }

    // MARK: Settings

    @Sendable
    private static func set(_ context: RequestContext) async throws(APIError) -> APIResponse {
        guard let policy = context.view.state.peerUnsealPolicy else { throw unknown }
        let wanted = try settings(try context.jsonBody(), now: policy.settings)
        guard !wanted.areNoLooser(than: policy.settings) else {
            return answer(try await submit(.set(wanted), context).view.state)
        }
        let order = PeerUnsealOrder(id: Random.bytes(16), settings: wanted, expires: context.now + life)
        return answer(try await submit(.order(order), context).view.state, status: 202)
    }

    /// What the body leaves out stays as it is.
    private static func settings(
        _ body: JSONObject, now: PeerUnsealSettings
    ) throws(APIError) -> PeerUnsealSettings {
        var wanted = now
        if let given = body["mode"] {
            guard case .string(let name) = given, let mode = PeerUnsealMode(name: name) else {
                throw .badParameter("The parameter 'mode' must be 'automatic', 'attended' or 'off'.")
            }
            wanted.mode = mode
        }
        if let given = body["maxAbsenceSeconds"] {
            guard case .integer(let seconds) = given, PeerUnsealSettings.absences.contains(seconds) else {
                throw .badParameter("The parameter 'maxAbsenceSeconds' must be a number from 10 to 2592000.")
            }
            wanted.maxAbsence = seconds
        }
        return wanted
    }

    @Sendable
    private static func approve(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let vote = try OfficerVote(context)
        let state = try await read(context)
        guard let order = state.peerUnsealPolicy?.order else { throw APIError(peerUnseal: .peerUnsealOrderNotFound) }
        let terms = PeerUnsealTerms(order, in: state)
        let given = try vote.checked(of: state.securityDomain?.officers ?? [], over: "this order") {
            terms?.isApproved(by: $0, publicKey: $1, signature: $2) == true
        }
        return answer(try await submit(.vote(id: order.id, given), context).view.state)
    }

    // MARK: Parts

    private static let unknown = APIError.conflict(
        "The pool has a member whose program doesn't know these settings: upgrade it. See: hsmctl pool status")

    private static func read(_ context: RequestContext) async throws(APIError) -> PoolState {
        let state = try await context.latestState()
        guard state.peerUnsealPolicy != nil else { throw unknown }
        return state
    }

    private static func submit(
        _ command: PeerUnsealCommand, _ context: RequestContext
    ) async throws(APIError) -> Committed {
        let committed = try await context.submit(.peerUnsealing(command))
        guard case .refused(let refusal) = committed.outcome else { return committed }
        throw APIError(peerUnseal: refusal)
    }

    private static func answer(_ state: PoolState, status: Int = 200) -> APIResponse {
        .object(status: status) { writer in
            guard let policy = state.peerUnsealPolicy else { return }
            write(policy.settings, &writer)
            guard let order = policy.order else { return }
            writer.member("order") { writer in
                writer.object { writer in
                    writer.member("id", Hexadecimal.encode(order.id))
                    write(order.settings, &writer)
                    writer.member("expires", order.expires)
                    guard let terms = PeerUnsealTerms(order, in: state), let domain = state.securityDomain else {
                        return
                    }
                    writer.member("poolId", Hexadecimal.encode(terms.poolID))
                    writer.member("securityDomainId", Hexadecimal.encode(terms.securityDomainID))
                    writer.member("generation", terms.generation)
                    writer.member("epoch", terms.epoch)
                    writer.member("officers", array: domain.officers.map { Hexadecimal.encode(Digest.sha256($0)) })
                    writer.member("approvalsRequired", domain.required)
                    writer.member("approvals") { writer in
                        writer.array { writer in
                            for vote in policy.approvals { writer.integer(UInt64(vote.officer)) }
                        }
                    }
                }
            }
        }
    }

    private static func write(_ settings: PeerUnsealSettings, _ writer: inout JSONWriter) {
        writer.member("mode", settings.mode.name)
        writer.member("maxAbsenceSeconds", settings.maxAbsence)
    }
}

extension PeerUnsealMode {
    var name: String { "\(self)" }

    init?(name: String) {
        guard let mode = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = mode
    }
}

extension PeerUnsealTerms {
    /// nil where the pool's own records don't decode.
    init?(_ order: PeerUnsealOrder, in state: PoolState) {
        guard let (pool, domain) = state.signedPool else { return nil }
        self.init(
            poolID: pool.poolID, securityDomainID: domain, generation: pool.rootGeneration,
            epoch: pool.epoch, orderID: order.id, expiresAt: order.expires, mode: order.settings.mode.rawValue,
            maxAbsence: order.settings.maxAbsence)
    }
}

extension APIError {
    /// A refusal of a command on unsealing among peers, with what to do.
    fileprivate init(peerUnseal refusal: Refusal) {
        switch refusal {
        case .memberNotFound: self = .notFound("NodeNotFound", "The pool has no node with this id.")
        case .nodeIsLeaving: self = .conflict("The node is leaving, or doesn't count any more: replace it.")
        case .unsealByPeersOff:
            self = .conflict("The nodes of this pool don't unseal one another: its officers open them.")
        case .notActivated: self = .conflict("The pool has no officers yet: its first download makes them.")
        case .officersHaveToApprove: self = .conflict("The settings were changed meanwhile. Ask again.")
        case .peerUnsealOrderNotFound:
            self = .notFound("PeerUnsealOrderNotFound", "No settings wait for the officers' approval.")
        case .peerUnsealOrderExpired:
            self = .conflict("The time for approvals is over: set what is wanted again.")
        default: self = .unexpected(refusal)
        }
    }
}
