import CryptographicModule
import Logging
import NodeEnvironment
import PoolState
import Raft
import RequestPipeline
import SecurityDomain
import Synchronization

/// Unsealing among peers: asks while this node is sealed, grants while it is not.
///
/// A grant is committed, and so audited by the log, before the root leaves this node.
final class PeerUnsealing: Sendable {
    struct Identity: Sendable {
        let poolID: [UInt8]
        let epoch: UInt64
        let node: NodeID
        let bootNonce: [UInt8]
        let key: FileSigningKey
    }

    private let identity: Identity
    private let directory: MemberDirectory
    private let pool: any Pool
    private let custody: any KeyCustody
    private let logger: Logger
    private let send: @Sendable (PeerMessage, NodeID) -> Void
    private let opened: @Sendable (Keyring) async -> Void
    private let session = Mutex<PeerUnsealSession?>(nil)
    private let allowances = Mutex<[NodeID: GrantAllowance]>([:])

    init(
        identity: Identity, directory: MemberDirectory, pool: any Pool, custody: any KeyCustody, logger: Logger,
        send: @escaping @Sendable (PeerMessage, NodeID) -> Void, opened: @escaping @Sendable (Keyring) async -> Void
    ) {
        self.identity = identity
        self.directory = directory
        self.pool = pool
        self.custody = custody
        self.logger = logger
        self.send = send
        self.opened = opened
    }

    /// Asks every peer in turn until one has answered. Ends when the node is unsealed or the task is cancelled.
    func askUntilUnsealed() async {
        var turn = 0
        while !Task.isCancelled, custody.unsealed == nil {
            let peers = directory.peers
            if !peers.isEmpty { ask(peers[turn % peers.count]) }
            turn += 1
            try? await Task.sleep(for: .milliseconds(300))
        }
    }

    private func ask(_ peer: NodeID) {
        do {
            let open = try session.withLock { session in
                if let session { return session }
                let made = try PeerUnsealSession(
                    poolID: identity.poolID, epoch: identity.epoch, node: identity.node.rawValue,
                    bootNonce: identity.bootNonce, bootFacts: [], ticket: nil, nodeKey: identity.key)
                session = made
                return made
            }
            send(.unsealRequest(open.request.encode()), peer)
        } catch {
            logger.error("an unseal request could not be made", metadata: ["cause": "\(error)"])
        }
    }

    // MARK: Granting

    func receive(_ message: PeerMessage, from sender: NodeID) {
        switch message {
        case .unsealRequest(let bytes): Task { await answer(bytes, from: sender) }
        case .unsealReply(let bytes): Task { await take(bytes, from: sender) }
        default: break
        }
    }

    private func answer(_ bytes: [UInt8], from sender: NodeID) async {
        guard let unsealed = custody.unsealed, mayGrantNow(to: sender) else { return }
        do {
            let request = try PeerUnsealRequest.decode(bytes)
            guard let key = directory.member(sender)?.publicKey, request.node == sender.rawValue else {
                return refuse(sender, "it names another node or is no member")
            }
            try request.verify(poolID: identity.poolID, epoch: identity.epoch, nodeKey: key)
            // Read after the request came: whoever has been removed by then is refused.
            let view = try await pool.read()
            guard let member = view.state.member(request.node), member.identityDigest == Digest.sha256(key) else {
                return refuse(sender, "it is no member of the pool, or its key is another one")
            }
            guard member.standing == .member else { return refuse(sender, "it is \(member.standing)") }
            let ticket = try unsealed.keyring.ticket(node: request.node, nonce: request.bootNonce)
            let grant = UnsealGrant(
                node: request.node, bootNonce: request.bootNonce, grantedBy: identity.node.rawValue,
                ticketDigest: ticket.digest)
            let committed = try await pool.submit(.unsealGranted(grant), origin: .node)
            if case .refused(let refusal) = committed.outcome { return refuse(sender, "\(refusal)") }
            let reply = try PeerUnsealReply(
                to: request, grantIndex: committed.index, root: unsealed.keyring.root, ticket: ticket,
                node: identity.node.rawValue, nodeKey: identity.key)
            logger.notice("unsealed a peer", metadata: ["node": "\(sender.rawValue)", "grant": "\(committed.index)"])
            send(.unsealReply(Self.join(reply.encode(), unsealed.keyring.sealed.encode())), sender)
        } catch {
            refuse(sender, "\(error)")
        }
    }

    private func mayGrantNow(to node: NodeID) -> Bool {
        let now = SystemClock().now()
        return allowances.withLock { $0[node, default: GrantAllowance(now: now)].take(now: now) }
    }

    private func refuse(_ node: NodeID, _ reason: String) {
        logger.warning("refused to unseal a peer", metadata: ["node": "\(node.rawValue)", "reason": "\(reason)"])
    }

    // MARK: Taking

    private func take(_ bytes: [UInt8], from sender: NodeID) async {
        guard custody.unsealed == nil, let key = directory.member(sender)?.publicKey,
            let open = session.withLock({ $0 }), let (reply, material) = Self.split(bytes)
        else { return }
        do {
            let contents = try open.open(try PeerUnsealReply.decode(reply), from: sender.rawValue, nodeKey: key)
            session.withLock { $0 = nil }
            // The material is not trusted: it has to open under the root, key check value and all.
            let keyring = try Keyring.unseal(root: contents.root, material: try SealedKeyring.decode(material))
            await opened(keyring)
        } catch {
            logger.warning(
                "an unseal reply was refused", metadata: ["node": "\(sender.rawValue)", "reason": "\(error)"])
        }
    }

    /// Reply and sealed keyring in one message: the length of the first, u32 big-endian, then both.
    private static func join(_ reply: [UInt8], _ material: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(reply.count).bigEndian) { Array($0) } + reply + material
    }

    private static func split(_ bytes: [UInt8]) -> (reply: [UInt8], material: [UInt8])? {
        guard bytes.count >= 4 else { return nil }
        let length = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard length <= PeerUnsealReply.maximumLength, bytes.count >= 4 + length else { return nil }
        return (Array(bytes[4..<4 + length]), Array(bytes[(4 + length)...]))
    }
}
