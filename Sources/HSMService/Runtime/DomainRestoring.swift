import CryptographicModule
import KeyVaultAPI
import ManagementAPI
import SecurityDomain
import Synchronization

/// Takes in what officers upload: the officers' other way beside ``OfficerUnsealing``, for clients that know the
/// protocol and not us.
///
/// The upload holds the root itself, encrypted to a key in this node's memory. What becomes of it says
/// ``RestoringSituation``.
final class DomainRestoring: SecurityDomainRestoring, CeremonyHolder {
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

        mutating func destroyKeys(where isOver: (ExchangeKey) -> Bool) {
            for key in keys where isOver(key) { key.destroy() }
            keys.removeAll(where: isOver)
        }
    }

    /// Seconds.
    private static let capabilityLifetime: Int64 = 3600
    /// Repetitions of an upload whose poll addresses work at the same time.
    private static let maximumCapabilities = 8
    /// A key with less time left, in seconds, isn't given out any more: officers need time between the two steps.
    private static let leastLifetime: Int64 = 12 * 3600

    private let nodeKey: FileSigningKey
    private let situation: @Sendable () -> RestoringSituation
    /// Does what is to be done, however long it takes.
    private let take: @Sendable (RestoringStep) async -> RestoringStatus
    private let state = Mutex(State())

    init(
        nodeKey: FileSigningKey, situation: @escaping @Sendable () -> RestoringSituation,
        take: @escaping @Sendable (RestoringStep) async -> RestoringStatus
    ) {
        self.nodeKey = nodeKey
        self.situation = situation
        self.take = take
    }

    // MARK: Transfer key

    func transferKey(now: Int64) async throws(RestoringRefusal) -> ExchangeKey {
        let result: Result<ExchangeKey, RestoringRefusal> = state.withLock { state in
            // Under the lock: whoever opens the node cancels afterwards what has begun before.
            if case .closed(let reason) = situation() {
                return .failure(RestoringRefusal(reason, isConflict: true))
            }
            state.destroyKeys { $0.expiresAt <= now }
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

    func cancel() { state.withLock { $0.destroyKeys { _ in true } } }

    func expire(now: Int64) { state.withLock { $0.destroyKeys { $0.expiresAt <= now } } }

    // MARK: Upload

    func restore(_ blob: RestoreBlob, capability: [UInt8], now: Int64) async throws(RestoringRefusal) {
        let ticket = Capability(digest: Digest.sha256(capability), expiresAt: now + Self.capabilityLifetime)
        // Before the obstacle: the upload that was answered but not heard of may have unsealed the node meanwhile.
        if isRepeated(blob.digest, ticket) { return }
        // First of all: what is closed has no keys that an upload could be for.
        let situation = self.situation()
        if case .closed(let reason) = situation { throw RestoringRefusal(reason, isConflict: true) }
        let step = try situation.step(for: try opened(blob, among: state.withLock { $0.keys }, now: now))
        let isFirst = state.withLock { state in
            if case .inProgress? = state.job?.status { return false }
            state.job = Job(digest: blob.digest, capabilities: [ticket], status: .inProgress(step.progress))
            return true
        }
        guard isFirst else { throw RestoringRefusal("Another upload is under way.", isConflict: true) }
        Task { finish(await take(step)) }
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
    ) throws(RestoringRefusal) -> OpenedDomain {
        do {
            return try blob.domain(keys: keys, now: now)
        } catch SecurityDomainError.unknownTransferKey {
            throw RestoringRefusal(
                "The upload is for a transfer key that this node doesn't hold: another node's, or one from before it "
                    + "was started. Get the key from the same node as you upload to, and begin again.")
        } catch {
            throw RestoringRefusal("The upload doesn't open this pool: \(error).")
        }
    }

    private func finish(_ status: RestoringStatus) {
        state.withLock { state in
            if case .succeeded = status { state.destroyKeys { _ in true } }
            state.job?.status = status
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
