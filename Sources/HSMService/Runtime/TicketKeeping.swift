import CryptographicModule
import Logging
import PoolState
import Raft
import RequestPipeline
import SecurityDomain
import Synchronization

/// Keeps the ticket of this node, however it was unsealed: takes a new one every now and then, which is its sign of
/// life in the log, and says when the latest is on the disk, from when on the one before is worth nothing.
final class TicketKeeping: Sendable {
    private struct State {
        /// Of the ticket that is on the disk, as far as this process knows.
        var stored: [UInt8]?
        /// Of the last grant to this node when the process found itself unsealed.
        var granted: [UInt8]?
    }

    let node: UInt64
    /// SHA-256 of what the machine says of itself.
    let machine: [UInt8]
    let file: TicketFile
    let pool: any Pool
    let custody: any KeyCustody
    let asking: PeerUnsealAsking
    let alarms: AlarmJournal
    let logger: Logger
    private let unixMilliseconds: @Sendable () -> Int64
    private let state = Mutex(State())

    init(
        identity: PeerIdentity, file: TicketFile, pool: any Pool, custody: any KeyCustody, asking: PeerUnsealAsking,
        alarms: AlarmJournal, logger: Logger,
        unixMilliseconds: @escaping @Sendable () -> Int64 = { SystemClock().unixMilliseconds() }
    ) {
        self.unixMilliseconds = unixMilliseconds
        (node, machine) = (identity.node.rawValue, Digest.sha256(identity.machine))
        (self.file, self.pool, self.custody) = (file, pool, custody)
        (self.asking, self.alarms, self.logger) = (asking, alarms, logger)
    }

    /// Ends when its task is cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            guard !Task.isCancelled, let keyring = custody.unsealed?.keyring else { continue }
            do {
                try await tend(keyring)
            } catch let fault as DurableFile.Fault {
                alarms.log("the ticket for the next start can't be kept: \(fault)")
            } catch {
                logger.info("a ticket waits", metadata: ["cause": "\(error)"])
            }
        }
    }

    /// One look at what the pool knows of this node.
    func tend(_ keyring: Keyring) async throws {
        let view = pool.latestView.state
        guard let policy = view.peerUnsealPolicy, let known = view.continuity(of: node),
            view.member(node)?.standing == .member
        else { return }
        watch(known)
        let now = unixMilliseconds() / 1000
        guard let latest = known.ticket else { return try await renew(keyring) }
        if !known.isSettled || state.withLock({ $0.stored }) != latest.digest {
            try await hold(latest, keyring)
        } else if now - known.lastSeen >= policy.settings.renewal {
            try await renew(keyring)
        }
    }

    private func renew(_ keyring: Keyring) async throws {
        let nonce = Random.bytes(32)
        let ticket = NodeContinuity.Ticket(nonce: nonce, digest: try keyring.ticket(node: node, nonce: nonce).digest)
        try await submit(.renew(node: node, ticket, machine: machine))
        try await hold(ticket, keyring)
    }

    private func hold(_ latest: NodeContinuity.Ticket, _ keyring: Keyring) async throws {
        let ticket = try keyring.ticket(node: node, nonce: latest.nonce)
        try file.write(ticket)
        try await submit(.hold(node: node, digest: latest.digest))
        state.withLock { $0.stored = latest.digest }
    }

    private func submit(_ command: PeerUnsealCommand) async throws {
        let committed = try await pool.submit(.peerUnsealing(command), origin: .node)
        if case .refused(let refusal) = committed.outcome { throw refusal }
    }

    /// This process is the node: who else is unsealed as it has its key.
    private func watch(_ known: NodeContinuity) {
        let expected = state.withLock { state in
            if state.granted == nil { state.granted = known.transcript }
            return state.granted
        }
        guard known.transcript != expected, known.transcript != asking.transcript else { return }
        alarms.log(
            "another process was unsealed as this node: its key or its disk may be stolen. Remove the node: "
                + "hsmctl node remove \(node)")
    }
}
