import CryptographicModule
import Dispatch
import HardwareTokens
import Logging
import ManagementAPI
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON
import Synchronization

/// Opens this node by the key that its file names, on a token or elsewhere, once, when it starts. Peers and officers
/// may open it meanwhile: whoever comes first.
///
/// What a token's module does it does in a process of its own. That one is spawned, not forked: it gets no copy of
/// this process's memory, sealed or unsealed.
final class AutoUnsealing: Sendable {
    private let place: AutoUnsealPlace?
    private let stored: @Sendable () -> OfficerUnsealing.Stored
    private let custody: any KeyCustody
    private let alarms: AlarmJournal
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var standing = AutoUnsealStanding.notConfigured
        /// Not once somebody has sealed the node on purpose.
        var mayOpen = true
    }

    /// What one look at the holder of the key has brought.
    private enum Found: Sendable {
        case opened(Keyring)
        /// Of this node's records it opens none.
        case strange(AutoUnsealKey)
    }

    private static let pause = Duration.seconds(5)

    /// - Parameter place: `nil` for a node that doesn't open itself.
    init(
        place: AutoUnsealPlace?, stored: @escaping @Sendable () -> OfficerUnsealing.Stored, custody: any KeyCustody,
        alarms: AlarmJournal, logger: Logger
    ) {
        (self.place, self.stored, self.custody) = (place, stored, custody)
        (self.alarms, self.logger) = (alarms, logger)
        if let place {
            state.withLock { $0.standing = .unavailable("The \(place.kind) '\(place.name)' wasn't asked yet.") }
        }
    }

    var standing: AutoUnsealStanding { state.withLock { $0.standing } }

    /// From now on the key opens nothing here, until the node is started again.
    func end() { state.withLock { $0.mayOpen = false } }

    /// Asks the key's holder until it has answered, or can't without a change of the configuration.
    func run(_ opened: @Sendable (Keyring) async -> Void) async {
        guard let place else { return }
        if let warning = place.warning { logger.warning("\(warning)") }
        while !Task.isCancelled {
            do {
                switch try await look(place) {
                case .opened(let keyring):
                    guard state.withLock({ $0.mayOpen }), custody.unsealed == nil else { return keyring.destroy() }
                    logger.notice("opened by the \(place.kind)", metadata: ["name": "\(place.name)"])
                    await opened(keyring)
                case .strange(let key):
                    logger.notice(
                        "the key of the \(place.kind) isn't enrolled: it opens nothing yet",
                        metadata: ["name": "\(place.name)", "key": "\(Hexadecimal.encode(key.id))"])
                }
                return
            } catch {
                state.withLock { $0.standing = .unavailable("\(error)") }
                guard place.holder.mayPass(error) else {
                    return logger.error("the \(place.kind) doesn't open this node", metadata: ["reason": "\(error)"])
                }
                alarms.log("the \(place.kind) doesn't open this node: \(error)")
            }
            try? await Task.sleep(for: Self.pause)
        }
    }

    /// Waits for the holder on a thread that nobody else needs.
    private func look(_ place: AutoUnsealPlace) async throws -> Found {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global(qos: .utility).async { [self] in
                continuation.resume(with: Result { try self.ask(place) })
            }
        }
    }

    private func ask(_ place: AutoUnsealPlace) throws -> Found {
        let stored = stored()
        let records = stored.unsealRecords
        let points = records.map { (key: $0.key.point, point: $0.record.ephemeralKey) }
        return try place.holder.agree(points) { agreed, secret in
            let own = try AutoUnsealKey(provider: place.provider, name: place.name, point: agreed.publicKey)
            state.withLock { $0.standing = .ready(own) }
            guard agreed.isKnown, let found = records.first(where: { $0.key.point == agreed.publicKey }) else {
                return .strange(own)
            }
            let material = try stored.material.get()
            let root = try found.record.open(of: material.identity, for: found.key, agreed: secret)
            return .opened(try stored.keyring(by: root))
        }
    }
}
