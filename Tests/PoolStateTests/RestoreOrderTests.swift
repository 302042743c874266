import AccessControl
import CryptographicModule
import PoolState
import Testing

/// A restore of everything into a living pool: what officers have to agree to, and what is refused.
@Suite struct RestoreOrderTests {
    private static let id = Fixture.jobID(5)
    static let backup = OrderedBackup(
        id: [UInt8](repeating: 3, count: 32), headerDigest: [UInt8](repeating: 4, count: 32), pool: "pool-1", index: 7,
        createdAt: 1)

    /// What a backup of the pool of ``NewPoolFixture`` brings into a pool that has officers.
    static var everything: [StagedPolicy] {
        NewPoolFixture.everything.filter { if case .securityDomain = $0 { false } else { true } }
    }

    static var everyCommand: [PoolCommand] {
        [
            .restoreOrder(.order(job: [1], backup, consequences: ["a", "", "ä"])),
            .restoreOrder(.order(job: [], OrderedBackup(
                id: [], headerDigest: [], pool: "", index: 0, createdAt: 0), consequences: [])),
            .restoreOrder(.approve(id: [1], RootChangeTests.vote(255))), .restoreOrder(.withdraw(id: [1])),
            .beginJob(restore()), .beginJob(ordering(6)),
        ]
    }

