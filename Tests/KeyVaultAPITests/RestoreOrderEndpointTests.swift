import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestTesting
import SecurityDomain
import StrictJSON
import Testing

/// The routes by which a restore brings everything into a living pool.
@Suite struct RestoreOrderEndpointTests {
    private static let path = "/quorate/v1/restore-order"
    private let backed: BackedPool
    private var pool: TestPool { backed.pool }
    private var state: PoolState { pool.pool.latestView.state }

    init() throws {
        backed = try BackedPool()
        try pool.assign(.administrator, to: .nobody, at: .root)
    }

    private func call(_ method: HTTPMethod, _ path: String = "", _ body: String = "") async throws -> Answer {
        try await pool.call(.administrator, method, Self.path + path, body)
    }

    private func order(_ folder: String, keeping: Bool = false) async throws -> Answer {
        let body = #"{"sasTokenParameters":{\#(BackedPool.container)},"folderToRestore":"\#(folder)","#
            + #""keepCredentials":\#(keeping)}"#
        return try await backed.end(try await call(.post, "", body))
    }

    private func start() async throws -> Answer {
        try await call(.post, "/start", #"{"sasTokenParameters":{\#(BackedPool.container)}}"#)
    }

    /// The officers of this pool have no certificates: what they decide is put into the log.
    private func approve(_ officers: UInt8...) throws {
        let id = try #require(state.restoreOrder?.id)
        for officer in officers {
            let vote = RootVote(officer: officer, signature: [1])
            #expect(try pool.pool.submitNow(.restoreOrder(.approve(id: id, vote))).get().outcome == .applied)
        }
    }

    private func dismiss() throws {
        let assignment = try #require(
            state.roleAssignments(at: .root).first { $0.principal == TestPrincipal.nobody.objectID })
        _ = try pool.pool.submitNow(.deleteRoleAssignment(name: assignment.name, scope: .root)).get()
        _ = try pool.pool.submitNow(.deletePrincipal(objectID: TestPrincipal.nobody.objectID)).get()
    }

    /// A backup with an administrator who was removed since, and a later one without.
    private func backups() async throws -> (with: String, without: String) {
        try await pool.create("k")
        let with = try await backed.backup()
        try dismiss()
        pool.advance(seconds: 1)
        return (with, try await backed.backup())
    }

    @Test func aRemovedAdministratorComesBackWithTheOfficersAlone() async throws {
        let folder = try await backups().with
        #expect(await pool.send(.get, Self.path).code == "RestoreOrderNotFound")
        let ordered = try await order(folder)
        #expect(ordered.json?.string("status") == "Succeeded", "\(ordered.text)")
        #expect(state.principal(TestPrincipal.nobody.objectID) == nil)
        let whole = try await call(.get, "/consequences")
        #expect(whole.json?.string("orderedBy") == "\(TestPrincipal.administrator.objectID)")
        let lines = try #require(whole.json?.strings("consequences"))
        let who = "(\(TestPrincipal.nobody.objectID))"
        try #require(lines.count == 2, "\(lines)")
        #expect(lines[0].contains("Managed HSM Administrator") && lines[0].contains(who))
        #expect(lines[1].contains("comes back, enabled, without a secret") && lines[1].contains(who), "\(lines)")

        let early = try await start()
        #expect(early.status == 403 && early.message.contains("quorum"), "\(early.text)")
        try approve(2)
        #expect(try await start().status == 403)
        try approve(2, 3)
        let outline = await pool.send(.get, Self.path)
        #expect(outline.json?.array("approvals")?.count == 2 && outline.json?.integer("approvalsRequired") == 2)
        #expect(outline.json?["consequences"] == nil && outline.json?["place"] == nil, "anybody may ask for this")
        let done = try await backed.end(try await start())
        #expect(done.json?.string("status") == "Succeeded", "\(done.text)")
        #expect(state.principal(TestPrincipal.nobody.objectID)?.secretHash == nil)
        #expect(state.roleAssignments(at: .root).contains { $0.principal == TestPrincipal.nobody.objectID })
        #expect(state.key("k") != nil && state.restoreOrder == nil)
        #expect(try await start().status == 404)
        let operations = try pool.records().compactMap { $0.string("operationName") }
        #expect(operations.contains("RestoreOrder") && operations.contains("RestoreOrderStart"))
    }

