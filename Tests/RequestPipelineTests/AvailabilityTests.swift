import AccessControl
import HTTPTransport
import PoolState
import RequestTesting
import StrictJSON
import Testing

@testable import RequestPipeline

/// What callers are told while the node can't answer.
@Suite struct AvailabilityTests {
    @Test func aSealedNodeSaysSoAndWhatHelps() async throws {
        let pool = try TestPool(Probe.all)
        let bearer = ("authorization", "Bearer \(try pool.token(.user))")
        pool.custody.seal()
        let answer = await pool.send(.get, "/probe", headers: [bearer])
        #expect(answer.status == 503 && answer.code == "ServiceUnavailable" && answer.innerCode == "NodeSealed")
        #expect(answer.header("retry-after") == "1")
        #expect(answer.message.contains("sealed") && answer.message.contains("hsmctl unseal"))
        // The challenge needs no keys, nor do endpoints that say that they work on a sealed node.
        #expect(await pool.send(.get, "/probe").status == 401)
        #expect(await pool.send(.get, "/open").status == 200)
        #expect(pool.countedRefusals() == 2)
    }

    @Test(arguments: [
        (PoolUnavailable.noLeader, 503, "majority"), (.timedOut(maybeApplied: true), 503, "may still take effect"),
        (.timedOut(maybeApplied: false), 503, "no effect"), (.overloaded, 429, "Too many reads and writes wait"),
        (.sealed, 503, "sealed"), (.shuttingDown, 503, "another node"), (.clockSkew, 503, "check NTP"),
        (.diskFull, 503, "disk is full"),
    ])
    func withoutThePoolNothingIsDecided(reason: PoolUnavailable, status: Int, text: String) async throws {
        let pool = try TestPool(Probe.all)
        pool.pool.setUnavailable(reason)
        let answer = try await pool.call(.user, .get, "/probe")
        #expect(answer.status == status && answer.message.contains(text) && answer.header("retry-after") != nil)
        // What is refused for load is counted, and its record comes later.
        if status == 429 { #expect(await pool.settled { !$0.isEmpty }) }
        let record = try #require(try pool.records().first)
        #expect(record.integer("httpStatusCode") == Int64(status))
        #expect(record.string("identity")?.contains(TestPrincipal.user.objectID.description) == true)
    }

    /// A request waits for changes of what it looks at, and says so before anything is looked up.
    @Test func theReadGuardAsksForNoMoreThanTheEndpointLooksAt() async throws {
        func endpoint(_ path: String, _ reads: StateRead) -> Endpoint {
            Endpoint(
                .get, path, operation: "Probe", access: .authenticated, reads: reads, phase: .any, isVersioned: false,
                handler: .inline { _ throws(APIError) in APIResponse() })
        }
        let pool = try TestPool([
            endpoint("/all", .everything), endpoint("/none", .settings),
            endpoint("/keys/{name}", .key(parameter: "name")),
        ])
        let user = TestPrincipal.user.objectID
        for (path, scope) in [
            ("/all", ReadScope.everything), ("/none", .caller(user, key: nil)), ("/keys/a", .caller(user, key: "a")),
        ] {
            #expect(try await pool.call(.user, .get, path).status == 200)
            #expect(pool.pool.lastReadScope == scope)
        }
    }

    @Test func anUnactivatedPoolNamesTheNextStep() async throws {
        let endpoint = Endpoint(
            .get, "/needs-activation", operation: "Probe", access: .authenticated, isVersioned: false,
            handler: .inline { _ throws(APIError) in APIResponse() })
        for phase in [PoolPhase.provisioned, .activating] {
            let answer = try await TestPool([endpoint], phase: phase).call(.administrator, .get, "/needs-activation")
            #expect(answer.status == 403 && answer.code == "Forbidden" && answer.innerCode == "NotActivated")
            #expect(answer.message.contains("security-domain download"))
        }
    }
}
