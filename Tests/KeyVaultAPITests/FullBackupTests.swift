import AccessControl
import Backup
import CryptographicModule
import HTTPTransport
import PoolState
import RequestTesting
import SecurityDomain
import StrictJSON
import Testing

@Suite struct FullBackupTests {
    private let backed: BackedPool
    private var pool: TestPool { backed.pool }
    private var state: PoolState { pool.pool.latestView.state }

    init() throws { backed = try BackedPool() }

    private func sign(_ name: String) async throws -> Answer {
        try await pool.call(.user, .post, "/keys/\(name)/sign", #"{"alg":"ES256","value":"\#(digest(32))"}"#)
    }

    private func isGood(_ signature: Answer, by name: String) async throws -> Bool {
        let value = signature.json?.string("value") ?? ""
        let check = #"{"alg":"ES256","digest":"\#(digest(32))","value":"\#(value)"}"#
        return try await pool.call(.user, .post, "/keys/\(name)/verify", check).json?.bool("value") == true
    }

    // MARK: Backup

    @Test func theAnswersAreThoseThatClientsNeed() async throws {
        try await pool.create("k")
        let begun = try await backed.begin("POST", "/backup")
        #expect(begun.status == 202 && begun.header("retry-after") == "0")
        let id = try #require(begun.json?.string("jobId"))
        #expect(begun.header("azure-asyncoperation") == "\(TestPool.base)/backup/\(id)/pending")
        #expect(begun.json?.integer("startTime") == TestPool.start / 1000)
        let done = try await backed.end(begun)
        #expect(done.status == 200 && done.header("retry-after") == nil)
        #expect(done.json?.string("status") == "Succeeded" && done.text.contains(#""error":null"#))
        let place = try #require(done.json?.string("azureStorageBlobContainerUri"))
        #expect(place.contains(try Regex("^https://store.example/hsm/mhsm-pool-1-20260105093012[0-9]{2}$")))
        #expect(backed.stores.objects.keys.map { "https://store.example/hsm/\($0)" } == ["\(place)/backup.qbk"])
        let operations = try pool.records().compactMap { $0.string("operationName") }
        #expect(operations.contains("BackupCreate") && operations.contains("FullBackupStatusGet"))
    }

    @Test func theFileIsTheStateOfOneIndex() async throws {
        for number in 0..<20 { try await pool.create("k\(number)") }
        let folder = try await backed.backup()
        var reader = BackupReader(keyring: try TestKeys.shared().keyring)
        reader.feed(try #require(backed.stores.objects["\(folder)/backup.qbk"]))
        var rows: [RowChange] = []
        var records = 0
        var header: BackupHeader?
        while let piece = try reader.next() {
            if case .header(let found) = piece { header = found }
            guard case .items(let items) = piece else { continue }
            for item in items {
                switch item {
                case .row(let table, let key, let value): rows.append(RowChange(table: table, key: key, value: value))
                case .blob: records += 1
                }
            }
        }
        try reader.finish()
        let restored = try PoolState(rows: rows)
        #expect(restored.root == header?.stateRoot && restored.keyCount == 20 && records == 20)
    }

    @Test func oneAtATime() async throws {
        backed.stores.shut()
        let first = try await backed.begin("POST", "/backup")
        #expect(first.status == 202)
        for (method, path) in [("POST", "/backup"), ("POST", "/prebackup")] {
            let second = try await backed.begin(method, path)
            #expect(second.status == 409 && second.code == "Conflict", "\(second.text)")
        }
        let restore = try await backed.begin("PUT", "/prerestore", ("folderToRestore", "x"))
        #expect(restore.status == 409)
        let url = (first.header("azure-asyncoperation") ?? "").dropFirst(TestPool.base.count)
        let running = try await pool.call(.administrator, .get, String(url))
        #expect(running.json?.string("status") == "InProgress" && running.header("retry-after") == "1")
        #expect(running.text.contains(#""error":{"code":null,"message":null,"innererror":null}"#))
        backed.stores.open()
        #expect(try await backed.end(first).json?.string("status") == "Succeeded")
        #expect(try await backed.begin("POST", "/prebackup").status == 202)
    }

    /// Every member of these requests may be left out: what is left to find out is whether a job could begin.
    @Test func checksWithoutAPlace() async throws {
        let requests = [(HTTPMethod.post, "/prebackup"), (.put, "/prerestore")]
        for (method, path) in requests {
            for body in ["{}", #"{"token":null,"sasTokenParameters":null}"#] {
                let begun = try await pool.call(.administrator, method, path, body)
                let ended = try await backed.end(begun)
                #expect(ended.json?.string("status") == "Succeeded", "\(ended.text)")
                #expect(ended.json?.members.map(\.name) == begun.json?.members.map(\.name))
            }
            #expect(try await pool.call(.user, method, path, "{}").status == 403)
        }
        // Of a container alone it is found out whether the node may use it.
        for (uri, status) in [("https://store.example/hsm", 202), ("https://elsewhere.example/hsm", 400)] {
            let body = #"{"sasTokenParameters":{"storageResourceUri":"\#(uri)","token":"sig=good"}}"#
            let begun = try await pool.call(.administrator, .put, "/prerestore", body)
            #expect(begun.status == status, "\(begun.text)")
            guard status == 202 else { continue }
            #expect(try await backed.end(begun).json?.string("status") == "Succeeded")
        }
        // Who names half of a place means one.
        for (method, path, body) in [
            (HTTPMethod.post, "/prebackup", #"{"token":"sig=good"}"#),
            (.post, "/prebackup", #"{"useManagedIdentity":true}"#),
            (.put, "/prerestore", #"{"folderToRestore":"x"}"#), (.put, "/prerestore", #"{"keepCredentials":true}"#),
            (.put, "/prerestore", #"{"sasTokenParameters":{}}"#),
        ] {
            #expect(try await pool.call(.administrator, method, path, body).status == 400, "\(body)")
        }
        for (method, path) in [(HTTPMethod.post, "/backup"), (.put, "/restore")] {
            #expect(try await pool.call(.administrator, method, path, "{}").status == 400)
        }
        backed.stores.shut()
        let running = try await backed.begin("POST", "/backup")
        for (method, path) in requests {
            #expect(try await pool.call(.administrator, method, path, "{}").status == 409)
        }
        backed.stores.open()
        _ = try await backed.end(running)
    }

    /// Its node said nothing for too long: whoever is asked for it goes on with it, with the token that the first one
    /// was given.
    @Test func aJobOfADeadNodeGoesOn() async throws {
        try await pool.create("k")
        let keyring = try TestKeys.shared().keyring
        let id = [UInt8](repeating: 4, count: 16)
        let order = JobOrder(
            id: id, kind: .backup, node: 1, place: "https://store.example/hsm/mhsm-1", folder: "mhsm-1",
            sealedToken: try keyring.sealJobToken("sig=good", job: id))
        // As a process had begun it that is no more.
        _ = try await pool.pool.submit(.beginJob(order), origin: .node)
        let path = "/backup/\(Hexadecimal.encode(id))/pending"
        #expect(try await pool.call(.administrator, .get, path).json?.string("status") == "InProgress")
        #expect(backed.stores.objects.isEmpty)
        pool.advance(seconds: 16)
        var answer = try await pool.call(.administrator, .get, path)
        while answer.json?.string("status") == "InProgress" {
            answer = try await pool.call(.administrator, .get, path)
        }
        #expect(answer.json?.string("status") == "Succeeded", "\(answer.text)")
        #expect(Array(backed.stores.objects.keys) == ["mhsm-1_2/backup.qbk"])
        #expect(state.job(id)?.takeovers == 1 && state.job(id)?.order.sealedToken == [])
    }

    /// A job that this process works on isn't begun once more because it could not say how far it is.
    @Test func aLivingNodeGoesOnWithItsOwnJob() async throws {
        backed.stores.shut()
        let first = try await backed.begin("POST", "/backup")
        pool.advance(seconds: 31)
        let path = String((first.header("azure-asyncoperation") ?? "").dropFirst(TestPool.base.count))
        #expect(try await pool.call(.administrator, .get, path).json?.string("status") == "InProgress")
        backed.stores.open()
        #expect(try await backed.end(first).json?.string("status") == "Succeeded")
        #expect(state.jobs.first?.takeovers == 0)
    }

    /// After three nodes have died over it, it isn't the nodes.
    @Test func aJobThatKillsItsNodesEnds() async throws {
        let id = [UInt8](repeating: 4, count: 16)
        let order = JobOrder(id: id, kind: .backup, node: 1, place: "https://store.example/hsm/m", folder: "m")
        _ = try await pool.pool.submit(.beginJob(order), origin: .node)
        for _ in 1...3 {
            pool.advance(seconds: 16)
            _ = try await pool.pool.submit(.takeOverJob(id: id, node: 1), origin: .node)
        }
        pool.advance(seconds: 16)
        let ended = try await pool.call(.administrator, .get, "/backup/\(Hexadecimal.encode(id))/pending")
        #expect(ended.json?.object("error")?.string("code") == "NodeLost", "\(ended.text)")
    }

    @Test(arguments: [
        (BackupStoreFault.denied("403 AuthorizationFailed", of: .token), "StorageAccessDenied"),
        (.full, "StorageFull"), (.unreachable("no answer"), "StorageUnavailable"), (.clockSkew, "StorageClockSkew"),
        (.identityUnavailable("status 400"), "StorageAccessDenied"),
        (.credentialsUnusable("none"), "StorageAccessDenied"),
    ])
    func aStoreThatFailsFailsTheJob(_ fault: BackupStoreFault, _ code: String) async throws {
        backed.stores.fail(with: fault)
        for path in ["/backup", "/prebackup"] {
            let ended = try await backed.end(try await backed.begin("POST", path))
            #expect(ended.json?.string("status") == "Failed", "\(ended.text)")
            #expect(ended.json?.object("error")?.string("code") == code)
            #expect(ended.json?.object("error")?.string("message") == fault.description)
        }
        backed.stores.fail(with: nil)
        _ = try await backed.backup()
    }

    @Test func badRequestsBeginNothing() async throws {
        let good = BackedPool.container
        for body in [
            "{}", #"{"storageResourceUri":5}"#, #"{"storageResourceUri":"https://elsewhere.example/hsm"}"#,
            #"{"storageResourceUri":"https://store.example/hsm"}"#, "{\(good),\"useManagedIdentity\":true}",
        ] {
            let answer = try await pool.call(.administrator, .post, "/backup", body)
            #expect(answer.status == 400 && answer.code == "BadParameter", "\(body): \(answer.text)")
        }
        for body in [
            "{\(good)}", "{\"sasTokenParameters\":{\(good)}}", "{\"folderToRestore\":\"x\"}",
            "{\"sasTokenParameters\":{\(good)},\"folderToRestore\":\"../x\"}",
        ] {
            #expect(try await pool.call(.administrator, .put, "/restore", body).status == 400, "\(body)")
        }
        // As the command-line client sends it.
        let null = try await pool.call(.administrator, .post, "/prebackup", "{\(good),\"useManagedIdentity\":null}")
        #expect(null.status == 202 && state.jobs.count == 1)
        #expect(try await pool.call(.administrator, .get, "/backup/00/pending").status == 404)
        let id = null.json?.string("jobId") ?? ""
        #expect(try await pool.call(.administrator, .get, "/restore/\(id)/pending").status == 404)
    }

    @Test func nobodyButThoseWhoMay() async throws {
        for principal in [TestPrincipal.user, .officer, .auditor, .nobody, .policyAdministrator] {
            let body = "{\(BackedPool.container)}"
            #expect(try await pool.call(principal, .post, "/backup", body).status == 403)
            #expect(try await pool.call(principal, .put, "/restore", body).status == 403)
            #expect(try await pool.call(principal, .put, "/keys/k/restore", body).status == 403)
            #expect(try await pool.call(principal, .get, "/backup/00/pending").status == 403)
        }
        #expect(state.jobs.isEmpty)
    }

    // MARK: Restore

    @Test func allKeysAreAsTheyWere() async throws {
        try await pool.create("kept", #"{"kty":"EC","tags":{"n":"1"}}"#)
        try await pool.create("kept", #"{"kty":"EC","tags":{"n":"2"},"attributes":{"nbf":5}}"#)
        try await pool.create("deleted")
        _ = try await pool.call(.user, .delete, "/keys/deleted")
        let before = try await pool.call(.user, .get, "/keys/kept").text
        let signature = try await sign("kept")
        let folder = try await backed.backup()

        _ = try await pool.call(.user, .delete, "/keys/kept")
        #expect(try await pool.call(.officer, .delete, "/deletedkeys/kept").status == 204)
        _ = try await pool.call(.officer, .post, "/deletedkeys/deleted/recover")
        try await pool.create("later")
        let done = try await backed.restore(folder)
        #expect(done.json?.string("status") == "Succeeded", "\(done.text)")
        #expect(try await pool.call(.user, .get, "/keys/kept").text == before)
        #expect(state.key("kept")?.versions.count == 2 && state.key("later") == nil)
        #expect(state.deletedKey("deleted") != nil && state.key("deleted") == nil)
        #expect(try await isGood(signature, by: "kept"))
        #expect(try await isGood(try await sign("kept"), by: "kept"))
        #expect(try await pool.call(.officer, .post, "/deletedkeys/deleted/recover").status == 200)
        #expect(try await sign("deleted").status == 200)
    }

    @Test func oneKeyComesBackOverTheOneThatIsThere() async throws {
        try await pool.create("k")
        try await pool.create("other")
        let signature = try await sign("k")
        let folder = try await backed.backup()
        try await pool.create("k")
        try await pool.create("other")
        #expect(try await !isGood(signature, by: "k"))
        #expect(try await backed.restore(folder, key: "k").json?.string("status") == "Succeeded")
        #expect(try await isGood(signature, by: "k"))
        #expect(state.key("k")?.versions.count == 1 && state.key("other")?.versions.count == 2)
        let missing = try await backed.restore(folder, key: "nothing")
        #expect(missing.json?.object("error")?.string("code") == "KeyNotFound")
    }

    /// It would take the living key's place, and be purged once its old retention has run out.
    @Test func oneKeyComesBackAliveThoughTheBackupHasItAsDeleted() async throws {
        try await pool.create("k")
        let signature = try await sign("k")
        _ = try await pool.call(.user, .delete, "/keys/k")
        let folder = try await backed.backup()
        _ = try await pool.call(.officer, .post, "/deletedkeys/k/recover")
        try await pool.create("k")
        #expect(try await backed.restore(folder, key: "k").json?.string("status") == "Succeeded")
        #expect(state.deletedKey("k") == nil && state.key("k")?.versions.count == 1)
        #expect(try await isGood(signature, by: "k"))
        // In place of a deleted key it is alive, too.
        _ = try await pool.call(.user, .delete, "/keys/k")
        #expect(try await backed.restore(folder, key: "k").json?.string("status") == "Succeeded")
        #expect(state.deletedKey("k") == nil && state.key("k") != nil)
        #expect(try await isGood(try await sign("k"), by: "k"))
    }

    /// A backup brings keys back, and nobody's rights.
    @Test func aRevokedAdministratorStaysRevoked() async throws {
        try await pool.create("k")
        try pool.assign(.administrator, to: .nobody, at: .root)
        let folder = try await backed.backup()
        let assignment = try #require(
            state.roleAssignments(at: .root).first { $0.principal == TestPrincipal.nobody.objectID })
        _ = try pool.pool.submitNow(.deleteRoleAssignment(name: assignment.name, scope: .root)).get()
        #expect(try await backed.restore(folder).json?.string("status") == "Succeeded")
        #expect(try await pool.call(.nobody, .get, "/keys").status == 403)
        #expect(!state.roleAssignments(at: .root).contains { $0.principal == TestPrincipal.nobody.objectID })
    }

    @Test func aPoolWithKeysWantsThemInABackupFirst() async throws {
        try await pool.create("k")
        let refused = try await backed.begin("PUT", "/restore", ("folderToRestore", "x"))
        #expect(refused.status == 409 && refused.message.contains("Make one first"), "\(refused.text)")
    }

    /// A command of the log has its limit, and a large key comes back in several once every member takes that.
    @Test func aKeyThatIsLargerThanACommandComesBack() async throws {
        let tags = (10..<25).map { number in
            let text = String(repeating: "\u{9375}", count: 254)
            return "\"\(number)\(text)\":\"\(text)\""
        }
        for _ in 0..<60 {
            try await pool.create("large", "{\"kty\":\"EC\",\"tags\":{\(tags.joined(separator: ","))}}")
        }
        try await pool.create("small")
        let folder = try await backed.backup()
        let keys = state.keys(limit: 10)
        for key in [nil, "large"] {
            let error = try await backed.restore(folder, key: key).json?.object("error")
            #expect(error?.string("code") == "LimitExceeded", "\(error?.string("message") ?? "-")")
            #expect(error?.string("message")?.contains("'large'") == true)
            #expect(state.keys(limit: 10) == keys)
        }
        #expect(try await backed.restore(folder, key: "small").json?.string("status") == "Succeeded")

        #expect(try pool.pool.submitNow(.raisePoolVersion(.dividedKeys, knownBy: [1])).get().outcome == .applied)
        let before = try #require(state.key("large")).versions
        for key in [nil, "large"] {
            let done = try await backed.restore(folder, key: key)
            #expect(done.json?.string("status") == "Succeeded", "\(done.text)")
            let versions = try #require(state.key("large")).versions
            #expect(versions.map(\.version) == before.map(\.version) && versions.map(\.tags) == before.map(\.tags))
            #expect(versions.allSatisfy { $0.origin == .restored })
        }
        #expect(try await sign("large").status == 200)
    }

    /// Requests may fill the queue for slow work just when the next keys are to be sealed.
    @Test func aRestoreWaitsForRoomToCompute() async throws {
        try await pool.create("k")
        let folder = try await backed.backup()
        pool.computation.refuse(next: 1)
        let done = try await backed.restore(folder)
        #expect(done.json?.string("status") == "Succeeded", "\(done.text)")
        #expect(state.key("k")?.latest.origin == .restored)
    }

    /// What is wrong with a backup is said, and nothing is changed.
    @Test func badBackupsAreRefused() async throws {
        try await pool.create("k")
        let folder = try await backed.backup()
        let name = "\(folder)/backup.qbk"
        let good = try #require(backed.stores.objects[name])
        let keys = state.keys(limit: 10)
        func attempt(_ bytes: [UInt8], _ words: String, location: SourceLocation = #_sourceLocation) async throws {
            backed.stores.objects[name] = bytes
            for key in [nil, "k"] {
                let done = try await backed.restore(folder, key: key)
                let error = done.json?.object("error")
                #expect(error?.string("code") == "BackupRejected", sourceLocation: location)
                #expect(error?.string("message")?.contains(words) == true, "\(done.text)", sourceLocation: location)
                #expect(state.keys(limit: 10) == keys, sourceLocation: location)
            }
            let check = try await backed.begin("PUT", "/prerestore", ("folderToRestore", folder))
            #expect(try await backed.end(check).json?.string("status") == "Failed", sourceLocation: location)
        }
        try await attempt(Array(good.dropLast(100)), "cut short")
        var flipped = good
        flipped[good.count - 600] ^= 1
        try await attempt(flipped, "chunk 0 was changed")
        try await attempt(Array("QBK0".utf8) + good.dropFirst(4), "its format is 'QBK0'")
        try await attempt(Array("<Error/>".utf8), "isn't a backup")
        let stranger = try Keyring.create(
            poolID: TestKeys.poolID, securityDomainID: [UInt8](repeating: 1, count: 16), createdAt: 1
        ).keyring
        try await attempt(try foreign(stranger, poolName: "stranger"), "another security domain")
        let twin = try Keyring.create(
            poolID: [UInt8](repeating: 2, count: 16), securityDomainID: [UInt8](repeating: 0x5D, count: 16),
            createdAt: 1
        ).keyring
        try await attempt(try foreign(twin, poolName: "twin"), "another security domain")
        backed.stores.objects[name] = good
        let check = try await backed.begin("PUT", "/prerestore", ("folderToRestore", folder))
        #expect(try await backed.end(check).json?.string("status") == "Succeeded")
        #expect(try await backed.restore(folder).json?.string("status") == "Succeeded")
        let gone = try await backed.restore("elsewhere")
        #expect(gone.json?.object("error")?.string("code") == "BackupNotFound")
    }

    private func foreign(_ keyring: Keyring, poolName: String) throws -> [UInt8] {
        let header = BackupHeader(
            backupID: [UInt8](repeating: 1, count: 32), poolName: poolName, index: 1, term: 1,
            stateRoot: [UInt8](repeating: 0, count: 32), createdAt: 0, keyring: keyring.sealed)
        var (writer, bytes) = try BackupWriter.begin(header, keyring: keyring)
        bytes += try writer.add(.blob([1]))
        return bytes + (try writer.finish())
    }

    /// Genuine, but not the state that it says it is: such a backup only a faulty node could have made.
    @Test func aStateThatIsNotTheHeadersIsRefused() async throws {
        try await pool.create("k")
        let folder = try await backed.backup()
        let keyring = try TestKeys.shared().keyring
        backed.stores.objects["\(folder)/backup.qbk"] = try foreign(keyring, poolName: "pool-1")
        let done = try await backed.restore(folder)
        #expect(done.json?.object("error")?.string("message")?.contains("isn't the state") == true, "\(done.text)")
        #expect(state.key("k") != nil)
    }
}
