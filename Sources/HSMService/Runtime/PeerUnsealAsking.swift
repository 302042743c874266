import CryptographicModule
import Logging
import ManagementAPI
import NodeEnvironment
import Raft
import RequestPipeline
import SecurityDomain
import StrictJSON
import Synchronization

/// The asking side of unsealing among peers: one request in a process's life, shown to one peer after the other until
/// one has answered it with the root.
final class PeerUnsealAsking: Sendable {
    /// Whom this node takes for the pool's other members.
    struct Peers: Sendable {
        let all: @Sendable () -> [NodeID]
        /// A member's public key.
        let key: @Sendable (NodeID) -> [UInt8]?
    }

    private struct State {
        var session: PeerUnsealSession?
        /// Of the request that was made last.
        var transcript: [UInt8] = []
        /// What a peer has said last against it.
        var waiting: UnsealWaiting?
        /// An administrator wants it so: nobody is asked any more.
        var isKeptSealed = false
        /// A peer has answered, and the node is at work on what it has sent.
        var isOpening = false
    }

    private let identity: PeerIdentity
    private let name: String
    private let anchor: PoolAnchor
    private let tickets: TicketFile
    private let peers: Peers
    private let custody: any KeyCustody
    private let alarms: AlarmJournal
    private let logger: Logger
    private let send: @Sendable (PeerMessage, NodeID) -> Void
    private let opened: @Sendable (Keyring) async -> Void
    private let state = Mutex(State())

    init(
        identity: PeerIdentity, name: String, anchor: PoolAnchor, tickets: TicketFile, peers: Peers,
        custody: any KeyCustody, alarms: AlarmJournal, logger: Logger,
        send: @escaping @Sendable (PeerMessage, NodeID) -> Void, opened: @escaping @Sendable (Keyring) async -> Void
    ) {
        (self.identity, self.name, self.anchor, self.tickets) = (identity, name, anchor, tickets)
        (self.peers, self.custody) = (peers, custody)
        (self.alarms, self.logger) = (alarms, logger)
        (self.send, self.opened) = (send, opened)
    }

    /// What this node waits for; nil while nobody has said that it has to.
    var waiting: UnsealWaiting? { custody.unsealed == nil ? state.withLock { $0.waiting } : nil }

    /// Has the node ask nobody any more, in this process, and say, from now until it is open again, that it is sealed
    /// because an administrator wants it to be.
    func keepSealed() {
        state.withLock { state in
            // What a peer still says to the former request isn't the reason.
            (state.session, state.isKeptSealed) = (nil, true)
            state.waiting = UnsealWaiting(
                reason: "an administrator has sealed it. Officers open it (hsmctl unseal), or a restart lets it ask",
                code: nil)
        }
    }

    /// Of this process's request; empty before there is one.
    var transcript: [UInt8] { state.withLock { $0.transcript } }

    /// Asks every peer in turn until one has answered. Ends when the node is unsealed, or kept sealed, or the task is
    /// cancelled.
    func run() async {
        var turn = 0
        // Who opens the node and seals it again may do both between two looks at it.
        while !Task.isCancelled, custody.unsealed == nil, !state.withLock({ $0.isKeptSealed }) {
            let peers = peers.all()
            if !peers.isEmpty { ask(peers[turn % peers.count]) }
            turn += 1
            // Who waits for people has time.
            try? await Task.sleep(for: waiting == nil ? .milliseconds(300) : .seconds(1))
        }
    }

    private func ask(_ peer: NodeID) {
        do {
            guard let request = try dueRequest() else { return }
            send(.unsealRequest(request.encode()), peer)
        } catch {
            logger.error("an unseal request could not be made", metadata: ["cause": "\(error)"])
        }
    }

    /// The request under way, or a new one.
    func request() throws -> PeerUnsealRequest { try state.withLock { try request(&$0) } }

    /// As ``request()``; nil where nobody is to be asked. A peer would grant a second request all the same, or have an
    /// administrator asked for another approval.
    func dueRequest() throws -> PeerUnsealRequest? {
        try state.withLock { state in
            guard !state.isKeptSealed, !state.isOpening else { return nil }
            return try request(&state)
        }
    }

    private func request(_ state: inout State) throws -> PeerUnsealRequest {
        if let session = state.session { return session.request }
        let made = try PeerUnsealSession(
            poolID: identity.poolID, epoch: identity.epoch, node: identity.node.rawValue,
            bootNonce: identity.bootNonce, bootFacts: identity.machine, ticket: ticket(), nodeKey: identity.key)
        (state.session, state.transcript) = (made, made.request.transcript)
        return made.request
    }

    /// A node whose ticket can't be read asks without: a person can approve it.
    private func ticket() -> PeerTicket? {
        do {
            return try tickets.read()
        } catch {
            logger.error("the ticket can't be read", metadata: ["cause": "\(error)"])
            return nil
        }
    }

    // MARK: Taking

    func take(_ bytes: [UInt8], from sender: NodeID) async {
        guard custody.unsealed == nil, let key = peers.key(sender),
            let open = state.withLock({ $0.session }), let message = PeerUnsealMessage(bytes)
        else { return }
        switch message {
        case .refusal(let notice): note(notice, of: open)
        case .reply(let reply, let material):
            do {
                let contents = try open.open(try PeerUnsealReply.decode(reply), from: sender.rawValue, nodeKey: key)
                state.withLock { ($0.session, $0.waiting, $0.isOpening) = (nil, nil, true) }
                defer { state.withLock { $0.isOpening = false } }
                // The material is not trusted: it has to open under the root, key check value and all. Nor are both
                // together: they have to be the pool's.
                let keyring = try Keyring.unseal(root: contents.root, material: try SealedKeyring.decode(material))
                try anchor.check(keyring.identity)
                if anchor.identity == .founding { noteFounding(keyring.identity, from: sender) }
                keep(contents.ticket)
                await opened(keyring)
            } catch let mismatch as PoolAnchor.Mismatch {
                let reason = "the keys that node \(sender) has sent are not taken: \(mismatch)"
                state.withLock { $0.waiting = UnsealWaiting(reason: reason, code: nil) }
                alarms.log("this node isn't unsealed by its peers: \(reason)")
            } catch {
                logger.warning(
                    "an unseal reply was refused", metadata: ["node": "\(sender)", "reason": "\(error)"])
            }
        }
    }

    /// Nothing can be checked here yet, so people get something to compare.
    private func noteFounding(_ pool: PoolIdentity, from sender: NodeID) {
        logger.notice(
            "the pool's identity key is taken from a peer, as at every founding",
            metadata: ["node": "\(sender)", "identityKeySha256": "\(Hexadecimal.encode(pool.keyDigest))"])
    }

    /// Without it the node serves all the same; the former ticket stays good until this one is there.
    private func keep(_ ticket: PeerTicket) {
        do {
            try tickets.write(ticket)
        } catch {
            alarms.log("the ticket for the next start can't be kept: \(error)")
        }
    }

    private func note(_ notice: PeerUnsealNotice, of session: PeerUnsealSession) {
        guard notice.transcript == session.request.transcript else { return }
        let known = state.withLock { $0.waiting?.code }
        let code = notice.reason.canBeApproved ? known ?? session.request.comparisonCode : nil
        let waiting = UnsealWaiting(reason: "\(notice.reason)", code: code)
        state.withLock { state in
            if state.session != nil { state.waiting = waiting }
        }
        let cure = code.map { ". The code is \($0): hsmctl node approve-unseal \(name) --code \($0)" } ?? ""
        alarms.log("this node isn't unsealed by its peers: \(notice.reason)\(cure)")
    }
}
