import CryptographicModule
import Logging
import ManagementAPI
import NodeEnvironment
import PoolState
import Raft
import RequestPipeline
import SecurityDomain

/// The granting side of unsealing among peers.
///
/// A grant is committed, and so in everybody's log, before the root leaves this node. Whether there may be one is
/// decided when it is applied; what is looked at before is for a clear answer and for not filling the log.
final class PeerUnsealing: Sendable {
    /// The asking side: this node is sealed or not, so it needs one of both at a time.
    let asking: PeerUnsealAsking
    /// What waits for an administrator's approval.
    let requests = UnsealRequests()
    private let identity: PeerIdentity
    /// The public key of a member, as this node knows it; nil for who is none.
    private let keyOf: @Sendable (NodeID) -> [UInt8]?
    private let pool: any Pool
    private let custody: any KeyCustody
    private let alarms: AlarmJournal
    private let logger: Logger
    private let unixMilliseconds: @Sendable () -> Int64
    private let send: @Sendable (PeerMessage, NodeID) -> Void
    private let allowances = MemberAllowances()

    init(
        asking: PeerUnsealAsking, identity: PeerIdentity, keyOf: @escaping @Sendable (NodeID) -> [UInt8]?,
        pool: any Pool, custody: any KeyCustody, alarms: AlarmJournal, logger: Logger,
        unixMilliseconds: @escaping @Sendable () -> Int64 = { SystemClock().unixMilliseconds() },
        send: @escaping @Sendable (PeerMessage, NodeID) -> Void
    ) {
        (self.asking, self.identity, self.keyOf) = (asking, identity, keyOf)
        (self.pool, self.custody) = (pool, custody)
        (self.alarms, self.logger) = (alarms, logger)
        (self.unixMilliseconds, self.send) = (unixMilliseconds, send)
    }

    func receive(_ message: PeerMessage, from sender: NodeID) {
        switch message {
        case .unsealRequest(let bytes): Task { await answer(bytes, from: sender) }
        case .unsealReply(let bytes): Task { await asking.take(bytes, from: sender) }
        default: break
        }
    }

    // MARK: Granting

    func answer(_ bytes: [UInt8], from sender: NodeID) async {
        guard let keyring = custody.unsealed?.keyring, allowances.takeRequest(of: sender) else { return }
        do {
            guard let (request, state) = try await genuine(bytes, from: sender) else { return }
            do {
                let grant = try grant(of: request, in: state, keyring)
                guard allowances.takeGrant(of: sender) else { return }
                let committed = try await pool.submit(grant, origin: .node)
                if case .refused(let refusal) = committed.outcome { throw refusal }
                try reply(to: request, committed, keyring)
            } catch let refusal as Refusal {
                tell(sender, request, refusal)
            }
        } catch {
            refuse(sender, "\(error)")
        }
    }

    /// The request, and the pool's state since it came, by which its sender is a member with the key that signed it;
    /// else nil.
    private func genuine(
        _ bytes: [UInt8], from sender: NodeID
    ) async throws -> (PeerUnsealRequest, PoolState)? {
        let request = try PeerUnsealRequest.decode(bytes)
        guard let key = keyOf(sender), request.node == sender.rawValue else {
            refuse(sender, "it names another node or is no member")
            return nil
        }
        try request.verify(poolID: identity.poolID, epoch: identity.epoch, nodeKey: key)
        // Read after the request came: whoever has been removed by then is refused.
        let state = try await pool.read().state
        guard let member = state.member(request.node), member.identityDigest == Digest.sha256(key) else {
            refuse(sender, "it is no member of the pool, or its key is another one")
            return nil
        }
        guard member.standing == .member else {
            refuse(sender, "it is \(member.standing)")
            return nil
        }
        return (request, state)
    }