    /// A new pool that has had a key before its restore learns who its officers are.
    @Test func anOrderBringsTheOfficers() async throws {
        let folder = try await backups().with
        let domain = try #require(state.securityDomain)
        let other = try BackedPool(backed.stores, phase: .provisioned)
        let adopted = AdoptedSecurityDomain(
            generation: 0, keyring: try TestKeys.shared().sealedKeyring, bridge: [1])
        for command in [PoolCommand.securityDomainAdopted(adopted), .raisePoolVersion(.amendments, knownBy: [1])] {
            #expect(try other.pool.pool.submitNow(command).get().outcome == .applied)
        }
        // Its backup has a folder of its own.
        other.pool.advance(seconds: 60)
        try await other.pool.create("first")
        var current: PoolState { other.pool.pool.latestView.state }
        #expect(current.phase == .activated && current.securityDomain == nil)

        func ordered(_ folder: String) async throws -> Answer {
            let body = #"{"sasTokenParameters":{\#(BackedPool.container)},"folderToRestore":"\#(folder)"}"#
            return try await other.end(try await other.pool.call(.administrator, .post, Self.path, body))
        }
        // Its own backup doesn't name them.
        let own = try await ordered(try await other.backup())
        #expect(own.json?.object("error")?.string("message")?.contains("Nobody is in office") == true, "\(own.text)")
        #expect(current.restoreOrder == nil)
        let done = try await ordered(folder)
        #expect(done.json?.string("status") == "Succeeded", "\(done.text)")
        #expect(current.securityDomain == domain && current.restoreOrder != nil && current.key("first") != nil)
        let outline = await other.pool.send(.get, Self.path)
        #expect(outline.json?.integer("approvalsRequired") == 2, "\(outline.text)")
    }

    /// All together they are longer than a command may be.
    @Test func manyPeopleWithLongNamesComeBack() async throws {
        let groups = (1...5).map { GUID(high: 0x97, low: $0) }
        var people = groups.map { NewPrincipal(objectID: $0, kind: .group, displayName: "group") }
        people += (1...400).map { number in
            NewPrincipal(
                objectID: GUID(high: 0xbe, low: number), kind: .user,
                displayName: String(repeating: "n", count: 256), groups: groups)
        }
        for person in people {
            #expect(try pool.pool.submitNow(.createPrincipal(person)).get().outcome == .applied)
        }
        let folder = try await backups().with
        _ = try await order(folder)
        try approve(1, 2)
        let done = try await backed.end(try await start())
        #expect(done.json?.string("status") == "Succeeded", "\(done.text)")
        #expect(state.principal(TestPrincipal.nobody.objectID) != nil)
        #expect(people.allSatisfy { state.principal($0.objectID)?.groups == $0.groups })
    }

    @Test func anotherBackupInItsPlaceIsRefused() async throws {
        let (with, without) = try await backups()
        _ = try await order(without)
        try approve(1, 2)
        let good = backed.stores.objects["\(without)/backup.qbk"]
        backed.stores.objects["\(without)/backup.qbk"] = backed.stores.objects["\(with)/backup.qbk"]
        let done = try await backed.end(try await start())
        #expect(done.json?.object("error")?.string("code") == "BackupRejected", "\(done.text)")
        #expect(done.json?.object("error")?.string("message")?.contains("approved") == true)
        #expect(state.principal(TestPrincipal.nobody.objectID) == nil)
        // The approval stands for the one that it was given for.
        backed.stores.objects["\(without)/backup.qbk"] = good
        #expect(try await backed.end(try await start()).json?.string("status") == "Succeeded")
        #expect(state.principal(TestPrincipal.nobody.objectID) == nil)
    }

