import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// What becomes of an order to restore everything into the living pool: officers read it and approve it, an
/// administrator gives it up. Officers need no token: their signatures count. To read it they sign, too, since it names
/// people and their roles.
enum RestoreOrderEndpoints {
    private static let path = "/quorate/v1/restore-order"

    static let endpoints = [
        .officer(.get, path, "RestoreOrderGet") { context throws(APIError) in
            let state = try await context.latestState()
            return try answer(state, isWhole: false)
        },
        .officer(.post, path + "/consequences", "RestoreConsequencesShow", show),
        .officer(.post, path + "/approvals", "RestoreApprove", approve),
        administrator(.get, path + "/consequences", "RestoreConsequencesGet") { context throws(APIError) in
            try answer(context.view.state, isWhole: true)
        },
        administrator(.delete, path, "RestoreOrderWithdraw") { context throws(APIError) in
            let order = try found(in: context.view.state)
            _ = try await submit(.withdraw(id: order.id), context)
            return .object { $0.member("id", Hexadecimal.encode(order.id)) }
        },
    ]

    private static func administrator(
        _ method: HTTPMethod, _ path: String, _ operation: String,
        _ body: @escaping @Sendable (RequestContext) async throws(APIError) -> APIResponse
    ) -> Endpoint {
        Endpoint(
            method, path, operation: operation, access: .dataAction(.restoreStart, .root), isVersioned: false,
            handler: .asynchronous(body))
    }

    // MARK: Officers

    @Sendable
    private static func show(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let vote = try OfficerVote(context)
        let state = try await context.latestState()
        let subject = RestoreTerms(try found(in: state), in: state)?.subject
        _ = try vote.checked(of: officers(state), over: "the request to be shown this order") {
            subject?.isViewed(by: $0, publicKey: $1, signature: $2) == true
        }
        return try answer(state, isWhole: true)
    }

    @Sendable
    private static func approve(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let vote = try OfficerVote(context)
        let state = try await context.latestState()
        let order = try found(in: state)
        let terms = RestoreTerms(order, in: state)
        let given = try vote.checked(of: officers(state), over: "this order") {
            terms?.isApproved(by: $0, publicKey: $1, signature: $2) == true
        }
        return try answer(try await submit(.approve(id: order.id, given), context), isWhole: false)
    }

    // MARK: Parts

    private static func officers(_ state: PoolState) -> [[UInt8]] { state.securityDomain?.officers ?? [] }

    private static func found(in state: PoolState) throws(APIError) -> RestoreOrder {
        guard let order = state.restoreOrder else { throw APIError(restore: .restoreOrderNotFound) }
        return order
    }

    private static func submit(
        _ command: RestoreOrderCommand, _ context: RequestContext
    ) async throws(APIError) -> PoolState {
        let committed = try await context.submit(.restoreOrder(command))
        if case .refused(let refusal) = committed.outcome { throw APIError(restore: refusal) }
        return committed.view.state
    }

    // MARK: Answer

    private static func answer(_ state: PoolState, isWhole: Bool) throws(APIError) -> APIResponse {
        let order = try found(in: state)
        guard let terms = RestoreTerms(order, in: state), let domain = state.securityDomain else {
            throw .internalFailure("the pool's own record of the order doesn't decode")
        }
        return .object { writer in
            writer.member("id", Hexadecimal.encode(order.id))
            writer.member("poolId", Hexadecimal.encode(terms.subject.poolID))
            writer.member("securityDomainId", Hexadecimal.encode(terms.subject.securityDomainID))
            writer.member("generation", terms.subject.generation)
            writer.member("epoch", terms.subject.epoch)
            writer.member("expires", order.expires)
            writer.member("officers", array: domain.officers.map { Hexadecimal.encode(Digest.sha256($0)) })
            writer.member("approvalsRequired", domain.required)
            writer.member("approvals") { writer in
                writer.array { writer in for vote in order.approvals { writer.integer(UInt64(vote.officer)) } }
            }
            if isWhole { write(order, state, &writer) }
        }
    }

    private static func write(_ order: RestoreOrder, _ state: PoolState, _ writer: inout JSONWriter) {
        writer.member("place", order.place)
        writer.member("folder", order.folder)
        writer.member("keepCredentials", order.keepsCredentials)
        writer.member("backup") { writer in
            writer.object { writer in
                writer.member("id", Hexadecimal.encode(order.backup.id))
                writer.member("headerSha256", Hexadecimal.encode(order.backup.headerDigest))
                writer.member("pool", order.backup.pool)
                writer.member("index", order.backup.index)
                writer.member("created", order.backup.createdAt / 1000)
            }
        }
        if let orderedBy = order.orderedBy {
            writer.member("orderedBy", "\(orderedBy)")
            if let name = state.principal(orderedBy)?.displayName { writer.member("orderedByName", name) }
        }
        writer.member("consequences", array: order.consequences)
    }
}

extension RestoreTerms {
    /// nil where the pool's own records don't decode.
    init?(_ order: RestoreOrder, in state: PoolState) {
        guard let (pool, domain) = state.signedPool else { return nil }
        self.init(
            subject: Subject(
                poolID: pool.poolID, securityDomainID: domain, generation: pool.rootGeneration,
                epoch: pool.epoch, orderID: order.id),
            expiresAt: order.expires, backupID: order.backup.id, headerDigest: order.backup.headerDigest,
            place: order.place, keepsCredentials: order.keepsCredentials, consequences: order.consequences)
    }
}

extension APIError {
    /// A refusal of a command on an order, with what to do.
    fileprivate init(restore refusal: Refusal) {
        switch refusal {
        case .restoreOrderNotFound:
            self = .notFound("RestoreOrderNotFound", "No restore of everything waits for the officers' approval.")
        case .restoreOrderExpired: self = .conflict("The time for approvals is over: order the restore again.")
        case .jobRunning: self = .conflict("The restore is under way: wait for its end.")
        default: self = .unexpected(refusal)
        }
    }
}
