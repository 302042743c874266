import AccessControl
import CryptographicModule
import PoolState
import Testing

/// What a lost pool had, for a new one.
enum NewPoolFixture {
    static let person = GUID(high: 0xbe, low: 1)
    static let client = GUID(high: 0xbe, low: 2)
    static let role = GUID(high: 0xbe, low: 3)
    static let assignment = RoleAssignment(
        name: GUID(high: 0xbe, low: 4), scope: .key("a"), principal: person, roleDefinition: role)
    static let definition = RoleDefinition(
        id: role, name: "signer", description: "", kind: .custom,
        dataActions: ["Microsoft.KeyVault/managedHsm/keys/sign/action"], notDataActions: [], actions: [],
        notActions: [], assignableScopes: [.root])

    /// A pool with all of it, as a backup holds it.
    static var lost: PoolState {
        var replica = Replica.activated()
        replica.apply(
            .createPrincipal(
                NewPrincipal(
                    objectID: person, clientID: client, kind: .servicePrincipal, displayName: "p",
                    secretHash: [UInt8](repeating: 5, count: 32))))
        replica.apply(.putRoleDefinition(definition))
        replica.apply(.putRoleAssignment(assignment))
        return replica.state
    }

    static var everything: [StagedPolicy] {
        let lost = lost
        var items: [StagedPolicy] = lost.principals.map { .principal($0) }
        items += lost.permissions.assignments.sorted { $0.name < $1.name }.map { .roleAssignment($0) }
        items.append(.roleDefinition(definition))
        if let pool = lost.pool { items.append(.pool(RestoredPool(pool, keyring: [9, 9]))) }
        if let domain = lost.securityDomain { items.append(.securityDomain(domain)) }
        return items
    }

    /// A new pool that has taken over a security domain.
    static func recovering(settings: PoolSettings = PoolSettings(recoverableDays: 7)) -> Replica {
        var replica = Replica()
        replica.apply(.initializePool(Fixture.genesis(settings: settings)))
        replica.apply(.securityDomainAdopted(adopted))
        return replica
    }

    static let adopted = AdoptedSecurityDomain(generation: 0, keyring: [9], bridge: [8])

    /// Brings a keyring of so many bytes.
    static func stagingKeyring(of count: Int) -> PoolCommand {
        let keyring = [UInt8](repeating: 1, count: count)
        let items = lost.pool.map { [StagedPolicy.pool(RestoredPool($0, keyring: keyring))] }
        return .stagePolicy(job: Fixture.jobID(1), items ?? [])
    }
}

@Suite struct NewPoolTests {
    private func complete(_ keys: Int) -> PoolCommand {
        .completeJob(id: Fixture.jobID(1), items: 1, bytes: 2, keys: keys, report: "everything")
    }

    private func begun() -> Replica {
        var replica = NewPoolFixture.recovering()
        #expect(replica.apply(.beginJob(Fixture.job(1, .restore))) == .applied)
        return replica
    }

