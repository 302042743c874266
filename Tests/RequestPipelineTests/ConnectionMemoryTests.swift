import AccessControl
import HTTPTransport
import PoolState
import RequestTesting
import Testing

@testable import RequestPipeline

/// Requests on one connection are decided each by itself, whatever is remembered of the one before.
@Suite struct ConnectionMemoryTests {
    private let connection = ConnectionContext(remoteAddress: "192.0.2.7")

    @Test func noTargetIsTakenForAnother() async throws {
        let pool = try TestPool(Probe.all)
        let calls: [(HTTPMethod, String, Int)] = [
            (.get, "/probe", 200), (.get, "/probe", 200), (.get, "/keys/alpha", 200), (.delete, "/keys/alpha", 405),
            (.get, "/keys/alpha", 200), (.get, "/nowhere", 404), (.get, "/nowhere", 404), (.get, "/failing", 500),
            (.get, "/slow", 200), (.get, "/waiting", 200), (.get, "/probe?x=%", 400), (.get, "/probe", 200),
        ]
        for (method, path, status) in calls {
            #expect(try await pool.call(.user, method, path, over: connection).status == status, "\(method) \(path)")
        }
        let recorded = try pool.records().compactMap { $0.string("requestUri") }
        let expected = calls.filter { $0.2 != 400 }.map { TestPool.base + $0.1 }
        #expect(recorded == expected)
        let other = await pool.send(.get, "/open", authority: "elsewhere.example", over: connection)
        #expect(other.status == 421)
        #expect(await pool.send(.get, "/open", over: connection).status == 200)
    }

    @Test func noCallerIsTakenForAnother() async throws {
        let pool = try TestPool(Probe.all)
        let callers: [(TestPrincipal, Int)] = [(.user, 200), (.nobody, 403), (.user, 200), (.nobody, 403)]
        for (principal, status) in callers {
            let answer = try await pool.call(principal, .get, "/keys/alpha", over: connection)
            #expect(answer.status == status)
            let identity = try #require(try pool.records().last?.string("identity"))
            #expect(identity.contains(principal.objectID.description))
            #expect(identity.contains(principal.clientID.description))
        }
        #expect(await pool.send(.get, "/keys/alpha", over: connection).status == 401)
    }

    @Test func whatChangesIsHonouredAtTheNextRequest() async throws {
        let pool = try TestPool(Probe.all)
        #expect(try await pool.call(.user, .get, "/keys/alpha", over: connection).status == 200)
        for assignment in pool.pool.latestView.state.permissions.assignments(of: TestPrincipal.user.objectID) {
            _ = try pool.pool.submitNow(.deleteRoleAssignment(name: assignment.name, scope: assignment.scope)).get()
        }
        #expect(try await pool.call(.user, .get, "/keys/alpha", over: connection).status == 403)
        #expect(try await pool.call(.user, .get, "/probe", over: connection).status == 200)
        _ = try pool.pool.submitNow(.setPrincipalEnabled(objectID: TestPrincipal.user.objectID, enabled: false)).get()
        #expect(try await pool.call(.user, .get, "/probe", over: connection).status == 401)
    }

    /// The members of a disabled group stay who they are, and have its roles no more.
    @Test func rolesOfAGroupAreThoseOfItsMembersWhileItIsEnabled() async throws {
        let pool = try TestPool(Probe.all)
        let group = GUID(high: 0x97, low: 1)
        let role = RoleAssignment(
            name: group, scope: .keys, principal: group, roleDefinition: BuiltInRole.cryptoUser.id)
        let beginning: [PoolCommand] = [
            .createPrincipal(NewPrincipal(objectID: group, kind: .group, displayName: "group")),
            .putRoleAssignment(role),
            .setPrincipalGroups(objectID: TestPrincipal.nobody.objectID, groups: [group]),
        ]
        for command in beginning { #expect(try pool.pool.submitNow(command).get().outcome == .applied) }
        for isEnabled in [true, false, true, false] {
            _ = try pool.pool.submitNow(.setPrincipalEnabled(objectID: group, enabled: isEnabled)).get()
            let answer = try await pool.call(.nobody, .get, "/keys/alpha", over: connection)
            #expect(answer.status == (isEnabled ? 200 : 403), "\(answer.text)")
            #expect(try await pool.call(.nobody, .get, "/probe", over: connection).status == 200)
        }
        _ = try pool.pool.submitNow(.setPrincipalEnabled(objectID: group, enabled: true)).get()
        #expect(try await pool.call(.nobody, .get, "/keys/alpha", over: connection).status == 200)
        _ = try pool.pool.submitNow(.deletePrincipal(objectID: group)).get()
        #expect(try await pool.call(.nobody, .get, "/keys/alpha", over: connection).status == 403)
    }
}
