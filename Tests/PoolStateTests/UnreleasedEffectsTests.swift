import AccessControl
import PoolState
import Testing

/// A read waits for the entries that touch it, and for no others.
@Suite struct UnreleasedEffectsTests {
    private let alice = GUID(high: 0xa1, low: 1)
    private let bob = GUID(high: 0xb0, low: 1)
    private let group = GUID(high: 0xad, low: 2)

    private func index(_ ledger: EffectLedger, _ scope: ReadScope, _ state: PoolState = PoolState()) -> UInt64? {
        ledger.unreleased.index(touching: scope, in: PoolView(state: state, appliedIndex: 0))
    }

    private func expectRelease(_ ledger: inout EffectLedger, through index: UInt64, frees: Bool) {
        let isFreed = ledger.release(through: index)
        #expect(isFreed == frees)
    }

    @Test func onlyWhatIsTouchedWaits() {
        var ledger = EffectLedger()
        let state = Replica.activated().state
        ledger.add(state.effects(of: .deleteKey(name: "a")), index: 5)
        ledger.add(state.effects(of: .setPrincipalEnabled(objectID: alice, enabled: false)), index: 6)
        #expect(index(ledger, .caller(bob, key: "a")) == 5)
        #expect(index(ledger, .caller(bob, key: "b")) == nil)
        #expect(index(ledger, .caller(alice, key: "a")) == 6)
        #expect(index(ledger, .caller(alice, key: nil)) == 6)
        #expect(index(ledger, .everything) == 6)
        expectRelease(&ledger, through: 5, frees: true)
        #expect(index(ledger, .caller(bob, key: "a")) == nil)
        #expect(index(ledger, .caller(alice, key: "a")) == 6 && index(ledger, .everything) == 6)
        expectRelease(&ledger, through: 6, frees: true)
        #expect(index(ledger, .caller(alice, key: "a")) == nil && index(ledger, .everything) == nil)
        expectRelease(&ledger, through: 7, frees: false)
    }

    @Test func theLastEntryThatTouchesCounts() {
        var ledger = EffectLedger()
        let state = Replica.activated().state
        for at in 5...7 as ClosedRange<UInt64> { ledger.add(state.effects(of: .deleteKey(name: "a")), index: at) }
        expectRelease(&ledger, through: 6, frees: true)
        #expect(index(ledger, .caller(alice, key: "a")) == 7)
    }

    @Test func whatIsGoneFromTheLogTouchesNothing() {
        var ledger = EffectLedger()
        let state = Replica.activated().state
        for at in 5...7 as ClosedRange<UInt64> { ledger.add(state.effects(of: .deleteKey(name: "a")), index: at) }
        ledger.add(state.effects(of: .deleteKey(name: "b")), index: 8)
        let isCut = ledger.truncate(from: 7)
        #expect(isCut && index(ledger, .everything) == 6)
        #expect(index(ledger, .caller(alice, key: "a")) == 6 && index(ledger, .caller(alice, key: "b")) == nil)
        let isCutAgain = ledger.truncate(from: 7)
        #expect(!isCutAgain)
        // Of a stretch that nothing is known of, what is left is not known either.
        ledger.addUnknown(through: 20)
        _ = ledger.truncate(from: 15)
        #expect(index(ledger, .caller(bob, key: "c")) == 14)
        expectRelease(&ledger, through: 14, frees: true)
        #expect(index(ledger, .everything) == nil)
    }

    /// Entries may be added one by one that lie within a stretch.
    @Test func aCutWithinAStretchLeavesItsBeginning() {
        var ledger = EffectLedger()
        let state = Replica.activated().state
        ledger.addUnknown(through: 14)
        for at in 13...14 as ClosedRange<UInt64> { ledger.add(state.effects(of: .deleteKey(name: "a")), index: at) }
        #expect(index(ledger, .caller(bob, key: "b")) == 14)
        let isCut = ledger.truncate(from: 14)
        #expect(isCut && index(ledger, .caller(bob, key: "b")) == 13)
        expectRelease(&ledger, through: 13, frees: true)
        #expect(index(ledger, .everything) == nil)
    }

    @Test func whatIsReleasedOfAStretchIsNotNotedAnew() {
        var ledger = EffectLedger()
        ledger.addUnknown(through: 20)
        expectRelease(&ledger, through: 14, frees: false)
        #expect(index(ledger, .everything) == 20)
        let isCut = ledger.truncate(from: 15)
        #expect(isCut && index(ledger, .everything) == nil)
    }

