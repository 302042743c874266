import CryptographicModule
import PoolState
import Testing

/// Whether a node may be unsealed by its peers: each way in, and each reason against it.
@Suite struct PeerUnsealTests {
    static func bytes(_ value: UInt8) -> [UInt8] { [UInt8](repeating: value, count: 32) }
    static func ticket(_ number: UInt8) -> NodeContinuity.Ticket {
        NodeContinuity.Ticket(nonce: bytes(number), digest: bytes(number &+ 100))
    }
    static let orderID = [UInt8](repeating: 0xE, count: 16)
    static func order(
        _ mode: PeerUnsealMode = .automatic, absence: Int64 = 7200, expires: Int64 = Fixture.start / 1000 + 3600
    ) -> PeerUnsealOrder {
        PeerUnsealOrder(id: orderID, settings: PeerUnsealSettings(mode: mode, maxAbsence: absence), expires: expires)
    }

    static let everyCommand: [PoolCommand] = [
        .grant(
            UnsealClaim(node: 2, transcript: bytes(1), machine: bytes(2), ticket: .none), by: 1, next: ticket(1)),
        .grant(UnsealClaim(node: 2, transcript: [], machine: [], ticket: .stale), by: .max, next: ticket(1)),
        .grant(UnsealClaim(node: 0, transcript: [1], machine: [2], ticket: .proven([3])), by: 0, next: ticket(2)),
        .renew(node: 2, ticket(3), machine: bytes(4)), .hold(node: 2, digest: [1]), .hold(node: 0, digest: []),
        .approve(node: 2, transcript: [1]), .openStart, .set(.initial),
        .set(PeerUnsealSettings(mode: .off, maxAbsence: -1)), .order(order()), .order(order(.attended, expires: 0)),
        .vote(id: orderID, RootChangeTests.vote(1)), .vote(id: [], RootChangeTests.vote(0)),
    ].map { PoolCommand.peerUnsealing($0) }

    static func random(_ random: inout SplitMix) -> PeerUnsealCommand {
        func number(_ range: Range<UInt8>) -> UInt8 { UInt8.random(in: range, using: &random) }
        let node = UInt64(number(1..<5))
        switch number(0..<8) {
        case 0, 1:
            let claims: [TicketClaim] = [.none, .stale, .proven(ticket(number(0..<4)).digest)]
            return .grant(
                UnsealClaim(
                    node: node, transcript: bytes(number(0..<4)), machine: bytes(number(0..<2)),
                    ticket: claims[Int(number(0..<3))]), by: 1, next: ticket(number(0..<4)))
        case 2, 3: return .renew(node: 1, ticket(number(0..<4)), machine: bytes(number(0..<2)))
        case 4: return .hold(node: 1, digest: ticket(number(0..<4)).digest)
        case 5: return .approve(node: node, transcript: bytes(number(0..<4)))
        case 6: return .openStart
        default: return .set(PeerUnsealSettings(mode: .automatic, maxAbsence: Int64(number(5..<60)) * 60))
        }
    }

    // MARK: A pool

    /// Of three nodes and three officers, all of whose members were let in just now.
    private var begun: Replica {
        var replica = Replica.activated()
        replica.configure(voters: [1, 2, 3])
        #expect(replica.apply(.raisePoolVersion(.peerUnsealing, knownBy: [1, 2, 3])) == .applied)
        return replica
    }

    /// The same, and node 2 has a ticket on its disk, the first one.
    private var settled: Replica {
        var replica = begun
        replica.carryOut(.renew(node: 2, Self.ticket(1), machine: Self.bytes(0xAA)), by: 2)
        replica.carryOut(.hold(node: 2, digest: Self.ticket(1).digest), by: 2)
        return replica
    }

    private func claim(
        _ ticket: TicketClaim, transcript: UInt8 = 1, machine: UInt8 = 0xAA, node: UInt64 = 2
    ) -> UnsealClaim {
        UnsealClaim(
            node: node, transcript: Self.bytes(transcript), machine: Self.bytes(machine), ticket: ticket)
    }

    private func proven(_ number: UInt8) -> TicketClaim { .proven(Self.ticket(number).digest) }

