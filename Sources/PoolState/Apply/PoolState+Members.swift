import AccessControl
import CryptographicModule
import HashTreeCollections

/// Who belongs to the pool. Commands say what is wanted; the configurations of the log say what is.
extension PoolState {
    /// Takes in a configuration of the log. Whoever was a member by the one before and is none by this has left: its
    /// record goes, its id is never given again.
    ///
    /// - Parameter updatingRoot: As for a command.
    /// - Returns: The rows that changed, to be stored with the applied index.
    public mutating func apply(_ configuration: MembershipRecord, updatingRoot: Bool = true) -> [RowChange] {
        var changes = StateChanges()
        let former = membership
        membership = configuration
        changes.store(configuration)
        if !configuration.isJoint {
            for node in memberRecords.keys.sorted()
            where former?.isMember(node) == true && !configuration.isMember(node) {
                forgetMember(node, &changes)
            }
        }
        let rows = changes.rows
        if updatingRoot { tree?.apply(rows) }
        return rows
    }

    private mutating func forgetMember(_ node: UInt64, _ changes: inout StateChanges) {
        giveNumbers(upTo: lastNode, &changes)
        if let member = memberRecords.removeValue(forKey: node) { changes.remove(.member, member.rowKey) }
        if let grant = unsealGrants.removeValue(forKey: node) { changes.remove(.unsealGrant, grant.rowKey) }
        if let known = continuities.removeValue(forKey: node) { changes.remove(.continuity, known.rowKey) }
    }

    private mutating func giveNumbers(upTo last: UInt64, _ changes: inout StateChanges) {
        guard last > lastGivenNode else { return }
        lastGivenNode = last
        changes.store(NodeNumbers(last: last))
    }

    mutating func inviteNode(_ wanted: NodeInvitation, _ changes: inout StateChanges) throws(Refusal) {
        guard MemberRules.isValid(wanted, now: now) else { throw .invalidInvitation }
        for expired in invitations where expired.expires <= now {
            nodeInvitations[expired.node] = nil
            changes.remove(.invitation, expired.rowKey)
        }
        guard memberRecords.values.allSatisfy({ $0.name != wanted.name && $0.ticketDigest != wanted.ticketDigest }),
            nodeInvitations.values.allSatisfy({ $0.name != wanted.name && $0.ticketDigest != wanted.ticketDigest })
        else { throw .nodeExists }
        if let replaced = wanted.replaces {
            guard let member = memberRecords[replaced] else { throw .memberNotFound }
            guard member.standing != .leaving, !isBeingReplaced(replaced) else { throw .nodeIsLeaving }
        }
        guard memberRecords.count + nodeInvitations.count < PoolLimits.members, lastNode < PoolLimits.largestNode else {
            throw .tooManyNodes
        }
        let invitation = NodeInvitation(
            node: lastNode + 1, name: wanted.name, ticketDigest: wanted.ticketDigest, expires: wanted.expires,
            identityDigest: wanted.identityDigest, replaces: wanted.replaces)
        giveNumbers(upTo: invitation.node, &changes)
        nodeInvitations[invitation.node] = invitation
        changes.store(invitation)
    }

    private func isBeingReplaced(_ node: UInt64) -> Bool {
        memberRecords.values.contains { $0.replaces == node && $0.standing != .leaving }
            || nodeInvitations.values.contains { $0.replaces == node }
    }

    mutating func admitNode(
        _ admission: NodeAdmission, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard MemberRules.isValid(admission) else { throw .invalidAdmission }
        guard admission.knownVersion >= version else { throw .nodeTooOld }
        let identity = Digest.sha256(admission.publicKey)
        guard let invitation = invitation(ticketDigest: admission.ticketDigest) else {
            // The node may not have had the answer to the first time.
            let isKnown = memberRecords.values.contains {
                $0.ticketDigest == admission.ticketDigest && $0.identityDigest == identity
            }
            guard isKnown else { throw .ticketUnknown }
            return
        }
        guard invitation.expires > now else { throw .ticketExpired }
        guard invitation.identityDigest.isEmpty || invitation.identityDigest == identity else {
            throw .ticketForOtherKey
        }
        guard memberRecords.values.allSatisfy({ member in
            member.identityDigest != identity && member.apiURL != admission.apiURL
                && member.peerAddress != admission.peerAddress
        }) else { throw .nodeExists }
        let member = MemberRecord(
            node: invitation.node, name: invitation.name, identityDigest: identity, apiURL: admission.apiURL,
            peerAddress: admission.peerAddress, publicKey: admission.publicKey,
            ticketDigest: admission.ticketDigest, replaces: invitation.replaces)
        nodeInvitations[invitation.node] = nil
        changes.remove(.invitation, invitation.rowKey)
        memberRecords[member.node] = member
        changes.store(member)
        beginContinuity(of: member.node, &changes)
        if !pool.audiences.contains(admission.audience) {
            // None is taken away when its node leaves. Who brought it isn't known: it may be one of genesis, which also
            // stand for names that are no node's.
            guard pool.audiences.count < PoolLimits.audiences else {
                throw version < .amendments ? .tooManyNodes : .tooManyAudiences
            }
            var updated = pool
            updated.audiences.append(admission.audience)
            record = updated
            changes.store(updated)
        }
    }

