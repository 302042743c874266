import Foundation
import NodeEnvironment
import Raft
import SwiftProtobuf

extension Quorate_Replication_V1_MemberNotices {
    init(_ notices: [MemberNotice]) {
        self.init()
        members = notices.map { notice in
            .with {
                $0.node = notice.node.rawValue
                $0.pin = Data(notice.pin)
                $0.address = notice.address
            }
        }
    }

    /// Each member once, in order of id.
    func validated() throws(WireError) -> [MemberNotice] {
        guard members.count <= WireLimits.memberNotices else { throw .outOfLimits("number of member notices") }
        var notices: [MemberNotice] = []
        for member in members {
            let node = try member.node.asNodeID("node")
            guard notices.last.map({ $0.node < node }) ?? true else {
                throw .inconsistent("the member notices aren't in order of node id")
            }
            guard let notice = MemberNotice(node: node, pin: [UInt8](member.pin), address: member.address) else {
                throw .outOfLimits("member notice")
            }
            notices.append(notice)
        }
        return notices
    }
}
