#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension MemberRecord: StoredRow {
    static var table: RowTable { .member }
    var rowKey: [UInt8] { RowKey.node(node) }

    var wire: WireMember {
        var wire = WireMember()
        wire.node = node
        wire.name = name
        wire.identityDigest = identityDigest.wire
        wire.apiURL = apiURL
        wire.peerAddress = peerAddress
        wire.publicKey = publicKey.wire
        wire.ticketDigest = ticketDigest.wire
        wire.replaces = replaces ?? 0
        wire.standing = UInt32(standing.rawValue)
        return wire
    }

    init(wire: WireMember) throws {
        self.init(
            node: wire.node, name: wire.name, identityDigest: [UInt8](wire.identityDigest), apiURL: wire.apiURL,
            peerAddress: wire.peerAddress, publicKey: [UInt8](wire.publicKey),
            ticketDigest: [UInt8](wire.ticketDigest), replaces: wire.replaces == 0 ? nil : wire.replaces,
            standing: try known(wire.standing))
    }
}

extension NodeInvitation: StoredRow {
    static var table: RowTable { .invitation }
    var rowKey: [UInt8] { RowKey.node(node) }

    var wire: WireInvitation {
        var wire = WireInvitation()
        wire.node = node
        wire.name = name
        wire.ticketDigest = ticketDigest.wire
        wire.expires = expires
        wire.identityDigest = identityDigest.wire
        wire.replaces = replaces ?? 0
        return wire
    }

    init(wire: WireInvitation) {
        self.init(
            node: wire.node, name: wire.name, ticketDigest: [UInt8](wire.ticketDigest), expires: wire.expires,
            identityDigest: [UInt8](wire.identityDigest), replaces: wire.replaces == 0 ? nil : wire.replaces)
    }
}

extension NodeAdmission: WireConvertible {
    var wire: WireNodeAdmission {
        var wire = WireNodeAdmission()
        wire.ticketDigest = ticketDigest.wire
        wire.publicKey = publicKey.wire
        wire.apiURL = apiURL
        wire.peerAddress = peerAddress
        wire.audience = audience
        if knownVersion > .first { wire.knownVersion = knownVersion.rawValue }
        return wire
    }

    init(wire: WireNodeAdmission) {
        self.init(
            ticketDigest: [UInt8](wire.ticketDigest), publicKey: [UInt8](wire.publicKey), apiURL: wire.apiURL,
            peerAddress: wire.peerAddress, audience: wire.audience,
            knownVersion: max(.first, PoolVersion(rawValue: wire.knownVersion)))
    }
}

extension MembershipRecord: StoredRow {
    static var table: RowTable { .membership }
    var rowKey: [UInt8] { RowKey.single }

    var wire: WireMembership {
        var wire = WireMembership()
        wire.index = index
        wire.voters = voters.sorted()
        wire.outgoingVoters = outgoingVoters.sorted()
        wire.learners = learners.sorted()
        wire.outgoingLearners = outgoingLearners.sorted()
        return wire
    }

    init(wire: WireMembership) {
        self.init(
            index: wire.index, voters: Set(wire.voters), outgoingVoters: Set(wire.outgoingVoters),
            learners: Set(wire.learners), outgoingLearners: Set(wire.outgoingLearners))
    }
}

/// The pool's version, once it is not the first any more. In a row of its own, so that a program that can read no other
/// row still finds out that it is too old.
struct VersionRow: StoredRow {
    let version: PoolVersion

    static var table: RowTable { .poolVersion }
    var rowKey: [UInt8] { RowKey.single }

    init(version: PoolVersion) {
        self.version = version
    }

    var wire: WirePoolVersion {
        var wire = WirePoolVersion()
        wire.version = version.rawValue
        return wire
    }

    init(wire: WirePoolVersion) throws {
        version = PoolVersion(rawValue: wire.version)
        guard version > .first else { throw NotConvertible() }
    }
}

/// Node ids are given in order and never again.
struct NodeNumbers: StoredRow {
    let last: UInt64

    static var table: RowTable { .nodeNumbers }
    var rowKey: [UInt8] { RowKey.single }

    init(last: UInt64) {
        self.last = last
    }

    var wire: WireNodeNumbers {
        var wire = WireNodeNumbers()
        wire.last = last
        return wire
    }

    init(wire: WireNodeNumbers) {
        last = wire.last
    }
}
