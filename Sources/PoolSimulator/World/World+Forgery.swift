import HSMNode
import NodeEnvironment
import PoolState
import Raft

/// Whoever has taken a member's disk and certificate can speak in its name, but doesn't have the pool's keys.
extension World {
    /// Sends the leader a proposal that no client has asked for, with one of the proofs that such a thief can think of.
    func forge(inTheNameOf number: Int) {
        guard let leader, leader != number else { return }
        let forger = nodes[number].id
        forgers.insert(forger)
        counters.forgeries += 1
        let proposalID = Workload.id(of: Self.firstForgedNumber + UInt64(counters.forgeries))
        let command = ProposalEnvelope(
            proposalID: proposalID, proposer: forger.rawValue, principal: Register.administrator,
            authentication: .node, stampedAt: nodes[number].clock.unixMilliseconds(),
            command: workload.nextCommand()
        ).encode()
        let proposal = ForwardedProposal(
            proposalID: proposalID, proposer: forger, command: command,
            proof: forgedProof(forger, proposalID, command, leader: nodes[leader].id))
        for delay in network.delays(from: number, to: leader) {
            events.add(.deliver(.forwardedProposal(proposal), from: number, to: leader), at: now + 1 + delay)
        }
    }

    /// Above every number that the clients come to.
    private static var firstForgedNumber: UInt64 { 1 << 62 }

    private func forgedProof(
        _ forger: NodeID, _ proposalID: [UInt8], _ command: [UInt8], leader: NodeID
    ) -> [UInt8] {
        switch random.below(5) {
        case 0: []
        case 1: random.bytes(8)
        // A member of another pool.
        case 2:
            SimulatedAuthenticator(key: random.uint64()).proposalProof(
                proposer: forger, proposalID: proposalID, command: command)
        // What it heard when it still had the keys: of another command, and of another member.
        case 3:
            authenticator.proposalProof(
                proposer: forger, proposalID: proposalID, command: Array(command.dropLast()))
        default: authenticator.proposalProof(proposer: leader, proposalID: proposalID, command: command)
        }
    }
}
