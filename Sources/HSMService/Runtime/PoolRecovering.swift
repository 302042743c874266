import HSMNode
import Logging
import ManagementAPI
import PoolState
import Raft
import SecurityDomain

/// The last step of a recovery: the driver lets this node go on alone, under the keys that the officers have opened.
struct PoolRecovering: Sendable {
    let runtime: NodeRuntime
    let epoch: UInt64
    let logger: Logger

    func recover(_ keyring: Keyring) async throws -> Bool {
        let request = PoolRecoveryRequest(
            former: KeyringAuthenticator(keyring: keyring, epoch: epoch),
            next: KeyringAuthenticator(keyring: keyring, epoch: epoch + 1), epoch: epoch + 1)
        switch await runtime.recover(request) {
        case .success(let index):
            logger.critical(
                "this node goes on alone",
                metadata: ["epoch": "\(epoch + 1)", "index": "\(index)", "next": "start the node again"])
            return true
        case .failure(.poolIsAlive(let leader)):
            throw UnsealRequestRefusal(
                "Node \(leader) leads a majority: there is nothing to recover.", isConflict: true)
        case .failure(let refusal):
            throw UnsealRequestRefusal("The node can't go on alone: \(refusal)", isConflict: true)
        }
    }
}
