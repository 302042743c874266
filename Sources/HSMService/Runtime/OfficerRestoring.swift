import CryptographicModule
import KeyVaultAPI
import ManagementAPI
import RequestPipeline
import SecurityDomain
import Synchronization

/// A ceremony by the officers' file at this node: each officer's share is opened on the officer's own machine, and
/// sealed to this node. It brings the security domain of a lost pool into a new one, or opens a node of a pool that
/// doesn't know its officers yet.
final class OfficerRestoring: CeremonyHolder {
    private let poolID: [UInt8]
    private let nodeKey: FileSigningKey
    private let gate: RestoringGate
    private let current = Mutex<Current?>(nil)

    private struct Current {
        let outline: DomainOutline
        let ceremony: UnsealCeremony

        func isOpen(at now: Int64) -> Bool { ceremony.progress != nil && now < ceremony.terms.expiresAt }
    }

    init(poolID: [UInt8], nodeKey: FileSigningKey, gate: RestoringGate) {
        self.poolID = poolID
        self.nodeKey = nodeKey
        self.gate = gate
    }

    /// Begins a ceremony. One by another file takes its place: who may begin one may also begin anew.
    func begin(_ text: [UInt8], now: Int64) throws(UnsealRequestRefusal) -> CeremonyInvitation {
        let result: Result<CeremonyInvitation, UnsealRequestRefusal> = current.withLock { current in
            // Under the lock: whoever opens the node cancels afterwards what has begun before.
            if case .closed(let reason) = gate.situation() {
                return .failure(UnsealRequestRefusal(reason, isConflict: true))
            }
            let outline: DomainOutline
            do {
                outline = try DomainOutline(parsing: text)
            } catch {
                return .failure(UnsealRequestRefusal("The security domain can't be read: \(error)."))
            }
            if let current, current.outline == outline, current.isOpen(at: now) {
                return .success(CeremonyInvitation(bytes: current.ceremony.invitation.encode(), isNew: false))
            }
            do {
                let made = try UnsealCeremony(outline: outline, poolID: poolID, nodeKey: nodeKey, now: now)
                current?.ceremony.cancel()
                current = Current(outline: outline, ceremony: made)
                return .success(CeremonyInvitation(bytes: made.invitation.encode(), isNew: true))
            } catch {
                return .failure(UnsealRequestRefusal("The ceremony could not begin: \(error)", isConflict: true))
            }
        }
        return try result.get()
    }

    func cancel() {
        current.withLock { current in
            current?.ceremony.cancel()
            current = nil
        }
    }

    func expire(now: Int64) {
        current.withLock { current in
            if let current { current.ceremony.expire(now: now) }
        }
    }

    /// The ceremony under way.
    func invitation(now: Int64) throws(UnsealRequestRefusal) -> CeremonyInvitation {
        guard let current = current.withLock({ $0 }), current.isOpen(at: now) else { throw Self.none }
        return CeremonyInvitation(bytes: current.ceremony.invitation.encode(), isNew: false)
    }

    /// - Parameter certificate: the officer's, DER.
    func accept(
        _ envelope: [UInt8], certificate: [UInt8], now: Int64
    ) async throws(UnsealRequestRefusal) -> UnsealProgress {
        guard let current = current.withLock({ $0 }), let required = current.ceremony.progress?.required else {
            throw Self.none
        }
        let step: UnsealCeremony.Step
        do {
            step = try current.ceremony.accept(envelope, certificate: certificate, now: now)
        } catch {
            throw UnsealRequestRefusal("\(error)")
        }
        switch step {
        case .waiting(let progress):
            return UnsealProgress(officers: progress.officers.count, required: progress.required, isUnsealed: false)
        case .opened(let domain):
            do throws(RestoringRefusal) {
                if case .failed(let reason) = await gate.take(try gate.situation().step(for: domain)) {
                    throw RestoringRefusal(reason, isConflict: true)
                }
            } catch {
                throw UnsealRequestRefusal(error.message, isConflict: error.isConflict)
            }
            return UnsealProgress(officers: required, required: required, isUnsealed: true)
        }
    }

    private static let none = UnsealRequestRefusal(
        "No security domain is being brought to this node. An administrator begins: hsmctl security-domain upload.",
        isConflict: true)
}
