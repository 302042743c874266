import Raft
import SwiftProtobuf

extension Quorate_Replication_V1_LeaseRequest {
    init(_ id: LeaseRequestID) {
        self.init()
        process = id.process
        counter = id.counter
    }

    /// Any two numbers are one.
    var identifier: LeaseRequestID { LeaseRequestID(process: process, counter: counter) }
}

extension Quorate_Replication_V1_Lease {
    init(_ message: LeaseMessage) {
        self.init()
        switch message {
        case .grant(let grant):
            self.grant = .with {
                $0.request = .init(grant.request)
                $0.floor = grant.floor
                $0.receivedAt = grant.receivedAt.nanoseconds
            }
        case .released(let index): released = index
        case .published(let index): published = index
        case .surrender(let id): surrender = .init(id)
        }
    }

    func validated() throws(WireError) -> LeaseMessage {
        switch body {
        case .grant(let grant):
            guard grant.hasRequest else { throw .missing("lease request") }
            return .grant(
                LeaseGrant(
                    request: grant.request.identifier, floor: try grant.floor.asNumber("floor"),
                    receivedAt: Instant(nanoseconds: grant.receivedAt)))
        case .released(let index): return .released(try index.asNumber("released index"))
        case .published(let index): return .published(try index.asNumber("published index"))
        case .surrender(let request): return .surrender(request.identifier)
        case nil: throw .unknownBody(of: "lease message")
        }
    }
}