    static func random(_ random: inout SplitMix, _ state: PoolState) -> PoolCommand {
        let running = state.runningJob?.id ?? []
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            let lines = (try? state.consequences(ofRestoring: everything)) ?? []
            return .restoreOrder(.order(job: running, backup, consequences: lines))
        case 1: return .restoreOrder(.withdraw(id: state.restoreOrder?.id ?? []))
        default:
            let vote = RootChangeTests.vote(UInt8.random(in: 0..<5, using: &random))
            return .restoreOrder(.approve(id: state.restoreOrder?.id ?? [], vote))
        }
    }

    private static func ordering(_ number: Int = 5) -> JobOrder {
        var job = Fixture.job(number, .restoreOrder)
        job.orderedBy = Fixture.administrator
        return job
    }

    /// The job that an approval of the order begins.
    private static func restore(_ number: Int = 6, approval: [UInt8] = id) -> JobOrder {
        var job = Fixture.job(number, .restore)
        job.approval = approval
        return job
    }

    private static func complete(_ number: Int) -> PoolCommand {
        .completeJob(id: Fixture.jobID(number), items: 1, bytes: 2, keys: 0, report: "")
    }

    private static func approve(_ officer: UInt8, _ id: [UInt8] = id) -> PoolCommand {
        .restoreOrder(.approve(id: id, RootChangeTests.vote(officer)))
    }

    /// A pool of other settings than the backup's, for which a restore was ordered.
    private var ordered: Replica {
        var replica = Replica.activated(settings: PoolSettings(recoverableDays: 7))
        order(&replica)
        return replica
    }

    private func order(_ replica: inout Replica, _ number: Int = 5) {
        #expect(replica.apply(.beginJob(Self.ordering(number))) == .applied)
        let lines = (try? replica.state.consequences(ofRestoring: Self.everything)) ?? []
        let order = RestoreOrderCommand.order(job: Fixture.jobID(number), Self.backup, consequences: lines)
        #expect(!lines.isEmpty && replica.apply(.restoreOrder(order)) == .applied)
        #expect(replica.apply(Self.complete(number)) == .applied)
    }

    private var approved: Replica {
        var replica = ordered
        for officer: UInt8 in [3, 1] { #expect(replica.apply(Self.approve(officer)) == .applied) }
        return replica
    }

    /// All that the restore brings is staged.
    private var staged: Replica {
        var replica = approved
        #expect(replica.apply(.beginJob(Self.restore())) == .applied)
        #expect(replica.apply(.stagePolicy(job: Fixture.jobID(6), Self.everything)) == .applied)
        return replica
    }

    // MARK: Approvals

    @Test func anOrderSaysWhatItIs() throws {
        let replica = ordered
        let order = try #require(replica.state.restoreOrder)
        #expect(order.id == Self.id && order.backup == Self.backup && order.orderedBy == Fixture.administrator)
        #expect(order.place == "https://store.example/hsm/mhsm-1" && order.folder == "mhsm-1")
        #expect(order.expires == Fixture.start / 1000 + 86_400 && order.approvals == [])
        #expect(try replica.reloaded().restoreOrder == order)
        #expect(replica.state.principal(NewPoolFixture.person) == nil, "nothing came yet")
    }

    @Test func fewerThanAQuorumBeginNothing() throws {
        var replica = ordered
        let restore = PoolCommand.beginJob(Self.restore())
        #expect(replica.apply(restore) == .refused(.restoreNotApproved))
        replica.apply(Self.approve(2))
        replica.apply(Self.approve(2))
        #expect(replica.state.restoreOrder?.approvals.map(\.officer) == [2], "one officer twice is one officer")
        #expect(replica.apply(restore) == .refused(.restoreNotApproved))
        for officer: UInt8 in [0, 4] {
            #expect(replica.apply(Self.approve(officer)) == .refused(.invalidRestoreOrder))
        }
        #expect(replica.apply(Self.approve(1, Fixture.jobID(9))) == .refused(.restoreOrderNotFound))
        replica.apply(Self.approve(1))
        #expect(replica.apply(restore) == .applied)
        #expect(replica.state.runningJob?.isOfEverything == true)
        #expect(try replica.reloaded().root == replica.state.root)
    }

    @Test func anotherRestoreThanTheApprovedOneIsRefused() {
        var elsewhere = Self.restore()
        elsewhere.place = "https://store.example/other/mhsm-1"
        var folder = Self.restore()
        (folder.place, folder.folder) = ("https://store.example/hsm/mhsm-2", "mhsm-2")
        var keeping = Self.restore()
        keeping.keepsCredentials = true
        for other in [elsewhere, folder, keeping] {
            var replica = approved
            #expect(replica.apply(.beginJob(other)) == .refused(.restoreOtherThanApproved))
        }
        var replica = approved
        let byNone = Self.restore(approval: Fixture.jobID(9))
        #expect(replica.apply(.beginJob(byNone)) == .refused(.restoreOrderNotFound))
        for kind in JobKind.allCases where kind != .restore {
            var job = Fixture.job(6, kind, key: kind == .keyRestore ? "a" : nil)
            job.approval = Self.id
            #expect(replica.apply(.beginJob(job)) == .refused(.invalidJob))
        }
        #expect(replica.apply(.beginJob(Self.restore(approval: [1]))) == .refused(.invalidJob))
        // Without naming the approval it is one of keys.
        #expect(replica.apply(.beginJob(Fixture.job(6, .restore))) == .applied)
        #expect(replica.state.runningJob?.isOfEverything == false)
        let staging = PoolCommand.stagePolicy(job: Fixture.jobID(6), Self.everything)
        #expect(replica.apply(staging) == .refused(.invalidJob))
    }

    @Test func anOrderEnds() {
        var replica = approved
        replica.advance(seconds: 86_400)
        #expect(replica.apply(.beginJob(Self.restore())) == .refused(.restoreOrderExpired))
        #expect(replica.apply(Self.approve(2)) == .refused(.restoreOrderExpired))
        // Another order, of the same backup, begins without approvals.
        replica = approved
        order(&replica, 7)
        #expect(replica.state.restoreOrder?.approvals == [])
        #expect(replica.apply(.beginJob(Self.restore())) == .refused(.restoreOrderNotFound))
        replica = approved
        #expect(replica.apply(.restoreOrder(.withdraw(id: [1]))) == .refused(.restoreOrderNotFound))
        #expect(replica.apply(.restoreOrder(.withdraw(id: Self.id))) == .applied)
        #expect(replica.apply(.beginJob(Self.restore())) == .refused(.restoreOrderNotFound))
    }

    @Test func formerOfficersHaveApprovedNothing() {
        var replica = approved
        let id = RootChangeTests.id
        replica.apply(.beginRootChange(RootChangeTests.order()))
        for officer: UInt8 in [1, 2] { replica.apply(.approveRootChange(id: id, RootChangeTests.vote(officer))) }
        replica.apply(.prepareRoot(id: id, RootChangeTests.prepared(replica.state)))
        for officer: UInt8 in [1, 2, 3] { replica.apply(.confirmRoot(id: id, RootChangeTests.vote(officer))) }
        #expect(replica.state.rootChange?.committed != nil && replica.state.restoreOrder == nil)
        #expect(replica.apply(.beginJob(Self.restore())) == .refused(.restoreOrderNotFound))
    }

    @Test func onlyTheJobThatHasReadTheBackupOrders() {
        var replica = Replica.activated()
        let order = PoolCommand.restoreOrder(.order(job: Self.id, Self.backup, consequences: []))
        #expect(replica.apply(order) == .refused(.jobNotFound))
        replica.apply(.beginJob(Fixture.job(5, .restoreCheck)))
        #expect(replica.apply(order) == .refused(.invalidJob))
        replica.apply(.failJob(id: Self.id, JobFailure(code: "x", message: ""), onlyIfSilent: false))
        #expect(replica.apply(.beginJob(Self.ordering(7))) == .applied)
        func seven(_ backup: OrderedBackup = Self.backup, _ lines: [String] = []) -> PoolCommand {
            .restoreOrder(.order(job: Fixture.jobID(7), backup, consequences: lines))
        }
        #expect(replica.apply(seven(), by: 2) == .refused(.jobOfOtherNode))
        var nameless = Self.backup
        nameless.id = []
        var undigested = Self.backup
        undigested.headerDigest = [1]
        for bad in [nameless, undigested] { #expect(replica.apply(seven(bad)) == .refused(.invalidRestoreOrder)) }
        let long = String(repeating: "x", count: 256 << 10)
        #expect(replica.apply(seven(Self.backup, [long])) == .refused(.invalidRestoreOrder))
        #expect(replica.apply(seven()) == .applied)
        var nobody = Fixture.job(8, .backup)
        nobody.orderedBy = Fixture.administrator
        #expect(replica.apply(.beginJob(nobody)) == .refused(.invalidJob))
    }

    @Test func aPoolWithoutOfficersInOfficeOrdersNothing() {
        var recovering = NewPoolFixture.recovering()
        #expect(recovering.apply(.beginJob(Self.ordering())) == .refused(.notActivated))
        #expect(recovering.apply(.beginJob(Self.restore())) == .refused(.restoreOrderNotFound))
        #expect(recovering.apply(.beginJob(Fixture.job(6, .restore))) == .applied)
    }

    // MARK: A pool that doesn't know its officers

    /// A new pool whose first key came before the restore of everything.
    private func withoutOfficers(_ version: PoolVersion = .amendments) -> Replica {
        var replica = NewPoolFixture.recovering()
        replica.configure(voters: [1, 2, 3])
        #expect(replica.apply(.raisePoolVersion(version, knownBy: [1, 2, 3])) == .applied)
        replica.apply(.createKeyVersion(Fixture.key("first")))
        #expect(replica.state.phase == .activated && replica.state.securityDomain == nil)
        return replica
    }

    @Test func anOrderBringsThem() throws {
        var replica = withoutOfficers()
        let domain = try #require(NewPoolFixture.lost.securityDomain)
        #expect(replica.apply(.beginRootChange(RootChangeTests.order())) == .refused(.notActivated))
        #expect(replica.apply(.beginJob(Self.ordering())) == .applied)
        let lines = try replica.state.consequences(ofRestoring: Self.everything)
        let order = PoolCommand.restoreOrder(.order(job: Self.id, Self.backup, consequences: lines))
        #expect(replica.apply(order) == .refused(.notActivated), "nobody could approve it")
        let officers = PoolCommand.stagePolicy(job: Self.id, [.securityDomain(domain)])
        #expect(replica.apply(officers) == .applied)
        #expect(replica.state.securityDomain == nil)
        #expect(try replica.reloaded().root == replica.state.root)
        #expect(replica.apply(order) == .applied)
        #expect(replica.state.securityDomain == domain && replica.state.restoreOrder?.id == Self.id)
        #expect(!replica.rows.values.contains { $0.table == RowTable.stagedPolicy.rawValue })
        #expect(try replica.reloaded().securityDomain == domain)
        #expect(replica.apply(officers) == .refused(.invalidStagedPolicy), "once")
        #expect(replica.apply(Self.complete(5)) == .applied)

        // From here on it is a pool like any other.
        for officer: UInt8 in [1, 2] { #expect(replica.apply(Self.approve(officer)) == .applied) }
        #expect(replica.apply(.beginJob(Self.restore())) == .refused(.backupNeeded))
        replica.apply(.beginJob(Fixture.job(4, .backup)))
        replica.apply(Self.complete(4))
        #expect(replica.apply(.beginJob(Self.restore())) == .applied)
        #expect(replica.apply(.stagePolicy(job: Fixture.jobID(6), Self.everything)) == .applied)
        #expect(replica.apply(Self.complete(6)) == .applied)
        #expect(replica.state.principal(NewPoolFixture.person) != nil && replica.state.securityDomain == domain)
        #expect(replica.apply(.beginRootChange(RootChangeTests.order())) == .applied)
        #expect(try replica.reloaded().root == replica.state.root)
    }

    /// Members of a former version refuse what brings them.
    @Test func beforeItsVersionNothingBringsThem() {
        var replica = withoutOfficers(.unsealKeyHolders)
        #expect(replica.apply(.beginJob(Self.ordering())) == .refused(.notActivated))
        #expect(replica.apply(.raisePoolVersion(.amendments, knownBy: [1, 2, 3])) == .applied)
        #expect(replica.apply(.beginJob(Self.ordering())) == .applied)
    }

    @Test func onlyThoseOfItsRootComeAndOnlyWithAnOrder() throws {
        let domain = try #require(NewPoolFixture.lost.securityDomain)
        var next = Replica()
        next.apply(.initializePool(Fixture.genesis()))
        next.apply(.securityDomainPrepared(Fixture.securityDomain(generation: 1, keyring: [4])))
        let others = try #require(next.state.securityDomain)
        func staging(_ items: [StagedPolicy], _ job: Int = 5) -> PoolCommand {
            .stagePolicy(job: Fixture.jobID(job), items)
        }
        var replica = withoutOfficers()
        replica.apply(.beginJob(Self.ordering()))
        #expect(replica.apply(staging([.securityDomain(others)])) == .refused(.invalidStagedPolicy))
        #expect(replica.apply(staging(NewPoolFixture.everything)) == .refused(.invalidJob))
        #expect(replica.apply(staging([])) == .refused(.invalidJob))
        // What a job has found that fails is dropped.
        #expect(replica.apply(staging([.securityDomain(domain)])) == .applied)
        let failure = JobFailure(code: "x", message: "")
        #expect(replica.apply(.failJob(id: Self.id, failure, onlyIfSilent: false)) == .applied)
        #expect(replica.state.securityDomain == nil)
        #expect(!replica.rows.values.contains { $0.table == RowTable.stagedPolicy.rawValue })
        for (number, kind) in [(6, JobKind.restoreCheck), (7, .keyRestore), (8, .backup)] {
            replica.apply(.beginJob(Fixture.job(number, kind, key: kind == .keyRestore ? "a" : nil)))
            #expect(replica.apply(staging([.securityDomain(domain)], number)) == .refused(.invalidJob), "\(kind)")
            replica.apply(.failJob(id: Fixture.jobID(number), failure, onlyIfSilent: false))
        }
        // Nor does a pool take others that knows its own.
        var living = Replica.activated()
        living.configure(voters: [1, 2, 3])
        living.apply(.raisePoolVersion(.amendments, knownBy: [1, 2, 3]))
        living.apply(.beginJob(Self.ordering()))
        #expect(living.apply(staging([.securityDomain(domain)])) == .refused(.invalidStagedPolicy))
    }

    // MARK: Taking effect

    @Test func everythingComesAndTheOfficersStay() throws {
        var replica = staged
        let before = replica.state
        #expect(before.principal(NewPoolFixture.person) == nil)
        #expect(replica.apply(Self.complete(6)) == .applied)
        let state = replica.state
        #expect(state.principal(clientID: NewPoolFixture.client)?.objectID == NewPoolFixture.person)
        #expect(state.roleAssignments(at: .key("a")) == [NewPoolFixture.assignment])
        #expect(state.permissions.roleDefinition(NewPoolFixture.role) == NewPoolFixture.definition)
        #expect(state.pool?.settings.recoverableDays == 90 && state.phase == .activated)
        #expect(state.securityDomain == before.securityDomain)
        #expect(state.pool?.pinnedOfficers == before.pool?.pinnedOfficers)
        #expect(state.pool?.rootGeneration == before.pool?.rootGeneration)
        #expect(state.roleAssignments(at: .root).map(\.principal) == [Fixture.administrator])
        #expect(state.restoreOrder == nil, "it was used")
        #expect(try replica.reloaded().root == state.root)
        // What was agreed to once isn't agreed to again.
        #expect(replica.apply(.beginJob(Self.restore(7))) == .refused(.restoreOrderNotFound))
        #expect(replica.apply(Self.approve(2)) == .refused(.restoreOrderNotFound))
    }

    /// Whom somebody removes after the officers were asked isn't brought back by their word.
    @Test func otherConsequencesThanTheApprovedOnesAreRefused() throws {
        let role = Fixture.assignment(9, GUID(high: 0xad, low: 2), .backup, at: .root)
        var base = Replica.activated()
        base.apply(.putRoleAssignment(role))
        let items = Self.everything + [.roleAssignment(role)]
        base.apply(.beginJob(Self.ordering()))
        let lines = try base.state.consequences(ofRestoring: items)
        #expect(!lines.contains { $0.contains("\"group\"") }, "the group has this role: \(lines)")
        base.apply(.restoreOrder(.order(job: Self.id, Self.backup, consequences: lines)))
        base.apply(Self.complete(5))
        for officer: UInt8 in [1, 2] { base.apply(Self.approve(officer)) }
        base.apply(.beginJob(Self.restore()))
        base.apply(.stagePolicy(job: Fixture.jobID(6), items))
        let meanwhile: [PoolCommand] = [
            .deleteRoleAssignment(name: role.name, scope: .root),
            .deletePrincipal(objectID: GUID(high: 0xad, low: 2)),
            .putRoleDefinition(
                RoleDefinition(id: NewPoolFixture.role, name: "signer", dataActions: [])),
        ]
        for command in meanwhile {
            var replica = base
            #expect(replica.apply(command) == .applied)
            let before = replica.state
            #expect(replica.apply(Self.complete(6)) == .refused(.restoreConsequencesChanged), "\(command)")
            #expect(replica.state.principals == before.principals && replica.state.restoreOrder != nil)
            #expect(replica.state.roleAssignmentCount == before.roleAssignmentCount)
        }
        // What a restore doesn't touch may change.
        base.apply(.createKeyVersion(Fixture.key("made")))
        #expect(base.state.key("made") != nil)
        #expect(base.apply(Self.complete(6)) == .applied)
    }

    /// An assignment of the backup's may take the place of the last administrator's, whose heir has no secret.
    @Test func noRestoreTakesTheLastAdministratorAway() throws {
        var replica = Replica.activated()
        #expect(replica.apply(.raisePoolVersion(.amendments, knownBy: [1, 2, 3])) == .applied)
        let person = try #require(NewPoolFixture.lost.principal(NewPoolFixture.person))
        let own = Fixture.assignment(1, Fixture.administrator, .administrator, at: .root)
        let others = Self.everything.filter { $0 != .principal(person) && $0 != .roleAssignment(own) }
        func lines(_ heir: PrincipalRecord) throws(Refusal) -> [String] {
            let assignment = Fixture.assignment(1, heir.objectID, .administrator, at: .root)
            return try replica.state.consequences(
                ofRestoring: others + [.principal(heir), .roleAssignment(assignment)])
        }
        let shown = try lines(person)
        #expect(shown.contains { $0.contains("is taken away from \"administrator\"") }, "\(shown)")
        #expect(throws: Refusal.lastAdministrator) { try lines(person.withoutSecret) }
    }

    @Test func aPoolOfOfficersTakesNoOthers() throws {
        var replica = approved
        replica.apply(.beginJob(Self.restore()))
        let domain = try #require(NewPoolFixture.lost.securityDomain)
        let others = PoolCommand.stagePolicy(job: Fixture.jobID(6), [.securityDomain(domain)])
        #expect(replica.apply(others) == .refused(.invalidStagedPolicy))
        #expect(throws: Refusal.invalidStagedPolicy) {
            try replica.state.consequences(ofRestoring: NewPoolFixture.everything)
        }
    }

    @Test func aRestoreThatFailsMayBeBegunAgain() throws {
        var replica = staged
        #expect(replica.apply(.restoreOrder(.withdraw(id: Self.id))) == .refused(.jobRunning))
        // Its node dies, and another goes on with it by the same approval.
        replica.advance(seconds: 16)
        #expect(replica.apply(.takeOverJob(id: Fixture.jobID(6), node: 2)) == .applied)
        #expect(replica.state.runningJob?.order.approval == Self.id)
        #expect(replica.apply(Self.complete(6), by: 2) == .refused(.restoreIncomplete), "nothing is staged any more")
        let failure = JobFailure(code: "x", message: "")
        replica.apply(.failJob(id: Fixture.jobID(6), failure, onlyIfSilent: false), by: 2)
        #expect(replica.state.principal(NewPoolFixture.person) == nil)
        #expect(replica.apply(.beginJob(Self.restore(7))) == .applied)
        replica.apply(.stagePolicy(job: Fixture.jobID(7), Self.everything))
        #expect(replica.apply(Self.complete(7)) == .applied)
        #expect(replica.state.principal(NewPoolFixture.person) != nil)
        #expect(try replica.reloaded().root == replica.state.root)
    }

    @Test func aFormerProgramDoesNotKnowIt() {
        let former = CommandCatalog(newest: .peerUnsealing, since: CommandCatalog.current.since)
        for command in Self.everyCommand {
            #expect(!former.knows(command) && CommandCatalog.current.knows(command))
        }
        #expect(former.knows(.beginJob(Fixture.job(1, .restore))))
    }

    // MARK: What officers read

    @Test func eachChangeIsALine() throws {
        var replica = Replica.activated(
            settings: PoolSettings(
                recoverableDays: 7, purgeProtection: true, strictAudit: false, reads: .readIndex,
                refusedAlgorithms: .rsNull))
        // Another has the assignment's name by now.
        let administrator = GUID(high: 0xad, low: 1)
        replica.apply(
            .putRoleAssignment(
                RoleAssignment(
                    name: NewPoolFixture.assignment.name, scope: .keys, principal: administrator,
                    roleDefinition: BuiltInRole.backup.id)))
        let lines = try replica.state.consequences(ofRestoring: Self.everything)
        let person = "\"p\" (\(NewPoolFixture.person))"
        let role = "the role \"signer\" (\(NewPoolFixture.role))"
        #expect(
            lines == [
                "the role \"Managed HSM Backup\" (\(BuiltInRole.backup.id)) is taken away from "
                    + "\"administrator\" (\(administrator)) at /keys",
                "\(role) is given to \(person) at /keys/a",
                "\(role) is new: data actions \"Microsoft.KeyVault/managedHsm/keys/sign/action\" without , "
                    + "assignable at \"/\"",
                "the service principal \(person) comes back, enabled, with a secret that is good",
                "days that deleted keys are kept: 90; now 7", "purge protection: off; now on",
                "answers wait for their audit records: yes; now no", "reads: by lease; now by asking the leader",
                "refused algorithms: none; now RSNULL",
            ])
        // What is the same is no change, and the order in which it comes none either.
        var whole = NewPoolFixture.lost
        #expect(try whole.consequences(ofRestoring: Self.everything) == [])
        #expect(try replica.state.consequences(ofRestoring: Self.everything.reversed()) == lines)
        whole = Replica.activated().state
        #expect(whole.root == Replica.activated().state.root)
    }

    @Test func groupsAuthoritiesAndRolesThatChange() throws {
        let (person, group) = (GUID(high: 0xbe, low: 1), GUID(high: 0xad, low: 2))
        var lost = Replica.activated()
        lost.apply(.createPrincipal(NewPrincipal(objectID: person, kind: .user, displayName: "p", groups: [group])))
        var replica = Replica.activated()
        replica.apply(.createPrincipal(NewPrincipal(objectID: person, kind: .user, displayName: "q")))
        replica.apply(
            .putRoleDefinition(RoleDefinition(id: NewPoolFixture.role, name: "signer", dataActions: [])))
        let record = try #require(lost.state.pool)
        var pool = RestoredPool(record, keyring: [1])
        pool.releaseAuthorities = Fixture.authorities
        let member = try #require(lost.state.principal(person))
        let lines = try replica.state.consequences(
            ofRestoring: [.pool(pool), .principal(member), .roleDefinition(NewPoolFixture.definition)])
        #expect(lines.count == 2 + Fixture.authorities.count, "\(lines)")
        #expect(lines[0].hasPrefix("the role \"signer\" (\(NewPoolFixture.role)) changes: data actions \"Micro"))
        #expect(lines[0].hasSuffix("; now data actions  without , assignable at \"/\""))
        #expect(lines[1] == "\"q\" (\(person)) comes into the group \"group\" (\(group))")
        #expect(lines[2].hasPrefix("the release authority \"\(Fixture.authorities[0].issuer)\" is added, with "))
    }

    /// Who chooses a name doesn't choose what officers read.
    @Test func aNameIsNoLine() throws {
        var lost = Replica.activated()
        let name = "x\"\\\nthe role\u{202e}\u{1b}[2Jä\u{200b}\u{85}好"
        lost.apply(.createPrincipal(NewPrincipal(objectID: NewPoolFixture.person, kind: .user, displayName: name)))
        let record = try #require(lost.state.pool)
        let person = try #require(lost.state.principal(NewPoolFixture.person))
        let lines = try Replica.activated().state.consequences(
            ofRestoring: [.pool(RestoredPool(record, keyring: [1])), .principal(person)])
        let quoted = #""x\"\\\u{a}the role\u{202e}\u{1b}[2Jä\u{200b}\u{85}好""#
        #expect(
            lines == [
                "the user \(quoted) (\(NewPoolFixture.person)) comes back, enabled, without a secret that is good"
            ])
    }
}