    @Test func onlyAPoolWithoutOfficersTakesOverADomain() throws {
        let recovering = NewPoolFixture.recovering()
        let pool = try #require(recovering.state.pool)
        #expect(pool.phase == .recovering && pool.keyring == [9] && pool.rootBridge == [8])
        #expect(try recovering.reloaded().root == recovering.state.root)
        var activating = Replica()
        activating.apply(.initializePool(Fixture.genesis()))
        activating.apply(.securityDomainPrepared(Fixture.securityDomain()))
        for replica in [recovering, activating, Replica.activated()] {
            var replica = replica
            #expect(
                replica.apply(.securityDomainAdopted(NewPoolFixture.adopted)) == .refused(.poolNotProvisioned))
        }
        var pinned = Replica()
        var genesis = Fixture.genesis()
        genesis.pinnedOfficers = [[UInt8](repeating: 1, count: 32)]
        pinned.apply(.initializePool(genesis))
        #expect(pinned.apply(.securityDomainAdopted(NewPoolFixture.adopted)) == .refused(.officersNotPinned))
        // Nor does a pool that has taken one over give itself officers without theirs.
        var again = recovering
        #expect(
            again.apply(.securityDomainPrepared(Fixture.securityDomain()))
                == .refused(.securityDomainAlreadyActivated))
    }

    @Test func everythingComesAtOnce() throws {
        var replica = begun()
        #expect(replica.state.runningJob?.isOfEverything == true)
        replica.apply(.stageKeys(job: Fixture.jobID(1), [Fixture.staged("a")]))
        #expect(replica.apply(.stagePolicy(job: Fixture.jobID(1), NewPoolFixture.everything)) == .applied)
        #expect(replica.state.principal(NewPoolFixture.person) == nil && replica.state.key("a") == nil)
        #expect(try replica.reloaded().root == replica.state.root)

        #expect(replica.apply(complete(1)) == .applied)
        let state = replica.state
        #expect(state.phase == .activated && state.pool?.settings == NewPoolFixture.lost.pool?.settings)
        #expect(state.pool?.keyring == [9, 9] && state.pool?.poolID == Fixture.poolID)
        #expect(state.securityDomain == NewPoolFixture.lost.securityDomain && state.key("a") != nil)
        #expect(state.principal(clientID: NewPoolFixture.client)?.objectID == NewPoolFixture.person)
        #expect(state.permissions.roleDefinition(NewPoolFixture.role) == NewPoolFixture.definition)
        #expect(state.roleAssignments(at: .key("a")) == [NewPoolFixture.assignment])
        // The one who set the new pool up goes on to administer it.
        #expect(state.roleAssignments(at: .root).map(\.principal) == [Fixture.administrator])
        #expect(state.jobs.first?.report == "everything")
        #expect(!replica.rows.values.contains { $0.table == RowTable.stagedPolicy.rawValue })
        #expect(try replica.reloaded().root == state.root)
    }

    /// What can't be divided may be as large as a keyring may be.
    @Test func oneLargeItemIsStaged() throws {
        var replica = begun()
        #expect(replica.apply(NewPoolFixture.stagingKeyring(of: 513 << 10)) == .refused(.invalidStagedPolicy))
        #expect(replica.apply(NewPoolFixture.stagingKeyring(of: 512 << 10)) == .applied)
        #expect(replica.apply(complete(0)) == .applied)
        #expect(replica.state.pool?.keyring.count == 512 << 10)
        #expect(try replica.reloaded().root == replica.state.root)
    }

    @Test func ofTwoWhoAreTheSameTheNewPoolsStays() throws {
        var replica = NewPoolFixture.recovering()
        let own = NewPrincipal(
            objectID: NewPoolFixture.person, kind: .servicePrincipal, displayName: "new", enabled: false)
        let taken = NewPrincipal(
            objectID: GUID(high: 0xbe, low: 9), clientID: NewPoolFixture.client, kind: .servicePrincipal,
            displayName: "other")
        replica.apply(.createPrincipal(own))
        replica.apply(.createPrincipal(taken))
        replica.apply(.beginJob(Fixture.job(1, .restore)))
        replica.apply(.stagePolicy(job: Fixture.jobID(1), NewPoolFixture.everything))
        #expect(replica.apply(complete(0)) == .applied)
        let person = try #require(replica.state.principal(NewPoolFixture.person))
        #expect(person.displayName == "new" && !person.enabled && person.secretHash == nil)
        #expect(replica.state.principal(clientID: NewPoolFixture.client)?.objectID == taken.objectID)
        #expect(try replica.reloaded().root == replica.state.root)
    }

    @Test func noKeyIsMadeMeanwhileAndTheFirstOneEndsTheRecovery() throws {
        var replica = begun()
        #expect(replica.apply(.createKeyVersion(Fixture.key("b"))) == .refused(.poolBeingRestored))
        let failure = JobFailure(code: "Failed", message: "")
        replica.apply(.failJob(id: Fixture.jobID(1), failure, onlyIfSilent: false))
        #expect(replica.state.phase == .recovering)
        replica.apply(.createKeyVersion(Fixture.key("b")))
        #expect(replica.state.phase == .activated)
        // From now on a restore brings keys only, and needs a backup of those that are there.
        #expect(replica.apply(.beginJob(Fixture.job(2, .restore))) == .refused(.backupNeeded))
        #expect(try replica.reloaded().root == replica.state.root)
    }

    @Test func aRestoreThatIsNotWholeChangesNothing() throws {
        var replica = begun()
        let before = replica.state
        #expect(replica.apply(complete(0)) == .refused(.restoreIncomplete))
        replica.apply(.stagePolicy(job: Fixture.jobID(1), NewPoolFixture.everything))
        let twice = PoolCommand.stagePolicy(job: Fixture.jobID(1), [.roleDefinition(NewPoolFixture.definition)])
        #expect(replica.apply(twice) == .refused(.invalidStagedPolicy))
        #expect(replica.apply(complete(1)) == .refused(.restoreIncomplete))
        replica.apply(
            .failJob(id: Fixture.jobID(1), JobFailure(code: "Failed", message: ""), onlyIfSilent: false))
        #expect(replica.state.phase == .recovering && replica.state.principals == before.principals)
        #expect(!replica.rows.values.contains { $0.table == RowTable.stagedPolicy.rawValue })
        #expect(try replica.reloaded().root == replica.state.root)
    }

    /// A live pool never gets its roles back from a backup.
    @Test func aLivePoolTakesNoPolicies() {
        var replica = Replica.activated()
        replica.apply(.beginJob(Fixture.job(1, .restore)))
        #expect(
            replica.apply(.stagePolicy(job: Fixture.jobID(1), NewPoolFixture.everything)) == .refused(.invalidJob))
    }

    @Test func secretsOfThatTimeAreNoLongerGood() throws {
        let person = try #require(NewPoolFixture.lost.principal(NewPoolFixture.person))
        #expect(person.withoutSecret.secretHash == nil)
        #expect(person.withoutSecret.credentialGeneration == person.credentialGeneration + 1)
    }
}
