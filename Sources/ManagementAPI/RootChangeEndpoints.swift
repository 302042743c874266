import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// A new root for the pool, with the same officers or others.
///
/// An administrator orders it and carries the file; it needs the approval of a quorum of the officers in office, each
/// of whom signs what it is about, and the confirmation of the next ones. Officers need no token: their signatures
/// count.
enum RootChangeEndpoints {
    private static let path = "/quorate/v1/root-change"

    static func endpoints(node: any NodeControl) -> [Endpoint] {
        [
            administrator(.post, path, "RootChangeBegin", bodyLimit: RootChangeRequest.maximumLength, begin),
            administrator(.post, path + "/domain", "RootChangePrepare") { context throws(APIError) in
                try await prepare(context, node)
            },
            administrator(.post, path + "/commit", "RootChangeCommit") { context throws(APIError) in
                let change = try current(context)
                let committed = try await submit(.commitRoot(id: change.id), context)
                return answer(try found(in: committed.view.state), committed.view.state)
            },
            administrator(.delete, path, "RootChangeAbort") { context throws(APIError) in
                let change = try current(context)
                _ = try await submit(.abortRootChange(id: change.id), context)
                return .object { $0.member("id", Hexadecimal.encode(change.id)) }
            },
            .officer(.get, path, "RootChangeGet") { context throws(APIError) in
                let state = try await context.latestState()
                return answer(try found(in: state), state)
            },
            .officer(.post, path + "/approvals", "RootChangeApprove", approve),
            .officer(.post, path + "/confirmations", "RootChangeConfirm", confirm),
        ]
    }

    private static func administrator(
        _ method: HTTPMethod, _ path: String, _ operation: String, bodyLimit: Int = Endpoint.defaultBodyLimit,
        _ body: @escaping @Sendable (RequestContext) async throws(APIError) -> APIResponse
    ) -> Endpoint {
        Endpoint(
            method, path, operation: operation, access: .dataAction(.securityDomainDownload, .root), phase: .unsealed,
            isVersioned: false, bodyLimit: bodyLimit, handler: .asynchronous(body))
    }

    // MARK: Steps

    /// How long officers in office have, in seconds.
    private static let life: Int64 = 86_400

    /// What the request leaves out stays: officers, keys of tokens, or both.
    @Sendable
    private static func begin(_ context: RequestContext) async throws(APIError) -> APIResponse {
        guard let domain = context.view.state.securityDomain else { throw APIError(root: .notActivated) }
        guard context.services.custody.unsealed?.keyring.hasRoomForAnotherRoot ?? true else {
            throw .conflict(
                "The pool has had as many roots as it can hold the keys of. Restore a backup into a new pool.")
        }
        var (officers, required, keys) = (domain.officers, domain.required, domain.unsealKeys)
        do {
            let next = try RootChangeRequest(parsing: context.request.body, quorum: domain.required)
            if let next = next.officers { (officers, required) = (next.certificates.map(\.der), next.required) }
            if let next = next.unsealKeys { keys = next.map { UnsealKey($0) } }
        } catch {
            throw .badParameter("The next officers or unseal keys can't be used: \(error).")
        }
        let order = RootChangeOrder(
            id: Random.bytes(16), required: required, officers: officers, expires: context.now + life,
            unsealKeys: keys)
        let committed = try await submit(.beginRootChange(order), context)
        return answer(try found(in: committed.view.state), committed.view.state, status: 201)
    }

    @Sendable
    private static func approve(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let vote = try OfficerVote(context)
        let state = try await context.latestState()
        let change = try found(in: state)
        let terms = RootChangeTerms(change, in: state)
        let given = try vote.checked(of: state.securityDomain?.officers ?? [], over: "this change") {
            terms?.isApproved(by: $0, publicKey: $1, signature: $2) == true
        }
        let committed = try await submit(.approveRootChange(id: change.id, given), context)
        return answer(try found(in: committed.view.state), committed.view.state)
    }

