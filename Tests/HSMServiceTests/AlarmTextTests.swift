import Foundation
import HSMNode
import Raft
import Replication
import Testing

/// Who watches a node's log looks for the texts that the manual names.
@Suite struct AlarmTextTests {
    @Test func theManualNamesWhatIsLogged() throws {
        let manual = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/operations.md")
        let text = try String(contentsOf: manual, encoding: .utf8)
        let alarms = [
            "\(PeerAlarm.refused(.otherPool, address: "…:1"))": "peer at … refused",
            "\(PeerAlarm.clonedNode(NodeID(1), address: "…:1"))": "a second process speaks as node",
            "\(NodeAlarm.forgedEntry(from: NodeID(1), index: 1))": "forgedEntry",
            "\(NodeAlarm.forgedProposal(from: NodeID(1)))": "forgedProposal",
            "\(NodeAlarm.malformedProposal(from: NodeID(1)))": "malformedProposal",
            "\(NodeAlarm.stampRefused(proposer: NodeID(1), stampedAt: 0, here: 0))": "stampRefused",
            "\(NodeAlarm.storageFull)": "storageFull",
            "\(NodeAlarm.memberChangeWaits(for: [NodeID(1)]))": "memberChangeWaits",
        ]
        for (logged, words) in alarms {
            #expect(logged.hasPrefix(words) && text.contains("`alarm=\(words)`"), "\(logged)")
        }
        for gone in ["`peer alarm`", "`node alarm`"] { #expect(!text.contains(gone)) }
    }
}
