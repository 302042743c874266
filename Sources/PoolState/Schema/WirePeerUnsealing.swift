import SwiftProtobuf

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension PeerUnsealCommand {
    var kind: WireCommand.OneOf_Kind {
        switch self {
        case .grant(let claim, let giver, let next):
            .grantUnsealing(.with { ($0.claim, $0.grantedBy, $0.next) = (claim.wire, giver, next.wire) })
        case .renew(let node, let ticket, let machine):
            .renewTicket(.with { ($0.node, $0.ticket, $0.machine) = (node, ticket.wire, machine.wire) })
        case .hold(let node, let digest): .holdTicket(.with { ($0.node, $0.digest) = (node, digest.wire) })
        case .approve(let node, let transcript):
            .approveUnsealing(.with { ($0.node, $0.transcript) = (node, transcript.wire) })
        case .openStart: .openStart(WireStartWindow())
        case .set(let settings): .setPeerUnsealing(settings.wire)
        case .order(let order): .orderPeerUnsealing(order.wire)
        case .vote(let id, let vote): .approvePeerUnsealing(vote.wire(of: id))
        }
    }

    /// `nil` for a command of another kind.
    init?(kind: WireCommand.OneOf_Kind?) throws {
        switch kind {
        case .grantUnsealing(let grant):
            self = .grant(
                try UnsealClaim(wire: grant.claim), by: grant.grantedBy, next: NodeContinuity.Ticket(wire: grant.next))
        case .renewTicket(let renewal):
            self = .renew(
                node: renewal.node, NodeContinuity.Ticket(wire: renewal.ticket), machine: [UInt8](renewal.machine))
        case .holdTicket(let holding): self = .hold(node: holding.node, digest: [UInt8](holding.digest))
        case .approveUnsealing(let approval):
            self = .approve(node: approval.node, transcript: [UInt8](approval.transcript))
        case .openStart: self = .openStart
        case .setPeerUnsealing(let settings): self = .set(try PeerUnsealSettings(wire: settings))
        case .orderPeerUnsealing(let order): self = .order(try PeerUnsealOrder(wire: order))
        case .approvePeerUnsealing(let vote): self = .vote(id: [UInt8](vote.id), try RootVote(wire: vote))
        default: return nil
        }
    }
}

extension UnsealClaim: WireConvertible {
    var wire: WireUnsealClaim {
        .with {
            ($0.node, $0.transcript, $0.machine) = (node, transcript.wire, machine.wire)
            switch ticket {
            case .none: break
            case .stale: $0.showsTicket = true
            case .proven(let digest): ($0.showsTicket, $0.provenTicket) = (true, digest.wire)
            }
        }
    }

    init(wire: WireUnsealClaim) throws {
        let ticket: TicketClaim
        switch (wire.showsTicket, wire.provenTicket.isEmpty) {
        case (false, true): ticket = .none
        case (true, true): ticket = .stale
        case (true, false): ticket = .proven([UInt8](wire.provenTicket))
        case (false, false): throw NotConvertible()
        }
        self.init(
            node: wire.node, transcript: [UInt8](wire.transcript), machine: [UInt8](wire.machine), ticket: ticket)
    }
}

extension NodeContinuity.Ticket: WireConvertible {
    var wire: WireTicket { .with { ($0.nonce, $0.digest) = (nonce.wire, digest.wire) } }

    init(wire: WireTicket) { self.init(nonce: [UInt8](wire.nonce), digest: [UInt8](wire.digest)) }
}

extension PeerUnsealSettings: WireConvertible {
    var wire: WirePeerUnsealSettings { .with { ($0.mode, $0.maxAbsence) = (UInt32(mode.rawValue), maxAbsence) } }

    init(wire: WirePeerUnsealSettings) throws {
        self.init(mode: try known(wire.mode), maxAbsence: wire.maxAbsence)
    }
}

extension PeerUnsealOrder: WireConvertible {
    var wire: WirePeerUnsealOrder {
        .with { ($0.id, $0.settings, $0.expires) = (id.wire, settings.wire, expires) }
    }

    init(wire: WirePeerUnsealOrder) throws {
        self.init(
            id: [UInt8](wire.id), settings: try PeerUnsealSettings(wire: wire.settings), expires: wire.expires)
    }
}

extension PeerUnsealPolicy: StoredRow {
    static var table: RowTable { .peerUnsealPolicy }
    var rowKey: [UInt8] { RowKey.single }

    var wire: WirePeerUnsealPolicy {
        .with {
            ($0.settings, $0.startUntil) = (settings.wire, startUntil)
            if let order { $0.order = order.wire }
            $0.approvals = approvals.map { $0.wire() }
        }
    }

    init(wire: WirePeerUnsealPolicy) throws {
        self.init(settings: try PeerUnsealSettings(wire: wire.settings))
        startUntil = wire.startUntil
        order = wire.hasOrder ? try PeerUnsealOrder(wire: wire.order) : nil
        approvals = try wire.approvals.map { try RootVote(wire: $0) }
    }
}

extension NodeContinuity: StoredRow {
    static var table: RowTable { .continuity }
    var rowKey: [UInt8] { RowKey.node(node) }

    var wire: WireNodeContinuity {
        .with {
            ($0.node, $0.transcript, $0.machine) = (node, transcript.wire, machine.wire)
            ($0.lastSeen, $0.beginsUntil) = (lastSeen, beginsUntil)
            if let ticket { $0.ticket = ticket.wire }
            if let former { $0.former = former.wire }
            if let approval {
                $0.approval = .with { ($0.transcript, $0.expires) = (approval.transcript.wire, approval.expires) }
            }
        }
    }

    init(wire: WireNodeContinuity) throws {
        self.init(node: wire.node, lastSeen: wire.lastSeen, beginsUntil: wire.beginsUntil)
        (transcript, machine) = ([UInt8](wire.transcript), [UInt8](wire.machine))
        ticket = wire.hasTicket ? Ticket(wire: wire.ticket) : nil
        former = wire.hasFormer ? Ticket(wire: wire.former) : nil
        approval = wire.hasApproval
            ? UnsealApproval(transcript: [UInt8](wire.approval.transcript), expires: wire.approval.expires) : nil
    }
}