    /// The next root, and the file of its officers: it is in this answer and nowhere else. Asked for again, it is made
    /// anew.
    private static func prepare(
        _ context: RequestContext, _ node: any NodeControl
    ) async throws(APIError) -> APIResponse {
        guard let unsealed = context.services.custody.unsealed, let pool = context.view.state.pool else {
            throw .sealed
        }
        let change = try current(context)
        guard unsealed.keyring.sealed.encode() == pool.keyring else {
            throw .conflict("This node is about to follow a change of the pool's keys. Ask again.")
        }
        guard change.approvals.count >= context.view.state.securityDomain?.required ?? .max else {
            throw APIError(root: .rootNotApproved)
        }
        let made = try await context.services.computation.run { () throws(CryptoError) in
            do {
                return try NextRoot(change, pool, unsealed.keyring)
            } catch let error as CryptoError {
                throw error
            } catch {
                throw CryptoError.internalFailure("\(error)")
            }
        }
        _ = try await submit(.prepareRoot(id: change.id, made.prepared), context)
        // Who has the file can open the pool: also one that is powered off now.
        guard await node.store() else {
            throw .unavailable("The node's disk has no room for it. Free some, and prepare the next root anew.")
        }
        return .object { writer in
            writer.member("id", Hexadecimal.encode(change.id))
            writer.member("value", String(decoding: made.file.json(), as: UTF8.self))
        }
    }

    @Sendable
    private static func confirm(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let vote = try OfficerVote(context)
        let state = try await context.latestState()
        let change = try found(in: state)
        guard let prepared = change.prepared else { throw APIError(root: .rootNotPrepared) }
        let terms = RootChangeTerms(change, in: state)
        let given = try vote.checked(
            of: change.order.officers, title: "next officer", over: "the share that was prepared last"
        ) { place, publicKey, signature in
            guard let commitment = try? ShareCommitment(digest: prepared.commitments[place - 1]) else { return false }
            return terms?.isConfirmed(
                by: place, publicKey: publicKey, commitment: commitment, signature: signature) == true
        }
        let committed = try await submit(.confirmRoot(id: change.id, given), context)
        // With the last confirmation of a pool of one node the change may have ended already.
        guard let now = committed.view.state.rootChange else { return answer(change, state) }
        return answer(now, committed.view.state)
    }

    // MARK: Parts

    private static func current(_ context: RequestContext) throws(APIError) -> RootChange {
        try found(in: context.view.state)
    }

    private static func found(in state: PoolState) throws(APIError) -> RootChange {
        guard let change = state.rootChange else { throw APIError(root: .rootChangeNotFound) }
        return change
    }

    private static func submit(_ command: PoolCommand, _ context: RequestContext) async throws(APIError) -> Committed {
        let committed = try await context.submit(command)
        guard case .refused(let refusal) = committed.outcome else { return committed }
        throw APIError(root: refusal)
    }

    // MARK: Answers

    private static func answer(_ change: RootChange, _ state: PoolState, status: Int = 200) -> APIResponse {
        .object(status: status) { writer in
            writer.member("id", Hexadecimal.encode(change.id))
            writer.member("stage", stage(change))
            writer.member("generation", change.generation)
            writer.member("expires", change.order.expires)
            if let terms = RootChangeTerms(change, in: state) {
                writer.member("poolId", Hexadecimal.encode(terms.poolID))
                writer.member("securityDomainId", Hexadecimal.encode(terms.securityDomainID))
                writer.member("epoch", terms.epoch)
            }
            let domain = change.former ?? state.securityDomain
            writer.member("officers", array: (domain?.officers ?? []).map { Hexadecimal.encode(Digest.sha256($0)) })
            writer.member("approvalsRequired", domain?.required ?? 0)
            list("approvals", change.approvals.map { UInt64($0.officer) }, &writer)
            writer.member("required", change.order.required)
            writer.member("nextOfficers", array: change.order.officers.map { Base64URL.encode($0) })
            list("confirmations", change.confirmations.map { UInt64($0.officer) }, &writer)
            writer.member("commitments", array: (change.prepared?.commitments ?? []).map { Base64URL.encode($0) })
            list("holders", change.holders, &writer)
            writer.member("unsealKeys") { AutoUnsealEndpoints.write(change.order.unsealKeys, &$0) }
        }
    }