    /// Before it is applied, what comes in between may change what a command touches.
    @Test func aCommandThatIsStillToComeMayTouchMore() {
        var replica = Replica.activated()
        let assignment = Fixture.assignment(7, alice, .cryptoUser, at: .keys)
        replica.apply(.putRoleAssignment(assignment))
        let delete = PoolCommand.deleteRoleAssignment(name: assignment.name, scope: .keys)
        #expect(replica.state.effects(of: delete, isNext: true) == replica.state.effects(of: delete))
        for command in [delete, .deletePrincipal(objectID: alice)] {
            #expect(replica.state.effects(of: command, isNext: false) == .everything)
        }
        let disable = PoolCommand.setPrincipalEnabled(objectID: alice, enabled: false)
        #expect(replica.state.effects(of: disable, isNext: false) == replica.state.effects(of: disable))
    }

    @Test func rolesOfAGroupTouchItsMembers() {
        var replica = Replica.activated()
        replica.apply(
            .createPrincipal(NewPrincipal(objectID: alice, kind: .user, displayName: "alice", groups: [group])))
        let assignment = Fixture.assignment(7, group, .cryptoUser, at: .keys)
        var ledger = EffectLedger()
        ledger.add(replica.state.effects(of: .putRoleAssignment(assignment)), index: 9)
        #expect(index(ledger, .caller(alice, key: "a"), replica.state) == 9)
        #expect(index(ledger, .caller(bob, key: "a"), replica.state) == nil)
        replica.apply(.putRoleAssignment(assignment))
        ledger = EffectLedger()
        ledger.add(
            replica.state.effects(of: .deleteRoleAssignment(name: assignment.name, scope: .keys)), index: 10)
        #expect(index(ledger, .caller(alice, key: nil), replica.state) == 10)
    }

    /// The view doesn't know yet of the group, whose roles a later entry changes.
    @Test func whoMayComeIntoAGroupWaitsForWhatIsBehind() {
        var replica = Replica.activated()
        replica.apply(.createPrincipal(NewPrincipal(objectID: alice, kind: .user, displayName: "alice")))
        let assignment = Fixture.assignment(7, group, .cryptoUser, at: .keys)
        var ledger = EffectLedger()
        ledger.add(replica.state.effects(of: .setPrincipalGroups(objectID: alice, groups: [group])), index: 9)
        ledger.add(replica.state.effects(of: .putRoleAssignment(assignment)), index: 10)
        #expect(index(ledger, .caller(alice, key: "a"), replica.state) == 10)
        #expect(index(ledger, .caller(bob, key: "a"), replica.state) == nil)
        ledger = EffectLedger()
        ledger.addUnknown(through: 9)
        ledger.add(replica.state.effects(of: .putRoleAssignment(assignment)), index: 10)
        #expect(index(ledger, .caller(bob, key: nil), replica.state) == 10)
    }

    @Test func whatCameAsAWholeTouchesEverything() {
        var ledger = EffectLedger()
        ledger.addUnknown(through: 100)
        #expect(index(ledger, .caller(alice, key: "a")) == 100)
        expectRelease(&ledger, through: 100, frees: true)
        #expect(index(ledger, .caller(alice, key: "a")) == nil)
    }

    /// Whatever a command changes that a read of a caller and a key can see, it has said before.
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func noCommandChangesWhatItDoesNotSayThatItTouches(_ seed: UInt64) {
        var commands = RandomCommands(seed: seed)
        var replica = Replica.activated()
        var bounded = 0
        for _ in 0..<600 {
            let command = commands.next(replica.state)
            let before = replica.state
            var ledger = EffectLedger()
            ledger.add(before.effects(of: command), index: 1)
            replica.apply(command)
            let after = replica.state
            for name in names(before).union(names(after)) {
                let isSame = before.key(name) == after.key(name) && before.deletedKey(name) == after.deletedKey(name)
                guard !isSame else { continue }
                #expect(index(ledger, .caller(bob, key: name), before) == 1, "\(command) touched \(name)")
            }
            for id in people(before).union(people(after)) {
                let isSame = before.principal(id) == after.principal(id) && rights(id, before) == rights(id, after)
                guard !isSame else { continue }
                #expect(index(ledger, .caller(id, key: nil), before) == 1, "\(command) touched \(id)")
            }
            if before.pool != after.pool || before.permissions.roleDefinitions != after.permissions.roleDefinitions {
                #expect(index(ledger, .caller(bob, key: nil), before) == 1, "\(command) touched everybody")
            }
            if index(ledger, .caller(GUID(high: 1, low: 1), key: nil), before) == nil { bounded += 1 }
        }
        #expect(bounded > 300, "too many commands hold up everybody")
    }

    private func names(_ state: PoolState) -> Set<String> {
        Set(state.keys(limit: .max).map(\.name)).union(state.deletedKeys(limit: .max).map(\.name))
    }

    private func people(_ state: PoolState) -> Set<GUID> {
        Set(state.principals.map(\.objectID)).union(state.permissions.assignments.map(\.principal))
    }

    private func rights(_ id: GUID, _ state: PoolState) -> Set<RoleAssignment> {
        Set(state.permissions.assignments.filter { $0.principal == id })
    }
}
