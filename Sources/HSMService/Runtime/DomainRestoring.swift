import CryptographicModule
import KeyVaultAPI
import ManagementAPI
import SecurityDomain
import Synchronization

/// Opens a sealed node with what officers upload: the officers' other way beside ``OfficerUnsealing``, for clients that
/// know the protocol and not us.
///
/// The upload holds the root itself, encrypted to a key in this node's memory. It counts only if it is the root of the
/// pool on this node's disk.
final class DomainRestoring: SecurityDomainRestoring {
    private struct Job {
        /// SHA-256 of the blob.
        let digest: [UInt8]
        var capabilities: [Capability]
        var status: RestoringStatus
    }

    private struct Capability {
        let digest: [UInt8]
        let expiresAt: Int64
    }

    private struct State {
        var keys: [ExchangeKey] = []
        var job: Job?
    }

    /// Seconds.
    private static let capabilityLifetime: Int64 = 3600
    /// Repetitions of an upload whose poll addresses work at the same time.
    private static let maximumCapabilities = 8
    /// A key with less time left, in seconds, isn't given out any more: officers need time between the two steps.
    private static let leastLifetime: Int64 = 12 * 3600

    private let material: Result<SealedKeyring, any Error>
    private let nodeKey: FileSigningKey
    /// Why nothing can be uploaded now; nil if something can.
    private let obstacle: @Sendable () -> String?
    /// Puts the keys into service, however long that takes; whether it did.
    private let open: @Sendable (Keyring) async -> Bool
    private let state = Mutex(State())

    init(
        material: Result<SealedKeyring, any Error>, nodeKey: FileSigningKey,
        obstacle: @escaping @Sendable () -> String?, open: @escaping @Sendable (Keyring) async -> Bool
    ) {
        self.material = material
        self.nodeKey = nodeKey
        self.obstacle = obstacle
        self.open = open
    }

    // MARK: Transfer key

    func transferKey(now: Int64) async throws(RestoringRefusal) -> ExchangeKey {
        _ = try pool()
        let result: Result<ExchangeKey, RestoringRefusal> = state.withLock { state in
            state.keys.removeAll { key in
                let isOver = key.expiresAt <= now
                if isOver { key.destroy() }
                return isOver
            }
            if let key = state.keys.last, key.expiresAt - now >= Self.leastLifetime { return .success(key) }
            do {
                let made = try ExchangeKey(nodeKey: nodeKey, now: now)
                state.keys.append(made)
                return .success(made)
            } catch {
                return .failure(RestoringRefusal("The transfer key could not be made: \(error)", isConflict: true))
            }
        }
        return try result.get()
    }

    private func pool() throws(RestoringRefusal) -> SealedKeyring {
        if let reason = obstacle() { throw RestoringRefusal(reason, isConflict: true) }
        switch material {
        case .success(let material): return material
        case .failure(let error):
            throw RestoringRefusal((error as? UnsealRequestRefusal)?.message ?? "\(error)", isConflict: true)
        }
    }

    // MARK: Upload

    func restore(_ blob: RestoreBlob, capability: [UInt8], now: Int64) async throws(RestoringRefusal) {
        let ticket = Capability(digest: Digest.sha256(capability), expiresAt: now + Self.capabilityLifetime)
        // Before the obstacle: the upload that was answered but not heard of may have unsealed the node meanwhile.
        if isRepeated(blob.digest, ticket) { return }
        let keyring = try opened(blob, among: state.withLock { $0.keys }, now: now)
        let isFirst = state.withLock { state in
            if case .inProgress? = state.job?.status { return false }
            state.job = Job(
                digest: blob.digest, capabilities: [ticket],
                status: .inProgress("The root is the pool's. The node waits for a majority of the pool."))
            return true
        }
        guard isFirst else { throw RestoringRefusal("Another upload is under way.", isConflict: true) }
        Task { finish(await open(keyring)) }
    }

    private func isRepeated(_ digest: [UInt8], _ ticket: Capability) -> Bool {
        state.withLock { state in
            guard let job = state.job, job.digest == digest else { return false }
            if case .failed = job.status { return false }
            state.job?.capabilities = (job.capabilities + [ticket]).suffix(Self.maximumCapabilities)
            return true
        }
    }

    private func opened(
        _ blob: RestoreBlob, among keys: [ExchangeKey], now: Int64
    ) throws(RestoringRefusal) -> Keyring {
        let material = try pool()
        do {
            let root = try blob.root(keys: keys, matching: material.identity, now: now)
            return try Keyring.unseal(root: root, material: material)
        } catch SecurityDomainError.unknownTransferKey {
            throw RestoringRefusal(
                "The upload is for a transfer key that this node doesn't hold: another node's, or one from before it "
                    + "was started. Get the key from the same node as you upload to, and begin again.")
        } catch {
            throw RestoringRefusal("The upload doesn't open this pool: \(error).")
        }
    }

    private func finish(_ isOpen: Bool) {
        state.withLock { state in
            if isOpen {
                for key in state.keys { key.destroy() }
                state.keys = []
            }
            state.job?.status =
                isOpen
                ? .succeeded("The node is unsealed, and unseals the others.")
                : .failed("The root is the pool's, but the node stays sealed: its log says why.")
        }
    }

    // MARK: Status

    var restoring: RestoringStatus? { state.withLock { $0.job?.status } }

    func isHonoured(capability: [UInt8], now: Int64) -> Bool {
        let digest = Digest.sha256(capability)
        return state.withLock { state in
            state.job?.capabilities.contains { now < $0.expiresAt && SecureCompare.equal($0.digest, digest) } == true
        }
    }
}