    @Test func whatWasChangedSinceIsShownFirst() async throws {
        let folder = try await backups().with
        _ = try await order(folder)
        try approve(1, 2)
        try pool.assign(.backup, to: .user, at: .root)
        _ = try pool.pool.submitNow(.deletePrincipal(objectID: TestPrincipal.auditor.objectID)).get()
        let done = try await backed.end(try await start())
        let message = done.json?.object("error")?.string("message") ?? ""
        #expect(message.contains("withdraw-restore"), "\(done.text)")
        #expect(state.principal(TestPrincipal.nobody.objectID) == nil)
        #expect(try await call(.delete).status == 200)
        _ = try await order(folder)
        let lines = try await call(.get, "/consequences").json?.strings("consequences") ?? []
        #expect(lines.contains { $0.contains("(\(TestPrincipal.auditor.objectID)) comes back") }, "\(lines)")
        try approve(1, 2)
        #expect(try await backed.end(try await start()).json?.string("status") == "Succeeded")
        #expect(state.roleAssignments(at: .root).contains { $0.principal == TestPrincipal.user.objectID }, "made since")
    }

    /// The restore would put the keyring of a root in place that rules no more.
    @Test func aNodeThatIsBehindRestoresNothing() async throws {
        let folder = try await backups().without
        let former = try #require(state.pool?.keyring)
        let id = [UInt8](repeating: 1, count: 16)
        let votes = (1...3).map { RootVote(officer: $0, signature: [1]) }
        let prepared = PreparedRoot(
            base: Digest.sha256(former), keyring: [1], bridge: [2], wayBack: [3],
            commitments: votes.map { [UInt8](repeating: $0.officer, count: 32) }, encryptedData: [4])
        let order = RootChangeOrder(
            id: id, required: 2, officers: [[7], [8], [9]], expires: TestPool.start / 1000 + 3600)
        let change =
            [PoolCommand.beginRootChange(order)] + votes.map { .approveRootChange(id: id, $0) }
            + [.prepareRoot(id: id, prepared)] + votes.map { .confirmRoot(id: id, $0) }
        for command in change { #expect(try pool.pool.submitNow(command).get().outcome == .applied, "\(command)") }
        #expect(try await self.order(folder).json?.string("status") == "Succeeded")
        try approve(1, 2)
        let done = try await backed.end(try await start())
        #expect(done.json?.object("error")?.string("code") == "ServiceUnavailable", "\(done.text)")
        #expect(state.pool?.keyring == [1] && state.restoreOrder != nil)
    }

    @Test func badRequestsOrderNothing() async throws {
        let folder = try await backups().with
        let place = #""sasTokenParameters":{\#(BackedPool.container)}"#
        for body in [
            "{}", "{\(place)}", "{\(place),\"folderToRestore\":\"../x\"}", "{\"folderToRestore\":\"x\"}",
            "{\(place),\"folderToRestore\":\"x\",\"keepCredentials\":1}", "[",
        ] { #expect(try await call(.post, "", body).status == 400, "\(body)") }
        let gone = try await order("elsewhere")
        #expect(gone.json?.object("error")?.string("code") == "BackupNotFound" && state.restoreOrder == nil)
        #expect(try await call(.delete).code == "RestoreOrderNotFound")
        #expect(try await order(folder, keeping: true).json?.string("status") == "Succeeded")
        #expect(state.restoreOrder?.consequences.last?.contains("with a secret that is good") == true)
        let votes = [
            #"{"officer":1,"signature":"AAAA"}"#, #"{"officer":9,"signature":"AAAA"}"#, #"{"officer":0}"#,
            #"{"officer":1,"signature":"*"}"#, "[",
        ]
        for path in ["/approvals", "/consequences"] {
            for vote in votes {
                let answer = await pool.send(.post, Self.path + path, body: Array(vote.utf8))
                #expect(answer.status == 400, "\(path) \(vote): \(answer.text)")
            }
        }
        for principal in [TestPrincipal.user, .officer, .auditor] {
            #expect(try await pool.call(principal, .post, Self.path, "{}").status == 403)
            #expect(try await pool.call(principal, .post, Self.path + "/start", "{}").status == 403)
            #expect(try await pool.call(principal, .get, Self.path + "/consequences").status == 403)
            #expect(try await pool.call(principal, .delete, Self.path).status == 403)
        }
        #expect(await pool.send(.get, Self.path + "/consequences").status == 401)
        #expect(state.restoreOrder?.approvals == [])
    }
}
