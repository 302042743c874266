import CryptographicModule
import ManagementAPI
import PoolState
import RequestPipeline
import SecurityDomain
import Synchronization

/// A ceremony of the officers at this node: for opening it, or for letting it go on alone.
final class OfficerUnsealing: Sendable {
    private let purpose: CeremonyPurpose
    private let stored: @Sendable () -> Stored
    private let nodeKey: FileSigningKey
    /// Why there can't be a ceremony now; nil if there can.
    private let obstacle: @Sendable () -> String?
    /// Whether what the ceremony is for was reached.
    private let opened: @Sendable (Keyring) async throws -> Bool
    private let ceremony = Mutex<UnsealCeremony?>(nil)

    /// What the disk held at the start. Not the state itself: it would stay in memory beside the one that the node runs
    /// on.
    struct Stored: Sendable {
        let material: Result<SealedKeyring, any Error>
        let domain: Result<SecurityDomain.SecurityDomainRecord, any Error>

        init(_ state: PoolState?) {
            material = Result { try Stored.material(state) }
            domain = Result { try Stored.domain(state) }
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
            let certificates = try record.officers.enumerated().map { try OfficerCertificate(der: $1, position: $0) }
            return try SecurityDomain.SecurityDomainRecord(
                identity: material.identity,
                officers: try Officers(certificates: certificates, required: record.required),
                commitments: try record.commitments.map { try ShareCommitment(digest: $0) },
                encryptedItems: try EncryptedItems(parsing: record.encryptedData))
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
        if let reason = obstacle() { throw UnsealRequestRefusal(reason, isConflict: true) }
        let result: Result<CeremonyInvitation, UnsealRequestRefusal> = ceremony.withLock { ceremony in
            if let current = ceremony, current.progress != nil, now < current.terms.expiresAt {
                return .success(CeremonyInvitation(bytes: current.invitation.encode(), isNew: false))
            }
            do {
                let made = try UnsealCeremony(
                    domain: try stored().domain.get(), purpose: purpose, nodeKey: nodeKey, now: now)
                ceremony = made
                return .success(CeremonyInvitation(bytes: made.invitation.encode(), isNew: true))
            } catch let refusal as UnsealRequestRefusal {
                return .failure(refusal)
            } catch {
                return .failure(UnsealRequestRefusal("The ceremony could not begin: \(error)", isConflict: true))
            }
        }
        return try result.get()
    }

    func accept(_ envelope: [UInt8], now: Int64) async throws(UnsealRequestRefusal) -> UnsealProgress {
        guard let current = ceremony.withLock({ $0 }), let required = current.progress?.required else {
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
                isDone = try await opened(
                    try Keyring.unseal(root: domain.root, material: try stored().material.get()))
            } catch let refusal as UnsealRequestRefusal {
                throw refusal
            } catch {
                throw UnsealRequestRefusal("The root did not open the pool's keys: \(error)")
            }
            return UnsealProgress(officers: required, required: required, isUnsealed: isDone)
        }
    }
}
