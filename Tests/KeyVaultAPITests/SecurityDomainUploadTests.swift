import AccessControl
import HTTPTransport
import Identity
import KeyVaultAPI
import PoolState
import RequestPipeline
import RequestTesting
import SecurityDomain
import StrictJSON
import Synchronization
import Testing

/// The routes of the upload, and the tokens of a sealed node.
@Suite struct SecurityDomainUploadTests {
    /// A node that takes any upload, and knows one capability at a time.
    private final class SealedNode: SecurityDomainRestoring {
        private let state = Mutex<(status: RestoringStatus?, capability: [UInt8])>((nil, []))

        var restoring: RestoringStatus? { state.withLock { $0.status } }
        func succeed() { state.withLock { $0.status = .succeeded("done") } }

        func transferKey(now: Int64) async throws(RestoringRefusal) -> ExchangeKey {
            throw RestoringRefusal("no key today", isConflict: true)
        }

        func restore(_ blob: RestoreBlob, capability: [UInt8], now: Int64) async throws(RestoringRefusal) {
            state.withLock { $0 = (.inProgress("wait"), capability) }
        }

        func isHonoured(capability: [UInt8], now: Int64) -> Bool { state.withLock { $0.capability == capability } }
    }

    private struct World {
        let node = SealedNode()
        let pool: TestPool

        /// - Parameter commands: what happens to the pool before the node is sealed.
        init(after commands: [PoolCommand] = []) throws {
            pool = try TestPool(API.endpoints(restoring: node))
            for command in commands { #expect(try pool.pool.submitNow(command).get().outcome == .applied) }
            pool.custody.recovery = try RecoveryAccess(
                stored: pool.pool.latestView.state, boot: [UInt8](repeating: 7, count: 16),
                facades: HostTable(hosts: [TestPool.host]).facadeAudiences,
                checker: ModuleSignatureChecker(pool.module))
            pool.custody.seal()
        }

        func token(_ principal: TestPrincipal, audience: String = TestPool.audience, secret: String? = nil)
            async throws -> Answer
        {
            let form = "grant_type=client_credentials&client_id=\(principal.clientID)"
                + "&client_secret=\(try secret ?? TestKeys.shared().clientSecret)&scope=\(audience)/.default"
            return await pool.send(.post, "/adfs/oauth2/token", body: Array(form.utf8))
        }

        func ask(_ token: String?, _ method: HTTPMethod, _ path: String, _ body: String = "") async -> Answer {
            let headers = token.map { [("authorization", "Bearer " + $0)] } ?? []
            return await pool.send(method, path, body: Array(body.utf8), headers: headers)
        }
    }

