import CryptographicModule
import PoolState
import Testing

@Suite struct MemberCommandTests {
    private static let ticket = [UInt8](repeating: 9, count: 32)
    private static let now = Fixture.start / 1000

    private func invitation(
        _ name: String = "node-4", ticket: [UInt8] = ticket, expires: Int64 = now + 3600, key: [UInt8] = [],
        replaces: UInt64? = nil
    ) -> NodeInvitation {
        NodeInvitation(name: name, ticketDigest: ticket, expires: expires, identityDigest: key, replaces: replaces)
    }

    private func admission(
        _ ticket: [UInt8] = ticket, key: UInt8 = 4, url: String = "https://node-4.example:8443",
        address: String = "node-4.example:7443", audience: String = "https://other.example",
        knows version: PoolVersion = .first
    ) -> NodeAdmission {
        NodeAdmission(
            ticketDigest: ticket, publicKey: [UInt8](repeating: key, count: 91), apiURL: url, peerAddress: address,
            audience: audience, knownVersion: version)
    }

    private func pool() -> Replica {
        var replica = Replica()
        #expect(replica.apply(.initializePool(Fixture.genesis())) == .applied)
        replica.configure(voters: [1, 2, 3])
        return replica
    }

    @Test func aNodeComesByATicketAndGetsANewID() throws {
        var replica = pool()
        #expect(replica.apply(.inviteNode(invitation())) == .applied)
        #expect(replica.state.invitation(ticketDigest: Self.ticket)?.node == 4)
        #expect(replica.apply(.admitNode(admission())) == .applied)
        let member = try #require(replica.state.member(4))
        #expect(member.name == "node-4" && member.standing == .member)
        #expect(member.identityDigest == Digest.sha256(member.publicKey))
        #expect(replica.state.invitations.isEmpty)
        #expect(replica.state.pool?.audiences.contains("https://other.example") == true)
        // The answer was lost, and the node asks again.
        #expect(replica.apply(.admitNode(admission())) == .applied)
        #expect(replica.apply(.admitNode(admission(key: 5, url: "https://x.example", address: "x:1")))
            == .refused(.ticketUnknown))
    }

    @Test func aTicketEnds() {
        var replica = pool()
        #expect(replica.apply(.inviteNode(invitation(expires: Self.now + 5))) == .applied)
        replica.time += 5_000
        #expect(replica.apply(.admitNode(admission())) == .refused(.ticketExpired))
        // The place is free again; its id is not.
        let other = [UInt8](repeating: 8, count: 32)
        #expect(replica.apply(.inviteNode(invitation(ticket: other, expires: Self.now + 100))) == .applied)
        #expect(replica.state.invitations.map(\.node) == [5])
        #expect(replica.state.wasRemoved(4))
    }

    @Test func aTicketForAKeyIsForNoOther() {
        var replica = pool()
        let key = Digest.sha256(admission().publicKey)
        #expect(replica.apply(.inviteNode(invitation(key: key))) == .applied)
        #expect(replica.apply(.admitNode(admission(key: 7))) == .refused(.ticketForOtherKey))
        #expect(replica.apply(.admitNode(admission())) == .applied)
    }

    @Test func spoiledInvitationsAndAdmissions() {
        var replica = pool()
        let spoiled: [(NodeInvitation, Refusal)] = [
            (invitation("Node"), .invalidInvitation), (invitation(""), .invalidInvitation),
            (invitation(ticket: [1]), .invalidInvitation), (invitation(expires: Self.now), .invalidInvitation),
            (invitation(expires: Self.now + 86_401), .invalidInvitation), (invitation(key: [1]), .invalidInvitation),
            (invitation("node-1"), .nodeExists), (invitation(replaces: 9), .memberNotFound),
        ]
        for (bad, refusal) in spoiled { #expect(replica.apply(.inviteNode(bad)) == .refused(refusal)) }
        #expect(replica.apply(.inviteNode(invitation())) == .applied)
        #expect(replica.apply(.inviteNode(invitation())) == .refused(.nodeExists))
        let badAdmissions: [(NodeAdmission, Refusal)] = [
            (admission(url: "http://node-4"), .invalidAdmission), (admission(address: "node"), .invalidAdmission),
            (admission(url: "https://node-1.example:8443"), .nodeExists),
            (admission(address: "node-2.example:7443"), .nodeExists),
            (admission([UInt8](repeating: 1, count: 32)), .ticketUnknown),
        ]
        for (bad, refusal) in badAdmissions { #expect(replica.apply(.admitNode(bad)) == .refused(refusal)) }
    }

    @Test func thereIsALimit() {
        var replica = pool()
        for number in 4...9 {
            let outcome = replica.apply(
                .inviteNode(invitation("node-\(number)", ticket: [UInt8](repeating: UInt8(number), count: 32))))
            #expect(outcome == .applied)
        }
        let oneMore = invitation("node-10", ticket: [UInt8](repeating: 10, count: 32))
        #expect(replica.apply(.inviteNode(oneMore)) == .refused(.tooManyNodes))
    }

    /// An audience stays when its node leaves. What stands against the next one has a name of its own, once every
    /// member knows it.
    @Test(arguments: [(PoolVersion.unsealKeyHolders, Refusal.tooManyNodes), (.amendments, .tooManyAudiences)])
    func audiencesHaveALimit(_ version: PoolVersion, _ refusal: Refusal) throws {
        var replica = pool()
        #expect(replica.apply(.raisePoolVersion(version, knownBy: [1, 2, 3])) == .applied)
        var ticket: [UInt8] = []
        func invite(_ number: UInt8) {
            ticket = [UInt8](repeating: number, count: 32)
            #expect(replica.apply(.inviteNode(invitation("node-\(number)", ticket: ticket))) == .applied)
        }
        func admit(_ number: UInt8, audience: String) -> CommandOutcome {
            replica.apply(
                .admitNode(
                    admission(
                        ticket, key: number, url: "https://\(number).example", address: "\(number):1",
                        audience: audience, knows: version)))
        }
        // One is there from the beginning.
        for number: UInt8 in 10..<41 {
            invite(number)
            #expect(admit(number, audience: "https://\(number)") == .applied)
            #expect(replica.apply(.removeNode(replica.state.lastNode)) == .applied)
        }
        #expect(replica.state.members.count == 3 && replica.state.pool?.audiences.count == PoolLimits.audiences)
        invite(41)
        #expect(admit(41, audience: "https://41") == .refused(refusal))
        #expect(replica.state.members.count == 3 && replica.state.invitations.count == 1)
        // A name in a domain that the pool knows needs none.
        #expect(admit(41, audience: "https://10") == .applied)
        #expect(try replica.reloaded().root == replica.state.root)
    }

    @Test func whoLeavesIsForgottenWhenItIsOutAndItsIDIsNeverUsedAgain() {
        var replica = pool()
        #expect(replica.apply(.removeNode(3)) == .applied)
        #expect(replica.state.member(3)?.standing == .leaving && !replica.state.wasRemoved(3))
        replica.configure(voters: [1, 2], outgoing: [1, 2, 3])
        #expect(replica.state.member(3) != nil)
        replica.configure(voters: [1, 2])
        #expect(replica.state.member(3) == nil && replica.state.wasRemoved(3))
        #expect(replica.apply(.inviteNode(invitation("node-3"))) == .applied)
        #expect(replica.state.invitations.map(\.node) == [4])
        #expect(replica.apply(.removeNode(4)) == .applied)
        #expect(replica.state.invitations.isEmpty && replica.state.wasRemoved(4))
        #expect(replica.apply(.removeNode(4)) == .refused(.memberNotFound))
    }

    @Test func somebodyStays() {
        var replica = pool()
        replica.configure(voters: [1, 2])
        #expect(replica.apply(.removeNode(1)) == .applied)
        #expect(replica.apply(.removeNode(2)) == .refused(.lastVoter))
        #expect(replica.apply(.removeNode(1)) == .applied)
    }

    @Test func aPlaceIsTakenOnce() {
        var replica = pool()
        #expect(replica.apply(.inviteNode(invitation(replaces: 2))) == .applied)
        let other = [UInt8](repeating: 8, count: 32)
        let second = invitation("node-5", ticket: other, replaces: 2)
        #expect(replica.apply(.inviteNode(second)) == .refused(.nodeIsLeaving))
        #expect(replica.apply(.admitNode(admission())) == .applied)
        #expect(replica.state.member(4)?.replaces == 2)
    }

    @Test func whoForgotStaysKnownAsThat() {
        var replica = pool()
        #expect(replica.apply(.distrustNode(2)) == .applied)
        #expect(replica.state.member(2)?.standing == .distrusted)
        #expect(replica.apply(.requestLeadership(2)) == .refused(.nodeCannotLead))
        #expect(replica.apply(.removeNode(2)) == .applied)
        #expect(replica.apply(.distrustNode(2)) == .applied)
        #expect(replica.state.member(2)?.standing == .leaving)
    }

    @Test func onlyAVoterLeads() {
        var replica = pool()
        replica.configure(voters: [1, 2], learners: [3])
        #expect(replica.apply(.requestLeadership(1)) == .applied)
        #expect(replica.apply(.requestLeadership(3)) == .refused(.nodeCannotLead))
        #expect(replica.apply(.requestLeadership(7)) == .refused(.memberNotFound))
    }

    @Test func allOfItIsFoundAgainInTheRows() throws {
        var replica = pool()
        #expect(replica.apply(.inviteNode(invitation(replaces: 2))) == .applied)
        #expect(replica.apply(.admitNode(admission())) == .applied)
        #expect(replica.apply(.inviteNode(invitation("node-5", ticket: [UInt8](repeating: 8, count: 32)))) == .applied)
        replica.configure(voters: [1, 2, 3], learners: [4])
        let loaded = try PoolState(rows: replica.rows.values)
        #expect(loaded.root == replica.state.root)
        #expect(loaded.membership == replica.state.membership && loaded.members == replica.state.members)
        #expect(loaded.invitations == replica.state.invitations && loaded.lastNode == 5)
    }
}
