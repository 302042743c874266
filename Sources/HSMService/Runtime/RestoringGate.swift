import CryptographicModule
import HSMNode
import KeyVaultAPI
import Logging
import ManagementAPI
import PoolState
import RequestPipeline
import SecurityDomain

/// What becomes of a root that officers bring to this node.
struct RestoringGate: Sendable {
    /// How often a command is repeated that the pool couldn't take.
    private static let attempts = 20

    let facts: SealedFacts
    let vault: KeyVault
    let runtime: NodeRuntime
    let opening: NodeOpening
    let logger: Logger

    func situation() -> RestoringSituation {
        guard let unsealed = vault.unsealed else {
            let stored = facts.current
            switch stored.material {
            case .success(let material): return .sealed(material, other: stored.other)
            case .failure(let error): return .closed((error as? UnsealRequestRefusal)?.message ?? "\(error)")
            }
        }
        let pool = runtime.latestView.state
        switch pool.phase {
        case .provisioned where pool.pool?.pinnedOfficers.isEmpty == false:
            return .closed("The pool's initialization has fixed its officers: it takes over no other security domain.")
        case .provisioned: return .newPool(unsealed.keyring)
        case .activating:
            return .closed(
                "The pool has begun to be activated with officers of its own: finish that, or make a new pool.")
        case .uninitialized, .recovering, .activated:
            return .closed("The node is unsealed: there is nothing to bring back.")
        }
    }

    /// Does it, however long it takes.
    func take(_ step: RestoringStep) async -> RestoringStatus {
        switch step {
        case .unseal(let keyring):
            await opening.openByOfficers(keyring)
            return vault.unsealed != nil
                ? .succeeded("The node is unsealed, and unseals the others.")
                : .failed("The root is the pool's, but the node stays sealed: its log says why.")
        case .adopt(let adoption):
            if let failure = await adopt(adoption) { return .failed(failure) }
            logger.notice(
                "the pool has taken over a security domain",
                metadata: ["generation": "\(adoption.sealed.identity.generation)"])
            return .succeeded("The pool has taken over the security domain. Restore a backup next.")
        }
    }

    /// - Returns: why not.
    private func adopt(_ adoption: Keyring.Adoption) async -> String? {
        let command = PoolCommand.securityDomainAdopted(
            AdoptedSecurityDomain(
                generation: adoption.sealed.identity.generation, keyring: adoption.sealed.encode(),
                bridge: adoption.bridge.bytes))
        let origin = ProposalOrigin(principal: nil, authentication: .node, proposalID: Random.bytes(16))
        for _ in 0..<Self.attempts {
            do throws(PoolUnavailable) {
                let committed = try await runtime.submit(command, origin: origin)
                guard case .refused(let refusal) = committed.outcome else { return nil }
                return words(refusal)
            } catch {
                logger.info("waiting for the pool", metadata: ["cause": "\(error)"])
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
        return "The pool could not be reached: upload again."
    }

    private func words(_ refusal: Refusal) -> String {
        switch refusal {
        case .poolNotProvisioned:
            return "Another request came first: the pool has a security domain by now, and takes over no other one. In "
                + "the phase 'recovering' ('hsmctl pool status') it is one that officers have brought. Else make a new "
                + "pool."
        default:
            logger.error("the pool refused a security domain", metadata: ["cause": "\(refusal)"])
            return "The pool doesn't take over the security domain. The node's log has the cause."
        }
    }
}
