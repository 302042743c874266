import HSMNode
import Logging
import PoolState
import SecurityDomain

/// The last step of every unsealing: the driver checks the disk under the keys, then the keys go into service.
struct NodeOpening: Sendable {
    let runtime: NodeRuntime
    let vault: KeyVault
    let ceremonies: OpenCeremonies
    let epoch: UInt64
    let logger: Logger

    /// As ``open(_:)``, by a quorum of the officers: the other members may follow, however long they were away.
    func openByOfficers(_ keyring: Keyring) async {
        await open(keyring)
        guard vault.unsealed != nil else { return }
        // Not waited for: the node is open. A pool that can't take it now needs an administrator's approval for who was
        // away for too long.
        Task {
            for _ in 0..<Self.attempts {
                do {
                    let origin = ProposalOrigin(principal: nil, authentication: .officers)
                    _ = try await runtime.submit(.peerUnsealing(.openStart), origin: origin)
                    return
                } catch {
                    logger.info("the others' start waits for the pool", metadata: ["cause": "\(error)"])
                    try? await Task.sleep(for: .milliseconds(500))
                }
            }
        }
    }

    private static let attempts = 20

    func open(_ keyring: Keyring) async {
        switch await runtime.unseal(KeyringAuthenticator(keyring: keyring, epoch: epoch)) {
        case .failure(.alreadyUnsealed): break
        case .failure(let refusal):
            logger.error("the node stays sealed", metadata: ["reason": "\(refusal)"])
            return
        case .success(let index):
            logger.notice("unsealed", metadata: ["applied": "\(index)"])
        }
        // The keys serve requests only once the pool's current state is known here.
        while !Task.isCancelled, vault.unsealed == nil {
            do {
                let view = try await runtime.read()
                try vault.open(keyring, view: view)
                ceremonies.cancel()
            } catch {
                logger.info("waiting for the pool", metadata: ["cause": "\(error)"])
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}