    private static func list(_ name: String, _ numbers: [UInt64], _ writer: inout JSONWriter) {
        writer.member(name) { writer in
            writer.array { writer in for number in numbers { writer.integer(number) } }
        }
    }

    private static func stage(_ change: RootChange) -> String {
        if change.committed != nil { return "committed" }
        return change.prepared == nil ? "proposed" : "prepared"
    }
}

extension RootChangeTerms {
    /// nil where the pool's own records don't decode.
    init?(_ change: RootChange, in state: PoolState) {
        guard let (pool, domain) = state.signedPool,
            let keys = try? change.order.unsealKeys.map({ try AutoUnsealKey($0) })
        else { return nil }
        self.init(
            poolID: pool.poolID, securityDomainID: domain, generation: change.generation,
            epoch: pool.epoch, changeID: change.id, expiresAt: change.order.expires, required: change.order.required,
            officers: change.order.officers, unsealKeys: keys)
    }
}

/// The next root and what goes with it.
private struct NextRoot: Sendable {
    let prepared: PreparedRoot
    let file: SecurityDomainFile

    init(_ change: RootChange, _ pool: PoolRecord, _ keyring: Keyring) throws {
        let rotation = try keyring.rotatingRoot()
        let next = rotation.next
        defer { next.root.destroy() }
        let certificates = try change.order.officers.enumerated().map { try OfficerCertificate(der: $1, position: $0) }
        let made = try SecurityDomainFile.make(
            root: next.root, formerRoots: try keyring.formerRoots(pool.formerRoots) + [keyring.root],
            identity: next.identity,
            officers: try Officers(certificates: certificates, required: change.order.required))
        file = made.file
        prepared = PreparedRoot(
            base: Digest.sha256(pool.keyring), keyring: next.sealed.encode(), bridge: rotation.bridge.bytes,
            wayBack: rotation.wayBack.bytes, commitments: made.commitments.map(\.digest),
            encryptedData: made.file.encryptedItems.json(),
            unsealRecords: try change.order.unsealKeys.map { key in
                try AutoUnsealRecord(sealing: next.root, of: next.identity, for: try AutoUnsealKey(key)).encode()
            })
    }
}

extension APIError {
    /// A refusal of a step in the change of the root, with what to do.
    init(root refusal: Refusal) {
        switch refusal {
        case .notActivated: self = .conflict("The pool has no officers yet: its first download makes them.")
        case .rootChangeUnderWay:
            self = .conflict("Another change of the root is under way. Finish it, or abort it.")
        case .rootChangeNotFound: self = .notFound("RootChangeNotFound", "No change of the root is under way.")
        case .rootChangeCommitted:
            self = .conflict("The next root rules already; the change ends by itself when every node has followed.")
        case .rootChangeExpired: self = .conflict("The time for approvals is over: abort the change and begin anew.")
        case .rootNotApproved: self = .forbidden("A quorum of the officers in office has to approve first.")
        case .rootNotPrepared: self = .conflict("The next root isn't prepared yet.")
        case .rootNotConfirmed: self = .conflict("A quorum of the next officers has to confirm first.")
        case .rootGenerationMismatch:
            self = .conflict("The pool's keys were changed since the next root was prepared: prepare it anew.")
        case .jobRunning:
            self = .conflict("A backup or restore is under way: the root can't change until it has ended.")
        default: self = .unexpected(refusal)
        }
    }
}
