import AccessControl
import HTTPTransport
import PoolState
import RequestTesting
import StrictJSON
import Testing

@Suite struct RoleTests {
    private static let collection = "/providers/Microsoft.Authorization/"
    private static let one = "0ffe0000-0000-4000-8000-000000000001"

    private func body(_ role: String, _ principal: TestPrincipal = .nobody) -> String {
        #"{"properties":{"roleDefinitionId":"\#(role)","principalId":"\#(principal.objectID)"}}"#
    }

    @Test func assignments() async throws {
        let pool = try TestPool(API.endpoints)
        let user = BuiltInRole.cryptoUser.id.description
        let full = "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/\(user)"
        for (number, text) in [user, full, "/" + full, user.uppercased()].enumerated() {
            let path =
                "/keys/k\(number)" + Self.collection + "roleAssignments/0ffe0000-0000-4000-8000-00000000001\(number)"
            let made = try await pool.call(.administrator, .put, path, body(text))
            #expect(made.status == 201 && made.json?.string("type") == "Microsoft.Authorization/roleAssignments")
            // The id has no scope in it, whatever the scope is.
            #expect(
                made.json?.string("id") == Self.collection
                    + "roleAssignments/0ffe0000-0000-4000-8000-00000000001\(number)")
            let properties = try #require(made.json?.object("properties"))
            #expect(properties.string("roleDefinitionId") == full && properties.string("scope") == "/keys/k\(number)")
            #expect(properties.string("principalId") == TestPrincipal.nobody.objectID.description)
            #expect(try await pool.call(.administrator, .get, path).json == made.json)
            #expect(try await pool.call(.administrator, .delete, path).json == made.json)
            let gone = try await pool.call(.administrator, .delete, path)
            #expect(gone.status == 404 && gone.code == "RoleAssignmentNotFound")
        }
    }

    @Test func refusedAssignments() async throws {
        let pool = try TestPool(API.endpoints)
        let path = Self.collection + "roleAssignments/" + Self.one
        let (user, backup) = (BuiltInRole.cryptoUser.id.description, BuiltInRole.backup.id.description)
        let made = try await pool.call(.administrator, .put, path, body(user))
        #expect(made.status == 201)
        // The same again is no other one.
        let repeated = try await pool.call(.administrator, .put, path, body(user))
        #expect(repeated.status == 201 && repeated.json == made.json, "\(repeated.text)")
        for (target, text, status, code) in [
            (path, body(backup), 409, "RoleAssignmentExists"),
            (path, body(user, .auditor), 409, "RoleAssignmentExists"),
            ("/keys" + path, body(user), 409, "RoleAssignmentExists"),
            (String(path.dropLast()) + "2", body(user), 409, "RoleAssignmentExists"),
            (path, body(Self.one), 404, "RoleDefinitionNotFound"), (path, body("x"), 400, "BadParameter"),
            (path, #"{"properties":{"roleDefinitionId":"\#(user)"}}"#, 400, "BadParameter"),
            (path, #"{"properties":{"roleDefinitionId":"\#(user)","principalId":"me"}}"#, 400, "BadParameter"),
            (path, "{}", 400, "BadParameter"), (path, #"{"properties":[]}"#, 400, "BadParameter"),
            (Self.collection + "roleAssignments/x", body(user), 400, "BadParameter"),
            ("/keys/a_b" + path, body(user), 400, "BadParameter"),
        ] {
            let answer = try await pool.call(.administrator, .put, target, text)
            #expect(answer.status == status && answer.code == code, "\(target) \(text): \(answer.text)")
        }
        // An assignment isn't found below its scope.
        #expect(try await pool.call(.administrator, .get, "/keys" + path).status == 404)
        #expect(try await pool.call(.administrator, .delete, "/keys" + path).status == 404)
    }

    /// Clients that know an assignment by its name alone ask at the whole pool, and take 404 for success.
    @Test func assignmentsAreReachedFromAbove() async throws {
        let pool = try TestPool(API.endpoints)
        try pool.assign(.policyAdministrator, to: .nobody, at: .key("k"))
        let path = Self.collection + "roleAssignments/" + Self.one
        let text = body(BuiltInRole.cryptoUser.id.description, .auditor)
        for (place, above, beside) in [
            ("", [""], ["/keys", "/keys/k"]), ("/keys", ["", "/keys"], ["/keys/k"]),
            ("/keys/k", ["", "/keys", "/keys/k"], ["/keys/other"]),
        ] {
            for wider in above {
                #expect(try await pool.call(.administrator, .put, place + path, text).status == 201)
                for other in beside {
                    #expect(try await pool.call(.administrator, .get, other + path).status == 404)
                    #expect(try await pool.call(.administrator, .delete, other + path).status == 404)
                }
                // Who may take roles back at one key has no say above it.
                for refused in ["", "/keys"] {
                    #expect(try await pool.call(.nobody, .delete, refused + path).status == 403)
                }
                let found = try await pool.call(.administrator, .get, wider + path)
                let scope = found.json?.object("properties")?.string("scope")
                #expect(found.status == 200 && scope == (place.isEmpty ? "/" : place), "\(found.text)")
                #expect(try await pool.call(.administrator, .delete, wider + path).json == found.json)
                #expect(try await pool.call(.administrator, .get, place + path).status == 404)
            }
        }
        #expect(try await pool.call(.administrator, .put, "/keys/k" + path, text).status == 201)
        #expect(try await pool.call(.nobody, .delete, "/keys/k" + path).status == 200)
    }

    /// Clients take 404 for deleted, and the cloud service answers so whatever the name is.
    @Test func aNameThatNothingCanHaveIsNotFound() async throws {
        let pool = try TestPool(API.endpoints)
        for (kind, code) in [
            ("roleAssignments", "RoleAssignmentNotFound"), ("roleDefinitions", "RoleDefinitionNotFound"),
        ] {
            for method in [HTTPMethod.get, .delete] {
                let answer = try await pool.call(.administrator, method, Self.collection + kind + "/invalid")
                #expect(answer.status == 404 && answer.code == code, "\(method) \(answer.text)")
            }
            let put = try await pool.call(.administrator, .put, Self.collection + kind + "/invalid", "{}")
            #expect(put.status == 400 && put.message.contains("GUID"), "\(put.text)")
        }
    }

    /// The path of the assignment that makes the administrator one.
    private func administratorsPath(_ pool: TestPool) async throws -> String {
        let list = try await pool.call(.administrator, .get, Self.collection + "roleAssignments")
        let name = try #require(
            list.json?.objects("value").first {
                $0.object("properties")?.string("principalId") == TestPrincipal.administrator.objectID.description
            }?.string("name"))
        return Self.collection + "roleAssignments/" + name
    }

    @Test func theLastAdministratorStays() async throws {
        let pool = try TestPool(API.endpoints)
        let answer = try await pool.call(.administrator, .delete, try await administratorsPath(pool))
        #expect(answer.status == 403 && answer.code == "Forbidden" && answer.message.contains("last administrator"))
    }

    /// Any id can be assigned a role, also one that was confused with another.
    @Test func anIdThatNobodyHasDoesNotReplaceTheLastAdministrator() async throws {
        let pool = try TestPool(API.endpoints)
        #expect(try pool.pool.submitNow(.raisePoolVersion(.amendments, knownBy: [1])).get().outcome == .applied)
        let own = try await administratorsPath(pool)
        let path = Self.collection + "roleAssignments/" + Self.one
        let role = BuiltInRole.administrator.id.description
        let (objectID, clientID) = (TestPrincipal.nobody.objectID, TestPrincipal.nobody.clientID)
        let confused = #"{"properties":{"roleDefinitionId":"\#(role)","principalId":"\#(clientID)"}}"#
        #expect(try await pool.call(.administrator, .put, path, confused).status == 201)
        let refused = try await pool.call(.administrator, .delete, own)
        #expect(refused.status == 403 && refused.message.contains("last administrator"), "\(refused.text)")
        #expect(try await pool.call(.administrator, .delete, path).status == 200)
        let made = try await pool.call(.administrator, .put, path, body(role))
        #expect(made.json?.object("properties")?.string("principalId") == objectID.description, "\(made.text)")
        #expect(try await pool.call(.administrator, .delete, own).status == 200)
        #expect(try await pool.call(.nobody, .get, path).status == 200)
    }

    @Test func listsAndFilters() async throws {
        let pool = try TestPool(API.endpoints)
        try pool.assign(.cryptoUser, to: .nobody, at: .keys)
        try pool.assign(.cryptoAuditor, to: .nobody, at: .key("a"))
        func scopes(_ path: String, _ filter: String = "") async throws -> [String] {
            let answer = try await pool.call(.administrator, .get, path + Self.collection + "roleAssignments" + filter)
            #expect(answer.status == 200, "\(answer.text)")
            return (answer.json?.objects("value") ?? []).compactMap { $0.object("properties")?.string("scope") }
        }
        let root = TestPrincipal.allCases.compactMap(\.role).map { _ in "/" }
        #expect(try await scopes("").sorted() == (root + ["/keys"]).sorted())
        #expect(try await scopes("/keys") == ["/keys"])
        #expect(try await scopes("/keys/a") == ["/keys/a"])
        #expect(try await scopes("/keys/a", "?$filter=atScope()").sorted() == (root + ["/keys", "/keys/a"]).sorted())
        let id = TestPrincipal.nobody.objectID
        #expect(try await scopes("/keys", "?$filter=principalId%20eq%20\(id)").sorted() == ["/keys", "/keys/a"])
        #expect(try await scopes("", "?$filter=atOrBelowScope()").sorted() == (root + ["/keys", "/keys/a"]).sorted())
        #expect(try await scopes("/keys", "?$filter=atOrBelowScope()").sorted() == ["/keys", "/keys/a"])
        #expect(try await scopes("/keys/b", "?$filter=atOrBelowScope()").isEmpty)
        #expect(try await scopes("/keys/b", "?$filter=principalId%20eq%20'\(id)'") == ["/keys"])
        #expect(try await scopes("/keys/b", "?$filter=principalId+eq+\(id)") == ["/keys"])
        for filter in ["x", "principalId%20eq%20x", "principalId", "atScope"] {
            let answer = try await pool.call(
                .administrator, .get, Self.collection + "roleAssignments?$filter=\(filter)")
            #expect(answer.status == 400 && answer.message.contains("'$filter'"))
        }
    }

    /// Clients look them up at the pool after they have assigned one at all keys.
    @Test func whoReadsDefinitionsAtAllKeysReadsThemAtThePool() async throws {
        let pool = try TestPool(API.endpoints)
        let paths = ["", "/\(BuiltInRole.cryptoUser.id)"].map { Self.collection + "roleDefinitions" + $0 }
        try pool.assign(.policyAdministrator, to: .nobody, at: .key("k"))
        for path in paths { #expect(try await pool.call(.nobody, .get, path).status == 403) }
        try pool.assign(.policyAdministrator, to: .nobody, at: .keys)
        for path in paths { #expect(try await pool.call(.nobody, .get, path).status == 200) }
        #expect(try await pool.call(.nobody, .get, Self.collection + "roleAssignments").status == 403)
        let put = try await pool.call(.nobody, .put, Self.collection + "roleDefinitions/" + Self.one, "{}")
        #expect(put.status == 403)
    }

    @Test func blocksOfPermissions() async throws {
        let pool = try TestPool(API.endpoints)
        let path = Self.collection + "roleDefinitions/" + Self.one
        func put(_ permissions: String) async throws -> Answer {
            let body = #"{"properties":{"roleName":"r","permissions":\#(permissions)}}"#
            return try await pool.call(.administrator, .put, path, body)
        }
        let keys = "Microsoft.KeyVault/managedHsm/keys"
        let read = #"{"dataActions":["\#(keys)/read/action"]}"#
        let most = #"{"dataActions":["\#(keys)/*"],"notDataActions":["\#(keys)/read/action"]}"#
        for refused in ["[\(read),\(most)]", "[\(most),\(most)]", #"[{"notActions":["*"]},{}]"#] {
            let answer = try await put(refused)
            #expect(answer.status == 400 && answer.message.contains("One block is supported"), "\(answer.text)")
        }
        let null = try await put("null")
        #expect(null.status == 400 && null.message.contains("'properties.permissions' must be"), "\(null.text)")
        #expect(try await pool.call(.administrator, .get, path).status == 404)
        #expect(try await put("[\(most)]").status == 201)
        let merged = try await put(#"[\#(read),{"dataActions":["\#(keys)/sign/action"]}]"#)
        #expect(merged.status == 201, "\(merged.text)")
        let blocks = merged.json?.object("properties")?.objects("permissions") ?? []
        #expect(blocks.map { $0.strings("dataActions") } == [["\(keys)/read/action", "\(keys)/sign/action"]])
    }

    @Test func fieldsOfADefinitionThatAreTooLong() async throws {
        let pool = try TestPool(API.endpoints)
        let path = Self.collection + "roleDefinitions/" + Self.one
        func list(_ count: Int, _ entry: String = "*") -> String {
            "[" + [String](repeating: "\"\(entry)\"", count: count).joined(separator: ",") + "]"
        }
        func text(_ count: Int) -> String { String(repeating: "x", count: count) }
        let place = "'properties.permissions[0]"
        for (properties, says) in [
            (#""roleName":"\#(text(513))""#, "'properties.roleName' has more than 512 bytes"),
            (#""description":"\#(text(2049))""#, "'properties.description' has more than 2048 bytes"),
            (#""permissions":[{"dataActions":\#(list(101))}]"#, "\(place).dataActions' has more than 100 entries"),
            (#""permissions":[{"notActions":["\#(text(257))"]}]"#, "\(place).notActions[0]' must have 1 to 256 bytes"),
            (#""permissions":[{"actions":["a",""]}]"#, "\(place).actions[1]' must have 1 to 256 bytes"),
            (
                #""permissions":[{"dataActions":\#(list(60))},{"dataActions":\#(list(60))}]"#,
                "more than 100 entries of one kind"
            ),
        ] {
            let answer = try await pool.call(.administrator, .put, path, "{\"properties\":{\(properties)}}")
            #expect(answer.status == 400 && answer.code == "BadParameter", "\(answer.text)")
            #expect(answer.message.contains(says), "\(answer.text)")
        }
        #expect(try await pool.call(.administrator, .get, path).status == 404)
        let most = #""roleName":"\#(text(512))","permissions":[{"dataActions":\#(list(100))}]"#
        #expect(try await pool.call(.administrator, .put, path, "{\"properties\":{\(most)}}").status == 201)
    }

    /// What the pool refuses is answered with the limit and what to do, and with no name out of the program.
    @Test func refusalsSayCauseAndCure() async throws {
        let pool = try TestPool(API.endpoints)
        let (user, builtIn) = (BuiltInRole.cryptoUser.id.description, BuiltInRole.cryptoAuditor.id.description)
        func name(_ number: Int) -> String { "0ffe0000-0000-4000-8000-0000000000\(number + 10)" }
        func assign(_ number: Int, _ place: String) async throws -> Answer {
            let principal = "0ffe0000-0000-4000-8000-0000000001\(number + 10)"
            return try await pool.call(
                .administrator, .put, place + Self.collection + "roleAssignments/" + name(number),
                #"{"properties":{"roleDefinitionId":"\#(user)","principalId":"\#(principal)"}}"#)
        }
        for number in 0..<10 { #expect(try await assign(number, "/keys/k").status == 201) }
        let crowded = try await assign(10, "/keys/k")
        #expect(crowded.status == 400 && crowded.code == "LimitExceeded" && crowded.message.contains("10 at each key"))
        let empty = #"{"properties":{"roleName":"r"}}"#
        let definitions = Self.collection + "roleDefinitions/"
        for number in 0..<50 {
            #expect(try await pool.call(.administrator, .put, definitions + name(number), empty).status == 201)
        }
        let surplus = try await pool.call(.administrator, .put, definitions + name(50), empty)
        #expect(surplus.status == 400 && surplus.code == "LimitExceeded")
        #expect(surplus.message.contains("at most 50 custom roles. Delete one"), "\(surplus.text)")
        for refused in [
            try await pool.call(.administrator, .put, definitions + builtIn, empty),
            try await pool.call(.administrator, .delete, definitions + builtIn),
        ] {
            #expect(refused.status == 403 && refused.code == "Forbidden", "\(refused.text)")
            #expect(refused.message.contains("A built-in role can be neither changed nor deleted"))
        }
    }

    /// A slip in what is excluded must not leave it granted.
    @Test func whatMatchesNoDataActionIsRefused() async throws {
        let pool = try TestPool(API.endpoints)
        let path = Self.collection + "roleDefinitions/" + Self.one
        func put(_ granted: String, _ excluded: String) async throws -> Answer {
            let block = #"{"dataActions":["*",\#(granted)],"notDataActions":["*/read/action",\#(excluded)]}"#
            return try await pool.call(.administrator, .put, path, #"{"properties":{"permissions":[\#(block)]}}"#)
        }
        let good = #""Microsoft.KeyVault/managedHsm/keys/*""#
        for bad in [
            "Microsoft.KeyVault/managedHsm/keys/sign", "Microsoft.KeyVault/managedHSM/key/sign/action",
            "Microsoft.KeyVault/managedHsm/keys/sign/action ", "*/keys/sing/*", "Microsoft.KeyVault/vaults/*",
        ] {
            for (granted, excluded, name) in [
                (good, "\"\(bad)\"", "notDataActions"), ("\"\(bad)\"", good, "dataActions"),
            ] {
                let answer = try await put(granted, excluded)
                #expect(answer.status == 400 && answer.code == "BadParameter", "\(bad): \(answer.text)")
                #expect(
                    answer.message.contains("'properties.permissions[0].\(name)[1]' matches no data action"),
                    "\(answer.text)")
            }
        }
        #expect(try await pool.call(.administrator, .get, path).status == 404)
        // Case makes no difference, and each of the protocol's own names will do.
        let names = DataAction.allCases.map { "\"\($0.name.lowercased())\"" }.joined(separator: ",")
        #expect(try await put(names, names).status == 201)
    }

    @Test func definitions() async throws {
        let pool = try TestPool(API.endpoints)
        for place in ["", "/keys", "/keys/a"] {
            let answer = try await pool.call(.auditor, .get, place + Self.collection + "roleDefinitions")
            let names = (answer.json?.objects("value") ?? []).compactMap { $0.object("properties")?.string("roleName") }
            #expect(Set(names) == Set(BuiltInRole.allCases.map(\.name)))
        }
        let path = Self.collection + "roleDefinitions/" + Self.one
        let text = """
            {"properties":{"roleName":"Signer","description":"signs","type":"CustomRole","assignableScopes":["/"],\
            "permissions":[{"actions":[],"notActions":[],\
            "dataActions":["Microsoft.KeyVault/managedHsm/keys/sign/action"],"notDataActions":[]}]}}
            """
        let made = try await pool.call(.policyAdministrator, .put, path, text)
        #expect(made.status == 201 && made.json?.string("name") == Self.one)
        #expect(made.json?.string("id") == "Microsoft.KeyVault" + path)
        let properties = try #require(made.json?.object("properties"))
        #expect(properties.string("type") == "CustomRole" && properties.string("roleName") == "Signer")
        #expect(properties.strings("assignableScopes") == ["/"])
        #expect(
            properties.objects("permissions").first?.strings("dataActions") == [
                "Microsoft.KeyVault/managedHsm/keys/sign/action"
            ])
        // It permits what it says and nothing else.
        let assignment = Self.collection + "roleAssignments/" + Self.one
        #expect(try await pool.call(.administrator, .put, assignment, body(Self.one)).status == 201)
        try await pool.create("k")
        let sign = #"{"alg":"ES256","value":"\#(digest(32))"}"#
        #expect(try await pool.call(.nobody, .post, "/keys/k/sign", sign).status == 200)
        #expect(try await pool.call(.nobody, .get, "/keys/k").status == 403)
        #expect(try await pool.call(.administrator, .delete, path).json == made.json)
        #expect(try await pool.call(.nobody, .post, "/keys/k/sign", sign).status == 403)
        #expect(try await pool.call(.administrator, .get, path).code == "RoleDefinitionNotFound")

        let builtIn = Self.collection + "roleDefinitions/\(BuiltInRole.cryptoUser.id)"
        let replaced = try await pool.call(.administrator, .put, builtIn, text)
        #expect((400...403).contains(replaced.status), "\(replaced.text)")
        let deleted = try await pool.call(.administrator, .delete, builtIn)
        #expect((400...403).contains(deleted.status), "\(deleted.text)")
        for text in [
            "{}", #"{"properties":{"permissions":{}}}"#, #"{"properties":{"permissions":[1]}}"#,
            #"{"properties":{"permissions":[{"dataActions":"x"}]}}"#, #"{"properties":{"roleName":7}}"#,
        ] {
            let answer = try await pool.call(.administrator, .put, path, text)
            #expect(answer.status == 400 && answer.code == "BadParameter", "\(answer.text)")
        }
    }
}