    private let upload = "/securitydomain/upload?api-version=7.5"
    private let pending = "/securitydomain/upload/pending"
    /// Well formed; what is in it opens with no key.
    private let restoreBlob: String = {
        let jwe = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiaHNtX2JhY2t1cCJ9.."
            + "AAECAwQFBgcICQoLDA0ODw.vDY9Cy1iWFfuM3V9uRlAdg.5V5CsnMhmE8mO9ubfvpJLL52WIpd0XEYDvIuW1umtr8"
        let items = "[{\"compact_jwe\":\"\(jwe)\",\"tag\":\"hsm_backup\"}]"
        let blob = "{\"EncData\":{\"data\":\(items),\"kdf\":\"sp108_kdf\"},"
            + "\"WrappedKey\":{\"enc_key\":\"\(jwe)\",\"x5t_256\":\"AA\"}}"
        var writer = JSONWriter()
        writer.object { $0.member("value", blob) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }()

    @Test func aSealedNodeIssuesTokensForRecoveryOnly() async throws {
        let world = try World()
        let issued = try await world.token(.administrator)
        #expect(issued.status == 200 && issued.json?.integer("expires_in") == 600, "\(issued.text)")
        let token = try #require(issued.json?.string("access_token"))
        #expect(await world.ask(token, .get, upload).message.contains("no key today"))
        for path in ["/keys?api-version=7.5", "/quorate/v1/status", "/securitydomain/download/pending"] {
            let refused = await world.ask(token, .get, path)
            #expect(refused.status == 503 && refused.innerCode == "NodeSealed", "\(path): \(refused.text)")
        }
        // Nobody else gets one, and it looks like a wrong secret.
        for answer in [
            try await world.token(.user), try await world.token(.nobody),
            try await world.token(.administrator, secret: "wrong"),
        ] { #expect(answer.status == 401 && answer.json?.string("error") == "invalid_client", "\(answer.text)") }
        #expect(try await world.token(.administrator, audience: "https://other").status == 400)
        let records = try world.pool.records()
        #expect(records.map { $0.string("operationName") } == ["Authentication", "SecurityDomainTransferKeyGet"])
        let caller = "\(TestPrincipal.administrator.objectID)"
        #expect(records.allSatisfy { $0.string("identity")?.contains(caller) == true })
    }

    @Test func whoMayBringThePoolBackByAGroupMayWhileItIsEnabled() async throws {
        let group = GUID(high: 0x97, low: 1)
        let role = RoleAssignment(
            name: group, scope: .root, principal: group, roleDefinition: BuiltInRole.administrator.id)
        let membership: [PoolCommand] = [
            .createPrincipal(NewPrincipal(objectID: group, kind: .group, displayName: "group")),
            .putRoleAssignment(role),
            .setPrincipalGroups(objectID: TestPrincipal.nobody.objectID, groups: [group]),
        ]
        #expect(try await World(after: membership).token(.nobody).status == 200)
        let disabled = membership + [.setPrincipalEnabled(objectID: group, enabled: false)]
        #expect(try await World(after: disabled).token(.nobody).status == 401)
    }

    /// A client that still has a token of the pool's gets one of the node's, and the other way round.
    @Test func tokensAreExchangedWhereTheOtherIsMeant() async throws {
        let world = try World()
        let ofPool = try world.pool.token(.administrator)
        let sealed = await world.ask(ofPool, .get, upload)
        #expect(sealed.status == 401 && sealed.header("www-authenticate")?.contains("claims=") == true)
        let own = try await world.token(.administrator).json?.string("access_token")
        let arm = try await world.token(.administrator, audience: TestPool.base + "/arm").json?.string("access_token")
        let list = await world.ask(arm, .get, "/subscriptions")
        #expect(list.json?.objects("value").first?.string("displayName") == "pool-1", "\(list.text)")
        #expect(await world.ask(own, .get, "/subscriptions").status == 401)

        world.pool.custody.reopen()
        for (token, path) in [(own, "/keys?api-version=7.5"), (arm, "/subscriptions"), (own, "/quorate/v1/status")] {
            let late = await world.ask(token, .get, path)
            #expect(late.status == 401 && late.header("www-authenticate")?.contains("claims=") == true, "\(path)")
        }
        // The one thing that is still asked for: what came of the upload.
        #expect(await world.ask(own, .get, pending).status == 404)
        #expect(await world.ask(ofPool, .get, pending).status == 404)
        let stranger = await world.ask("a.b.c", .get, pending)
        #expect(stranger.status == 401 && stranger.header("www-authenticate")?.contains("claims=") == false)
        #expect(try await world.token(.user).status == 200)
    }

    @Test func tokensOfASealedNodeEnd() async throws {
        let world = try World()
        let own = try await world.token(.administrator).json?.string("access_token")
        world.pool.advance(seconds: 599)
        #expect(await world.ask(own, .get, upload).status == 409)
        world.pool.advance(seconds: 1)
        #expect(await world.ask(own, .get, upload).status == 401)
        // Another node, and the same one started anew, issues its own.
        let other = try World()
        other.pool.advance(seconds: 600)
        let token = try await other.token(.administrator).json?.string("access_token")
        #expect(await other.ask(token, .get, upload).status == 409)
        #expect(await world.ask(token, .get, upload).status == 401)
    }

    @Test func anUploadIsFollowedByItsCapability() async throws {
        let world = try World()
        let own = try await world.token(.administrator).json?.string("access_token")
        let begun = await world.ask(own, .post, upload, restoreBlob)
        #expect(begun.status == 202 && begun.json?.string("status") == "InProgress", "\(begun.text)")
        let poll = try #require(begun.header("azure-asyncoperation"))
        #expect(poll.hasPrefix(TestPool.base + pending + "?op="))
        let path = String(poll.dropFirst(TestPool.base.count))
        let waiting = await world.ask(nil, .get, path)
        #expect(waiting.json?.string("status") == "InProgress" && waiting.header("retry-after") == "1")
        world.node.succeed()
        // A token that no longer counts does no harm.
        for token in [nil, "a.b.c"] {
            let over = await world.ask(token, .get, path)
            #expect(over.json?.string("status") == "Success" && over.header("retry-after") == nil, "\(over.text)")
        }
        for other in [pending, pending + "?op=", path + "A", path.replacing("op=", with: "op=A")] {
            #expect(await world.ask(nil, .get, other).status == 401, "\(other)")
        }
        let query = path.drop { $0 != "?" }
        #expect(await world.ask(nil, .get, upload + "&" + query.dropFirst()).status == 401)
        #expect(await world.ask(nil, .post, String(path), "").status == 401)
    }

    @Test func whatIsNoUploadIsRefused() async throws {
        let world = try World()
        let own = try await world.token(.administrator).json?.string("access_token")
        let otherFormat = restoreBlob.replacing("sp108", with: "hkdf")
        for body in ["", "{", "{}", #"{"value":{}}"#, #"{"value":"{}"}"#, otherFormat] {
            let refused = await world.ask(own, .post, upload, body)
            #expect(refused.status == 400 && refused.code == "BadParameter", "\(body): \(refused.text)")
        }
        #expect(await world.ask(own, .get, "/securitydomain/upload").code == "BadParameter")
        #expect(world.node.restoring == nil)
    }

    // MARK: Download

    @Test func theDownloadToo() async throws {
        let pool = try TestPool(API.endpoints, phase: .provisioned)
        let answer = try await pool.call(
            .administrator, .post, "/securitydomain/download", try OfficersRequest.three(required: 2))
        let poll = try #require(answer.header("azure-asyncoperation"), "\(answer.text)")
        let path = String(poll.dropFirst(TestPool.base.count))
        #expect(await pool.send(.get, path + "A").status == 401 && pool.pool.latestView.state.phase == .activating)
        #expect(await pool.send(.get, path).json?.string("status") == "Success")
        #expect(pool.pool.latestView.state.phase == .activated)
        #expect(await pool.send(.get, path).status == 200)
        let names = try pool.records().map { $0.string("operationName") }
        #expect(names == ["SecurityDomainBackup", "SecurityDomainBackupStatusGet"], "repetitions are only counted")
        pool.advance(seconds: 3600)
        #expect(await pool.send(.get, path).status == 401)
    }
}

/// What a client sends for three officers.
enum OfficersRequest {
    static func three(required: Int) throws -> String {
        let keys = try (1...3).map { number in
            let pem = try ProjectFile.read("Tests/SecurityDomainTests/Vectors/officer\(number).cer")
            let lines = String(decoding: pem, as: UTF8.self).split(separator: "\n")
            return "{\"kty\":\"RSA\",\"x5c\":[\"\(lines.filter { !$0.hasPrefix("-") }.joined())\"]}"
        }
        return "{\"certificates\":[\(keys.joined(separator: ","))],\"required\":\(required)}"
    }
}