    private func grant(
        _ replica: inout Replica, _ claim: UnsealClaim, next: UInt8 = 2, by giver: UInt64 = 1
    ) -> CommandOutcome {
        // What is looked at before is what decides.
        let expected: CommandOutcome
        do {
            _ = try replica.state.basis(of: claim, at: replica.time / 1000)
            expected = .applied
        } catch {
            expected = .refused(error)
        }
        let outcome = replica.apply(.peerUnsealing(.grant(claim, by: giver, next: Self.ticket(next))), by: giver)
        #expect(outcome == expected)
        return outcome
    }

    // MARK: The version

    @Test func itBeginsWithItsVersion() throws {
        var replica = Replica.activated()
        replica.configure(voters: [1, 2, 3])
        #expect(replica.state.peerUnsealPolicy == nil && replica.state.continuity(of: 2) == nil)
        #expect(replica.apply(.peerUnsealing(.openStart)) == .refused(.invalidPeerUnsealing))
        let former = UnsealGrant(node: 2, bootNonce: [1], grantedBy: 1, ticketDigest: Self.bytes(1))
        #expect(replica.apply(.unsealGranted(former)) == .applied)
        #expect(replica.apply(.raisePoolVersion(.peerUnsealing, knownBy: [1, 2, 3])) == .applied)
        #expect(replica.state.peerUnsealPolicy?.settings == .initial)
        let known = try #require(replica.state.continuity(of: 3))
        #expect(known.ticket == nil && known.beginsUntil == Fixture.start / 1000 + 3600)
        // A grant that doesn't say what it is based on is none any more.
        #expect(replica.apply(.unsealGranted(former)) == .refused(.invalidUnsealGrant))
        #expect(try replica.reloaded().root == replica.state.root)
        #expect(try replica.reloaded().peerUnsealPolicy == replica.state.peerUnsealPolicy)
        #expect(replica.apply(.raisePoolVersion(PoolVersion(rawValue: 9), knownBy: [1, 2, 3])) == .applied)
        #expect(replica.state.continuity(of: 3) == known, "once")
    }

    // MARK: First unsealing

    @Test func whoWasLetInJustNowNeedsNothingElse() throws {
        var replica = begun
        replica.advance(seconds: 3599)
        #expect(grant(&replica, claim(.none)) == .applied)
        // It died before it had the ticket.
        #expect(grant(&replica, claim(.none, transcript: 2), next: 3) == .applied)
        replica.carryOut(.hold(node: 2, digest: Self.ticket(3).digest), by: 2)
        #expect(replica.state.continuity(of: 2)?.beginsUntil == 0)
        #expect(grant(&replica, claim(.none, transcript: 3)) == .refused(.unsealTicketMissing))

        var late = begun
        late.advance(seconds: 3600)
        #expect(grant(&late, claim(.none)) == .refused(.unsealTicketMissing))
    }

    @Test func aNodeThatJoinsBeginsWhenItIsAdmitted() throws {
        var replica = begun
        let invitation = NodeInvitation(
            name: "node-4", ticketDigest: [UInt8](repeating: 9, count: 32), expires: Fixture.start / 1000 + 3600)
        #expect(replica.apply(.inviteNode(invitation)) == .applied)
        replica.advance(seconds: 1800)
        #expect(replica.apply(.admitNode(Fixture.admission(knows: 6))) == .applied)
        replica.advance(seconds: 3000)
        #expect(grant(&replica, claim(.none, node: 4)) == .applied)
        #expect(grant(&replica, claim(.none, node: 2)) == .refused(.unsealTicketMissing))
        // It never came into a configuration: its record goes with it.
        #expect(replica.apply(.removeNode(4)) == .applied)
        #expect(replica.state.continuity(of: 4) == nil)
        #expect(grant(&replica, claim(.none, transcript: 2, node: 4)) == .refused(.memberNotFound))
        #expect(try replica.reloaded().root == replica.state.root)
    }

    // MARK: Tickets