    /// The grant that would answer the request.
    ///
    /// - Throws: what stands against it by the state as it is now.
    private func grant(
        of request: PeerUnsealRequest, in state: PoolState, _ keyring: Keyring
    ) throws(Refusal) -> PoolCommand {
        // Where a member's program doesn't know it yet, the pool can't ask for more than the member's key.
        guard state.peerUnsealPolicy != nil else {
            guard let ticket = try? keyring.ticket(node: request.node, nonce: request.bootNonce) else {
                throw .invalidUnsealGrant
            }
            return .unsealGranted(
                UnsealGrant(
                    node: request.node, bootNonce: request.bootNonce, grantedBy: identity.node.rawValue,
                    ticketDigest: ticket.digest))
        }
        let claim = UnsealClaim(
            node: request.node, transcript: request.transcript, machine: Digest.sha256(request.bootFacts),
            ticket: keyring.claim(of: request, known: state.continuity(of: request.node)))
        _ = try state.basis(of: claim, at: max(unixMilliseconds(), state.logTime) / 1000)
        let nonce = Random.bytes(32)
        guard let ticket = try? keyring.ticket(node: request.node, nonce: nonce) else { throw .invalidUnsealGrant }
        return .peerUnsealing(
            .grant(
                claim, by: identity.node.rawValue,
                next: NodeContinuity.Ticket(nonce: nonce, digest: ticket.digest)))
    }

    private func reply(to request: PeerUnsealRequest, _ committed: Committed, _ keyring: Keyring) throws {
        let known = committed.view.state.continuity(of: request.node)?.ticket
        // Repeated, the grant is the first one, with the ticket that went with it.
        let ticket = try keyring.ticket(node: request.node, nonce: known?.nonce ?? request.bootNonce)
        let reply = try PeerUnsealReply(
            to: request, grantIndex: committed.index, root: keyring.root, ticket: ticket, node: identity.node.rawValue,
            nodeKey: identity.key)
        let node = NodeID(request.node)
        requests.drop(node)
        logger.notice("unsealed a peer", metadata: ["node": "\(node)", "grant": "\(committed.index)"])
        send(.unsealReply(PeerUnsealMessage.join(reply.encode(), keyring.sealed.encode())), node)
    }

    // MARK: Refusing

    /// Says why, to the node and to people here.
    private func tell(_ node: NodeID, _ request: PeerUnsealRequest, _ refusal: Refusal) {
        guard let reason = PeerUnsealNotice.Reason(refusal) else { return refuse(node, "\(refusal)") }
        if reason.canBeApproved { requests.keep(request, of: node, now: SystemClock().now()) }
        if reason == .attended || reason == .off {
            logger.info("a peer waits", metadata: ["node": "\(node)", "reason": "\(reason)"])
        } else {
            alarms.log("node \(node) is not unsealed by its peers: \(reason)")
        }
        let notice = PeerUnsealNotice(transcript: request.transcript, reason: reason)
        send(.unsealReply(PeerUnsealMessage.refusal(notice)), node)
    }

    private func refuse(_ node: NodeID, _ reason: String) {
        logger.warning("refused to unseal a peer", metadata: ["node": "\(node)", "reason": "\(reason)"])
    }
}

/// Who this node is to its peers.
struct PeerIdentity: Sendable {
    let poolID: [UInt8]
    let epoch: UInt64
    let node: NodeID
    let bootNonce: [UInt8]
    /// What the machine says of itself.
    let machine: [UInt8]
    let key: FileSigningKey
}

extension Keyring {
    /// What the request's ticket is worth: only an unsealed member can make the tickets that the state knows.
    func claim(of request: PeerUnsealRequest, known: NodeContinuity?) -> TicketClaim {
        guard request.ticketProof != nil else { return .none }
        for ticket in [known?.ticket, known?.former].compactMap({ $0 }) {
            guard let made = try? self.ticket(node: request.node, nonce: ticket.nonce), made.digest == ticket.digest,
                (try? request.proves(made)) == true
            else { continue }
            return .proven(ticket.digest)
        }
        return .stale
    }
}

extension PeerUnsealNotice.Reason {
    /// Nil for what has nothing to do with how nodes are unsealed here.
    init?(_ refusal: Refusal) {
        switch refusal {
        case .unsealAttended: self = .attended
        case .unsealTicketMissing: self = .ticketMissing
        case .unsealTicketStale: self = .ticketStale
        case .unsealAbsentTooLong: self = .absentTooLong
        case .unsealOtherMachine: self = .otherMachine
        case .unsealByPeersOff: self = .off
        default: return nil
        }
    }
}
