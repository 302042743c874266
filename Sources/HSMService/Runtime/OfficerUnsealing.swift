import CryptographicModule
import ManagementAPI
import PoolState
import RequestPipeline
import SecurityDomain
import Synchronization

/// A ceremony of the officers at this node: for opening it, or for letting it go on alone.
final class OfficerUnsealing: CeremonyHolder {
    private let purpose: CeremonyPurpose
    private let stored: @Sendable () -> Stored
    private let nodeKey: FileSigningKey
    /// Why there can't be a ceremony now; nil if there can.
    private let obstacle: @Sendable () -> String?
    /// Whether what the ceremony is for was reached.
    private let opened: @Sendable (Keyring) async throws -> Bool
    private let ceremonies = Mutex(Ceremonies())

    /// One by the officers in office; while the root is being changed, a second one by the others.
    private struct Ceremonies {
        var own: UnsealCeremony?
        var other: UnsealCeremony?
    }

    /// What the disk held at the start. Not the state itself: it would stay in memory beside the one that the node runs
    /// on.
    struct Stored: Sendable {
        let material: Result<SealedKeyring, any Error>
        let domain: Result<SecurityDomain.SecurityDomainRecord, any Error>
        /// While the root is being changed: the other officers, whose shares open the node as well.
        let other: OtherOfficers?
        /// The root, sealed for keys outside of the pool. What doesn't decode opens nothing.
        let unsealRecords: [(key: AutoUnsealKey, record: AutoUnsealRecord)]

        init(_ state: PoolState?) {
            let held = state?.securityDomain
            unsealRecords = zip(held?.unsealKeys ?? [], held?.unsealRecords ?? []).compactMap { key, record in
                guard let key = try? AutoUnsealKey(key), let record = try? AutoUnsealRecord.decode(record) else {
                    return nil
                }
                return (key, record)
            }
            material = Result { try Stored.material(state) }
            domain = Result { try Stored.domain(state) }
            // What doesn't decode is no second way in; the first one is not touched by it.
            other = try? state?.otherOfficers()
        }

        /// The keyring that is in force, by a root that officers have brought.
        func keyring(by root: RootKey) throws -> Keyring {
            try OtherOfficers.keyring(by: root, ruling: try material.get(), other: other)
        }

        private static func material(_ state: PoolState?) throws -> SealedKeyring {
            guard let pool = state?.pool else {
                throw UnsealRequestRefusal(
                    "This node has never been part of the pool. Unseal another one: it will unseal this one.",
                    isConflict: true)
            }
            return try SealedKeyring.decode(pool.keyring)
        }

        private static func domain(_ state: PoolState?) throws -> SecurityDomain.SecurityDomainRecord {
            let material = try material(state)
            if material.identity.isAdopted, state?.securityDomain == nil {
                throw UnsealRequestRefusal(
                    "The pool was being recovered when this node was stopped, and doesn't know its officers yet: bring "
                        + "the security domain again with 'hsmctl security-domain upload'.", isConflict: true)
            }
            guard let record = state?.securityDomain else {
                throw UnsealRequestRefusal(
                    "The pool had no officers when this node was stopped: its provisional root is lost.",
                    isConflict: true)
            }
            return try SecurityDomain.SecurityDomainRecord(
                stored: material.identity, officers: record.officers, required: record.required,
                commitments: record.commitments, encryptedData: record.encryptedData)
        }
    }

    init(
        purpose: CeremonyPurpose, stored: @escaping @Sendable () -> Stored, nodeKey: FileSigningKey,
        obstacle: @escaping @Sendable () -> String?, opened: @escaping @Sendable (Keyring) async throws -> Bool
    ) {
        self.purpose = purpose
        self.stored = stored
        self.nodeKey = nodeKey
        self.obstacle = obstacle
        self.opened = opened
    }

    /// The ceremony under way, or a new one. Parallel calls get the same: a new one would spend the other's shares.
    func invitation(now: Int64) throws(UnsealRequestRefusal) -> CeremonyInvitation {
        let result: Result<CeremonyInvitation, UnsealRequestRefusal> = ceremonies.withLock { ceremonies in
            // Under the lock: whoever opens the node cancels afterwards what has begun before.
            if let reason = obstacle() { return .failure(UnsealRequestRefusal(reason, isConflict: true)) }
            do {
                let stored = self.stored()
                let (own, isNew) = try current(ceremonies.own, of: try stored.domain.get(), now: now)
                ceremonies.own = own
                ceremonies.other = try stored.other.map { try current(ceremonies.other, of: $0.domain, now: now).0 }
                return .success(
                    CeremonyInvitation(
                        bytes: own.invitation.encode(), isNew: isNew, other: ceremonies.other?.invitation.encode()))
            } catch let refusal as UnsealRequestRefusal {
                return .failure(refusal)
            } catch {
                return .failure(UnsealRequestRefusal("The ceremony could not begin: \(error)", isConflict: true))
            }
        }
        return try result.get()
    }

    func cancel() {
        ceremonies.withLock { ceremonies in
            ceremonies.own?.cancel()
            ceremonies.other?.cancel()
            ceremonies = Ceremonies()
        }
    }

    func expire(now: Int64) {
        ceremonies.withLock { ceremonies in
            ceremonies.own?.expire(now: now)
            ceremonies.other?.expire(now: now)
        }
    }

    private func current(
        _ ceremony: UnsealCeremony?, of domain: SecurityDomain.SecurityDomainRecord, now: Int64
    ) throws -> (UnsealCeremony, isNew: Bool) {
        if let ceremony, ceremony.progress != nil, now < ceremony.terms.expiresAt,
            ceremony.terms.generation == domain.identity.generation
        { return (ceremony, false) }
        return (try UnsealCeremony(domain: domain, purpose: purpose, nodeKey: nodeKey, now: now), true)
    }

    /// The one that an envelope is for; one that is for none is refused by the officers' in office.
    private func ceremony(for envelope: [UInt8]) -> UnsealCeremony? {
        let generation = (try? ShareEnvelope.decode(envelope))?.terms.generation
        return ceremonies.withLock { ceremonies in
            ceremonies.other?.terms.generation == generation ? ceremonies.other : ceremonies.own
        }
    }

    func accept(_ envelope: [UInt8], now: Int64) async throws(UnsealRequestRefusal) -> UnsealProgress {
        guard let current = ceremony(for: envelope), let required = current.progress?.required else {
            throw UnsealRequestRefusal(
                "No ceremony is under way at this node. Ask for an invitation first.", isConflict: true)
        }
        let step: UnsealCeremony.Step
        do {
            step = try current.accept(envelope, now: now)
        } catch {
            throw UnsealRequestRefusal("\(error)")
        }
        switch step {
        case .waiting(let progress):
            return UnsealProgress(officers: progress.officers.count, required: progress.required, isUnsealed: false)
        case .opened(let domain):
            let isDone: Bool
            do {
                isDone = try await opened(try stored().keyring(by: domain.root))
            } catch let refusal as UnsealRequestRefusal {
                throw refusal
            } catch {
                throw UnsealRequestRefusal("The root did not open the pool's keys: \(error)")
            }
            // The other officers' shares aren't needed any more.
            ceremonies.withLock { $0.other?.cancel() }
            return UnsealProgress(officers: required, required: required, isUnsealed: isDone)
        }
    }
}