    @Test func theFormerTicketIsGoodUntilTheLatestIsOnTheDisk() throws {
        var replica = settled
        #expect(grant(&replica, claim(proven(1)), next: 2) == .applied)
        // The node died before it had stored the second one, or after.
        #expect(grant(&replica, claim(proven(1), transcript: 2), next: 3) == .applied)
        #expect(replica.state.continuity(of: 2)?.former == Self.ticket(1))
        #expect(grant(&replica, claim(proven(2), transcript: 3)) == .refused(.unsealTicketStale), "never stored")
        #expect(grant(&replica, claim(proven(3), transcript: 3), next: 4) == .applied)
        #expect(replica.state.continuity(of: 2)?.former == Self.ticket(3))
        replica.carryOut(.hold(node: 2, digest: Self.ticket(4).digest), by: 2)
        for old: UInt8 in 1...3 {
            #expect(grant(&replica, claim(proven(old), transcript: 9)) == .refused(.unsealTicketStale), "\(old)")
        }
        #expect(grant(&replica, claim(proven(4), transcript: 9), next: 5) == .applied)
        #expect(try replica.reloaded().continuity(of: 2) == replica.state.continuity(of: 2))
    }

    @Test func aTicketThatIsWeeksOldIsWorthNothing() {
        var replica = settled
        for number: UInt8 in 2...8 {
            replica.advance(seconds: 86_400)
            replica.carryOut(.renew(node: 2, Self.ticket(number), machine: Self.bytes(0xAA)), by: 2)
            replica.carryOut(.hold(node: 2, digest: Self.ticket(number).digest), by: 2)
        }
        #expect(grant(&replica, claim(proven(1))) == .refused(.unsealTicketStale))
        #expect(grant(&replica, claim(.stale)) == .refused(.unsealTicketStale))
        #expect(grant(&replica, claim(.none)) == .refused(.unsealTicketMissing))
        #expect(grant(&replica, claim(proven(8)), next: 9) == .applied)
    }

    @Test func onlyTheNodeItselfTakesATicket() {
        var replica = settled
        let renewal = PeerUnsealCommand.renew(node: 2, Self.ticket(2), machine: Self.bytes(0xAA))
        #expect(replica.apply(.peerUnsealing(renewal), by: 3) == .refused(.ticketOfOtherNode))
        replica.carryOut(renewal, by: 2)
        #expect(replica.apply(.peerUnsealing(renewal), by: 2) == .refused(.ticketNotHeld))
        let holding = PeerUnsealCommand.hold(node: 2, digest: Self.ticket(2).digest)
        #expect(replica.apply(.peerUnsealing(holding), by: 1) == .refused(.ticketOfOtherNode))
        let other = PeerUnsealCommand.hold(node: 2, digest: Self.ticket(1).digest)
        #expect(replica.apply(.peerUnsealing(other), by: 2) == .refused(.unsealTicketStale))
        replica.carryOut(holding, by: 2)
        let short = PeerUnsealCommand.renew(node: 2, Self.ticket(3), machine: [1])
        #expect(replica.apply(.peerUnsealing(short), by: 2) == .refused(.invalidPeerUnsealing))
    }

    @Test func aRepeatedRequestIsTheSameGrant() {
        var replica = settled
        #expect(grant(&replica, claim(proven(1)), next: 2) == .applied)
        #expect(grant(&replica, claim(proven(1)), next: 3, by: 3) == .applied)
        #expect(replica.state.continuity(of: 2)?.ticket == Self.ticket(2))
    }