    mutating func removeNode(_ node: UInt64, _ changes: inout StateChanges) throws(Refusal) {
        if let invitation = nodeInvitations.removeValue(forKey: node) {
            changes.remove(.invitation, invitation.rowKey)
            return
        }
        guard var member = memberRecords[node] else { throw .memberNotFound }
        guard member.standing != .leaving else { return }
        let voters = membership?.voters ?? []
        let staying = voters.contains { $0 != node && memberRecords[$0]?.standing == .member }
        guard staying || !voters.contains(node) else { throw .lastVoter }
        member.standing = .leaving
        memberRecords[node] = member
        changes.store(member)
        if membership?.isMember(node) == false {
            // Admitted, and not yet in any configuration: nothing has to be undone.
            forgetMember(node, &changes)
        }
    }

    mutating func distrustNode(_ node: UInt64, _ changes: inout StateChanges) throws(Refusal) {
        guard var member = memberRecords[node] else { throw .memberNotFound }
        guard member.standing == .member else { return }
        member.standing = .distrusted
        memberRecords[node] = member
        changes.store(member)
    }

    /// Who was admitted meanwhile, or is on its way into a configuration, has not been asked.
    mutating func raiseVersion(
        to wanted: PoolVersion, knownBy nodes: Set<UInt64>, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard wanted > version else { return }
        let members = Set(memberRecords.keys).union(membership?.nodes ?? [])
        guard members.isSubset(of: nodes) else { throw .versionNotKnownByAll }
        let former = version
        version = wanted
        changes.store(VersionRow(version: wanted))
        if former < .peerUnsealing, wanted >= .peerUnsealing { beginPeerUnsealing(&changes) }
    }

    /// Everybody else belongs to the epoch that ends.
    mutating func recover(
        by node: UInt64, epoch: UInt64, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard pool.epoch < .max, epoch == pool.epoch + 1 else { throw .epochMismatch }
        guard var survivor = memberRecords[node] else { throw .memberNotFound }
        giveNumbers(upTo: lastNode, &changes)
        for other in memberRecords.keys.sorted() where other != node { forgetMember(other, &changes) }
        for invitation in invitations { changes.remove(.invitation, invitation.rowKey) }
        nodeInvitations = TreeDictionary()
        survivor.standing = .member
        memberRecords[node] = survivor
        changes.store(survivor)
        var updated = pool
        updated.epoch = epoch
        record = updated
        changes.store(updated)
    }

    func checkLeadership(of node: UInt64) throws(Refusal) {
        guard let member = memberRecords[node] else { throw .memberNotFound }
        guard member.standing == .member, membership?.voters.contains(node) == true else { throw .nodeCannotLead }
    }
}

/// What a node that joins has to be like.
public enum MemberRules {
    /// The longest life of a ticket, in seconds.
    static let longestTicket: Int64 = 86_400
    /// Bytes of a node's public key, in DER.
    public static let publicKeyBytes = 32...2048

    static func isValid(_ invitation: NodeInvitation, now: Int64) -> Bool {
        invitation.node == 0 && isName(invitation.name) && invitation.ticketDigest.count == 32
            && invitation.expires > now && invitation.expires <= now + longestTicket
            && (invitation.identityDigest.isEmpty || invitation.identityDigest.count == 32)
    }

    /// Whether addresses, audience, key and ticket have the form and length that the state takes.
    public static func isValid(_ admission: NodeAdmission) -> Bool {
        admission.ticketDigest.count == 32 && publicKeyBytes.contains(admission.publicKey.count)
            && admission.apiURL.hasPrefix("https://") && (9...512).contains(admission.apiURL.utf8.count)
            && (3...512).contains(admission.peerAddress.utf8.count) && admission.peerAddress.utf8.contains(0x3A)
            && (1...512).contains(admission.audience.utf8.count)
    }

    private static func isName(_ name: String) -> Bool {
        (1...63).contains(name.utf8.count)
            && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }
}
