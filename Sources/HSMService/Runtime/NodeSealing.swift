import HSMNode
import Logging
import ManagementAPI
import PoolState
import SecurityDomain

/// Seals this node because an administrator says so. It stays in the pool, stores the log and votes, and hands
/// leadership on; it answers nothing that needs keys, and asks no peer for them: officers open it, or a restart lets it
/// ask.
struct NodeSealing: Sendable {
    let runtime: NodeRuntime
    let vault: KeyVault
    let facts: SealedFacts
    let token: AutoUnsealing
    let asking: PeerUnsealAsking
    let ceremonies: OpenCeremonies
    let logger: Logger

    func seal() async throws(UnsealRequestRefusal) {
        guard vault.unsealed != nil else {
            throw UnsealRequestRefusal("The node is sealed already.", isConflict: true)
        }
        let state = runtime.latestView.state
        facts.update(from: state)
        do {
            try vault.prepareForSealing(state)
        } catch {
            throw UnsealRequestRefusal("The node could not be opened again: \(error)", isConflict: true)
        }
        token.end()
        asking.keepSealed()
        // First it holds no lease and answers nothing any more, then the keys go.
        await runtime.seal()
        vault.close()
        ceremonies.cancel()
        logger.notice("sealed by an administrator")
    }
}