    @Test func malformedGrantsAreRefused() {
        var replica = settled
        for bad in [
            UnsealClaim(node: 2, transcript: [1], machine: Self.bytes(1), ticket: .none),
            UnsealClaim(node: 2, transcript: Self.bytes(1), machine: [], ticket: .none),
            UnsealClaim(node: 2, transcript: Self.bytes(1), machine: Self.bytes(1), ticket: .proven([1])),
        ] {
            let command = PeerUnsealCommand.grant(bad, by: 1, next: Self.ticket(2))
            #expect(replica.apply(.peerUnsealing(command)) == .refused(.invalidUnsealGrant))
        }
        let by9 = PeerUnsealCommand.grant(claim(proven(1)), by: 9, next: Self.ticket(2))
        #expect(replica.apply(.peerUnsealing(by9)) == .refused(.memberNotFound))
        let short = NodeContinuity.Ticket(nonce: [1], digest: Self.bytes(1))
        #expect(replica.apply(.peerUnsealing(.grant(claim(proven(1)), by: 1, next: short)))
            == .refused(.invalidUnsealGrant))
    }

    // MARK: Absence, machine, membership

    @Test func whoWasAwayForTooLongNeedsAnApproval() {
        var replica = settled
        replica.advance(seconds: 3600)
        #expect(grant(&replica, claim(proven(1))) == .applied)
        replica.advance(seconds: 3601)
        #expect(grant(&replica, claim(proven(1), transcript: 2)) == .refused(.unsealAbsentTooLong))
        // Officers have opened a node meanwhile.
        replica.carryOut(.openStart)
        #expect(grant(&replica, claim(proven(1), transcript: 2), next: 3) == .applied)
        replica.carryOut(.hold(node: 2, digest: Self.ticket(3).digest), by: 2)
        replica.advance(seconds: 3601)
        #expect(grant(&replica, claim(proven(3), transcript: 3)) == .refused(.unsealAbsentTooLong), "15 min are over")
        replica.carryOut(.openStart)
        #expect(grant(&replica, claim(.stale, transcript: 3)) == .refused(.unsealTicketStale))
        replica.advance(seconds: 899)
        #expect(grant(&replica, claim(proven(3), transcript: 3)) == .applied)
    }

    @Test func anotherMachineNeedsAnApproval() {
        var replica = settled
        let moved = claim(proven(1), machine: 0xBB)
        #expect(grant(&replica, moved) == .refused(.unsealOtherMachine))
        replica.carryOut(.approve(node: 2, transcript: Self.bytes(1)))
        #expect(grant(&replica, moved, next: 2) == .applied)
        replica.carryOut(.hold(node: 2, digest: Self.ticket(2).digest), by: 2)
        #expect(grant(&replica, claim(proven(2), transcript: 2, machine: 0xBB), next: 3) == .applied)
        #expect(grant(&replica, claim(proven(2), transcript: 3)) == .refused(.unsealOtherMachine), "and not back")
    }

    @Test func whoIsNoMemberIsNotUnsealed() {
        var replica = settled
        #expect(replica.apply(.distrustNode(2)) == .applied)
        #expect(grant(&replica, claim(proven(1))) == .refused(.nodeIsLeaving))
        let approval = PeerUnsealCommand.approve(node: 2, transcript: Self.bytes(1))
        #expect(replica.apply(.peerUnsealing(approval)) == .refused(.nodeIsLeaving))
        replica = settled
        #expect(replica.apply(.removeNode(2)) == .applied)
        #expect(grant(&replica, claim(proven(1))) == .refused(.nodeIsLeaving))
        replica.configure(voters: [1, 3])
        #expect(grant(&replica, claim(proven(1))) == .refused(.memberNotFound))
        #expect(replica.state.continuity(of: 2) == nil)
    }

    // MARK: Approvals and modes

    @Test func anApprovalIsForOneRequestAndOnce() {
        var replica = settled
        replica.carryOut(.set(PeerUnsealSettings(mode: .attended, maxAbsence: 3600)))
        #expect(grant(&replica, claim(proven(1))) == .refused(.unsealAttended))
        replica.carryOut(.approve(node: 3, transcript: Self.bytes(1)))
        #expect(grant(&replica, claim(proven(1))) == .refused(.unsealAttended), "another node")
        replica.carryOut(.approve(node: 2, transcript: Self.bytes(1)))
        #expect(grant(&replica, claim(proven(1), transcript: 2)) == .refused(.unsealAttended), "another request")
        #expect(grant(&replica, claim(proven(1)), next: 2) == .applied)
        #expect(grant(&replica, claim(proven(1)), next: 3) == .applied, "the same request, whose answer was lost")
        #expect(replica.state.continuity(of: 2)?.approval == nil)
        #expect(grant(&replica, claim(proven(2), transcript: 3)) == .refused(.unsealAttended), "the next start")
        replica.carryOut(.approve(node: 2, transcript: Self.bytes(3)))
        replica.advance(seconds: 900)
        #expect(grant(&replica, claim(proven(2), transcript: 3)) == .refused(.unsealAttended), "15 min are over")
        let bad = PeerUnsealCommand.approve(node: 2, transcript: [])
        #expect(replica.apply(.peerUnsealing(bad)) == .refused(.invalidPeerUnsealing))
        let nobody = PeerUnsealCommand.approve(node: 9, transcript: Self.bytes(1))
        #expect(replica.apply(.peerUnsealing(nobody)) == .refused(.memberNotFound))
    }

    /// A node that has lost its ticket gets another one by an approval. It isn't held before the node says so.
    @Test func whatAnApprovalGivesIsNotHeldYet() throws {
        var replica = settled
        #expect(replica.apply(.raisePoolVersion(.amendments, knownBy: [1, 2, 3])) == .applied)
        for (claimed, number) in [(TicketClaim.none, UInt8(2)), (.stale, 3)] {
            #expect(replica.state.continuity(of: 2)?.isSettled == true)
            replica.carryOut(.approve(node: 2, transcript: Self.bytes(number)))
            #expect(grant(&replica, claim(claimed, transcript: number), next: number) == .applied)
            let known = try #require(replica.state.continuity(of: 2))
            #expect(!known.isSettled && known.ticket == Self.ticket(number) && known.former == nil)
            #expect(try replica.reloaded().continuity(of: 2) == known)
            // It is no beginning that lets it in without one.
            #expect(grant(&replica, claim(.none, transcript: number + 100)) == .refused(.unsealTicketMissing))
            replica.carryOut(.hold(node: 2, digest: Self.ticket(number).digest), by: 2)
        }
        #expect(replica.state.continuity(of: 2)?.isSettled == true)
        // Members of a former version take it for held at once.
        var former = settled
        former.carryOut(.approve(node: 2, transcript: Self.bytes(2)))
        #expect(grant(&former, claim(.none, transcript: 2)) == .applied)
        #expect(former.state.continuity(of: 2)?.isSettled == true && former.state.continuity(of: 2)?.beginsUntil == 0)
    }

    @Test func offMeansNever() {
        var replica = begun
        replica.carryOut(.set(PeerUnsealSettings(mode: .off, maxAbsence: 3600)))
        #expect(grant(&replica, claim(.none)) == .refused(.unsealByPeersOff))
        let approval = PeerUnsealCommand.approve(node: 2, transcript: Self.bytes(1))
        #expect(replica.apply(.peerUnsealing(approval)) == .refused(.unsealByPeersOff))
    }

    // MARK: Settings

    @Test func strictnessIsOrdered() {
        let middle = PeerUnsealSettings(mode: .attended, maxAbsence: 100)
        for (mode, absence, isNoLooser) in [
            (PeerUnsealMode.attended, Int64(100), true), (.off, 100, true), (.attended, 99, true),
            (.automatic, 10, false), (.off, 101, false),
        ] {
            let other = PeerUnsealSettings(mode: mode, maxAbsence: absence)
            #expect(other.areNoLooser(than: middle) == isNoLooser, "\(mode) \(absence)")
        }
        for (absence, renewal) in [(Int64(10), Int64(2)), (60, 15), (3600, 900), (2_592_000, 900)] {
            #expect(PeerUnsealSettings(mode: .automatic, maxAbsence: absence).renewal == renewal)
        }
    }

    @Test func nobodyLoosensThemAlone() throws {
        var replica = settled
        replica.carryOut(.set(PeerUnsealSettings(mode: .attended, maxAbsence: 60)))
        for looser in [
            PeerUnsealSettings(mode: .automatic, maxAbsence: 60), PeerUnsealSettings(mode: .attended, maxAbsence: 61),
            PeerUnsealSettings(mode: .off, maxAbsence: 61),
        ] { #expect(replica.apply(.peerUnsealing(.set(looser))) == .refused(.officersHaveToApprove)) }
        for absence: Int64 in [9, 0, -1] {
            let bad = PeerUnsealSettings(mode: .off, maxAbsence: absence)
            #expect(replica.apply(.peerUnsealing(.set(bad))) == .refused(.invalidPeerUnsealing))
        }
        replica.carryOut(.order(Self.order()))
        replica.carryOut(.vote(id: Self.orderID, RootChangeTests.vote(2)))
        replica.carryOut(.vote(id: Self.orderID, RootChangeTests.vote(2)))
        #expect(replica.state.peerUnsealPolicy?.settings.mode == .attended, "one officer twice is one officer")
        #expect(replica.state.peerUnsealPolicy?.approvals.map(\.officer) == [2])
        #expect(try replica.reloaded().peerUnsealPolicy == replica.state.peerUnsealPolicy)
        for officer: UInt8 in [0, 4] {
            let vote = PeerUnsealCommand.vote(id: Self.orderID, RootChangeTests.vote(officer))
            #expect(replica.apply(.peerUnsealing(vote)) == .refused(.invalidPeerUnsealing))
        }
        replica.carryOut(.vote(id: Self.orderID, RootChangeTests.vote(1)))
        #expect(replica.state.peerUnsealPolicy?.settings == Self.order().settings)
        #expect(replica.state.peerUnsealPolicy?.order == nil && replica.state.peerUnsealPolicy?.approvals == [])
        let again = PeerUnsealCommand.vote(id: Self.orderID, RootChangeTests.vote(3))
        #expect(replica.apply(.peerUnsealing(again)) == .refused(.peerUnsealOrderNotFound))
    }

    @Test func anOrderEnds() {
        var replica = settled
        replica.carryOut(.order(Self.order()))
        replica.carryOut(.vote(id: Self.orderID, RootChangeTests.vote(1)))
        // Another order, even the same, begins without approvals.
        replica.carryOut(.order(Self.order()))
        #expect(replica.state.peerUnsealPolicy?.approvals == [])
        replica.carryOut(.vote(id: Self.orderID, RootChangeTests.vote(1)))
        replica.advance(seconds: 3600)
        let late = PeerUnsealCommand.vote(id: Self.orderID, RootChangeTests.vote(2))
        #expect(replica.apply(.peerUnsealing(late)) == .refused(.peerUnsealOrderExpired))
        #expect(replica.apply(.peerUnsealing(.order(Self.order()))) == .refused(.invalidPeerUnsealing))
        // Whoever makes them stricter drops what waits.
        replica = settled
        replica.carryOut(.order(Self.order()))
        replica.carryOut(.set(.initial))
        #expect(replica.state.peerUnsealPolicy?.order == nil)
    }

    @Test func otherOfficersDecideAnew() {
        var replica = settled
        replica.carryOut(.order(Self.order()))
        replica.carryOut(.vote(id: Self.orderID, RootChangeTests.vote(1)))
        let id = RootChangeTests.id
        replica.apply(.beginRootChange(RootChangeTests.order()))
        for officer: UInt8 in [1, 2] { replica.apply(.approveRootChange(id: id, RootChangeTests.vote(officer))) }
        replica.apply(.prepareRoot(id: id, RootChangeTests.prepared(replica.state)))
        for officer: UInt8 in [1, 2, 3] { replica.apply(.confirmRoot(id: id, RootChangeTests.vote(officer))) }
        #expect(replica.state.rootChange?.committed != nil)
        #expect(replica.state.peerUnsealPolicy?.order == nil && replica.state.peerUnsealPolicy?.approvals == [])
    }

    @Test func aPoolWithoutOfficersLoosensNothing() {
        var replica = Replica()
        replica.apply(.initializePool(Fixture.genesis()))
        replica.configure(voters: [1, 2, 3])
        replica.apply(.raisePoolVersion(.peerUnsealing, knownBy: [1, 2, 3]))
        #expect(replica.apply(.peerUnsealing(.order(Self.order()))) == .refused(.notActivated))
    }
}

extension Replica {
    /// Applies a command that has to be taken.
    fileprivate mutating func carryOut(_ command: PeerUnsealCommand, by proposer: UInt64 = 1) {
        let outcome = apply(.peerUnsealing(command), by: proposer)
        #expect(outcome == .applied, "\(command)")
    }
}
