public import AccessControl
public import Audit
public import CryptographicModule
public import HTTPTransport
import Identity
public import PoolState
public import RequestPipeline
public import StrictJSON
import SecurityDomain

/// A node of a pool of one, from the router down to the audit file: real state, real keys, real records. Only consensus
/// and the network are left out.
public final class TestPool: Sendable {
    /// The name under which the node is called, and the audience that follows from it.
    public static let host = "hsm.pool.example:8443"
    public static let base = "https://" + host
    public static let audience = "https://pool.example:8443"
    public static let start: Int64 = 1_767_605_412_000

    public let pool: InMemoryPool
    public let module: CryptographicModule
    public let custody: TestCustody
    public let clock = TestClock(TestPool.start)
    public let computation = TestComputation()
    public let folder: TemporaryFolder
    public let audit: AuditLog
    public let anonymous = AnonymousSampler()
    public let log = TestLog()
    public let services: PipelineServices
    public let pipeline: RequestPipeline
    /// Records that were there before the first request.
    private let firstRecords: Int

    /// - Parameters:
    ///   - phase: how far the pool's activation has come.
    ///   - authorities: whose assertions count when a key is released.
    ///   - openAudit: opens the audit log in a folder.
    public init(
        _ endpoints: [Endpoint], phase: PoolPhase = .activated, settings: PoolSettings = PoolSettings(),
        authorities: [ReleaseAuthority] = [], openAudit: (String) throws -> AuditLog = TestPool.strictAudit
    ) throws {
        let keyring = try TestKeys.shared()
        pool = InMemoryPool(milliseconds: TestPool.start)
        module = CryptographicModule(keyCacheBytes: 256 * 1024)
        custody = TestCustody(pool: pool, module: module)
        folder = try TemporaryFolder()
        audit = try openAudit(folder.path)
        try TestPool.initialize(pool, phase: phase, settings: settings, authorities: authorities)
        let services = PipelineServices(
            pool: pool, module: module, custody: custody, audit: audit, anonymous: anonymous, computation: computation,
            hosts: HostTable(hosts: [TestPool.host]), clock: clock,
            identity: ServiceIdentity(poolName: "pool-1", nodeName: "node-1", region: "test-region", version: "1"),
            logger: log.logger)
        self.services = services
        pipeline = RequestPipeline(endpoints: endpoints, services: services)
        firstRecords = try AuditTail.lines(folder: folder.path, count: 100).count
        try unseal(keyring)
    }

    deinit { audit.close() }

    public static func strictAudit(_ folder: String) throws -> AuditLog {
        try AuditLog(folder: folder, origin: AuditOrigin(node: "node-1", pool: "pool-1"))
    }

    private func unseal(_ keyring: TestKeys) throws {
        let view = pool.latestView
        guard let record = view.state.pool else { throw TestFailure("no pool record") }
        let issuer = TokenAuthority.issuer(of: record)
        let tokens = try TokenVerifier(
            trust: [.embedded(issuer: issuer, tenant: record.tenantID.description)],
            audiences: try TokenAuthority.audiences(
                keys: record.audiences, facades: HostTable(hosts: [TestPool.host]).facadeAudiences),
            checker: ModuleSignatureChecker(module))
        let signer = TokenKeySigner(keyring: keyring.keyring)
        try tokens.setKeys(
            issuer: issuer,
            keys: [TokenKey(keyID: signer.keyID, key: keyring.keyring.tokenKey.publicKey, algorithm: .RS256)],
            generation: 1)
        module.unlock(kek: keyring.keyring.kek)
        custody.open(
            UnsealedPool(
                keyring: keyring.keyring, tokens: tokens,
                issuer: TokenIssuer(issuer: issuer, tenant: record.tenantID.description, signer: signer)))
    }

    // MARK: Requests

    /// Sends a request and waits for its answer. `target` is a path with its query.
    public func send(
        _ method: HTTPMethod, _ target: String, body: [UInt8] = [], headers: [(String, String)] = [],
        authority: String = TestPool.host,
        over connection: ConnectionContext = ConnectionContext(remoteAddress: "192.0.2.7")
    ) async -> Answer {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let request = HTTPRequest(
            method: method, path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : "",
            authority: authority,
            headers: HTTPFields(headers), body: body, connection: connection)
        return await withCheckedContinuation { continuation in
            pipeline.handle(request, Responder { continuation.resume(returning: Answer($0)) })
        }
    }

    /// Sends a request of a principal, with the newest api-version and a token.
    public func call(
        _ principal: TestPrincipal, _ method: HTTPMethod, _ path: String, _ body: String = "",
        headers: [(String, String)] = [],
        over connection: ConnectionContext = ConnectionContext(remoteAddress: "192.0.2.7")
    ) async throws -> Answer {
        let separator = path.contains("?") ? "&" : "?"
        let bearer = ("authorization", "Bearer " + (try token(principal)))
        return await send(
            method, path + separator + "api-version=2025-07-01", body: Array(body.utf8), headers: [bearer] + headers,
            over: connection)
    }

    /// A token as the pool's own issuer makes it.
    public func token(
        _ principal: TestPrincipal, audience: String = TestPool.audience, generation: UInt32 = 1,
        issuedAt: Int64? = nil, lifetime: Int64 = 3600
    ) throws -> String {
        guard let unsealed = custody.opened else { throw TestFailure("the node was never unsealed") }
        let subject = TokenSubject(
            principalID: principal.objectID.description, applicationID: principal.clientID.description,
            credentialGeneration: generation)
        return try unsealed.issuer.issue(
            to: subject, audience: audience, now: issuedAt ?? clock.unixMilliseconds() / 1000, lifetime: lifetime
        ).token
    }

    /// The audit records since the node was made, oldest first.
    public func records() throws -> [JSONObject] {
        try AuditTail.lines(folder: folder.path, count: AuditTail.maximumLines).dropFirst(firstRecords).map { line in
            guard case .object(let record) = try JSONReader.parse(line) else { throw TestFailure("not a record") }
            return record
        }
    }

    /// Waits until the records since the node was made are as they should be: for those that no answer waits for.
    public func settled(_ isSettled: ([JSONObject]) -> Bool) async -> Bool {
        await eventually { isSettled(try records()) }
    }

    /// How many refusals of strangers were counted since this was last asked.
    public func countedRefusals() -> Int {
        anonymous.drain()?.details.extra.first { $0.name == "count" }.flatMap { Int($0.value) } ?? 0
    }

    /// Gives a principal a role, past the API.
    public func assign(_ role: BuiltInRole, to principal: TestPrincipal, at scope: Scope) throws {
        guard let name = GUID(bytes: Random.bytes(16)) else { throw TestFailure("no GUID") }
        let assignment = RoleAssignment(
            name: name, scope: scope, principal: principal.objectID, roleDefinition: role.id)
        guard try pool.submitNow(.putRoleAssignment(assignment)).get().outcome == .applied else {
            throw TestFailure("the assignment was refused")
        }
    }

    /// Moves the node's clock and the time of the pool's log.
    public func advance(seconds: Int64) {
        clock.advance(milliseconds: seconds * 1000)
        pool.advance(toMilliseconds: clock.unixMilliseconds())
    }
}

/// An answer, its body parsed where it is JSON.
public struct Answer: Sendable {
    public let status: Int
    public let headers: [(String, String)]
    public let body: [UInt8]
    public let json: JSONObject?

    init(_ response: HTTPResponse) {
        status = response.status
        headers = response.allHeaders
        body = response.body
        if case .object(let object)? = try? JSONReader.parse(response.body, limits: .init(members: 4096)) {
            json = object
        } else {
            json = nil
        }
    }

    /// The header's value; `nil` where it is missing or there is more than one.
    public func header(_ name: String) -> String? {
        let values = headers.filter { $0.0 == name }
        return values.count == 1 ? values[0].1 : nil
    }

    private var error: JSONObject? { json?.object("error") }
    public var code: String? { error?.string("code") }
    public var innerCode: String? { error?.object("innererror")?.string("code") }
    public var message: String { error?.string("message") ?? "" }
    public var text: String { String(decoding: body, as: UTF8.self) }
}

extension JSONObject {
    public func object(_ name: String) -> JSONObject? {
        if case .object(let inner)? = self[name] { inner } else { nil }
    }

    public func string(_ name: String) -> String? {
        if case .string(let text)? = self[name] { text } else { nil }
    }

    public func integer(_ name: String) -> Int64? {
        if case .integer(let number)? = self[name] { number } else { nil }
    }

    public func bool(_ name: String) -> Bool? {
        if case .bool(let flag)? = self[name] { flag } else { nil }
    }

    public func array(_ name: String) -> [JSONValue]? {
        if case .array(let elements)? = self[name] { elements } else { nil }
    }

    public func objects(_ name: String) -> [JSONObject] {
        (array(name) ?? []).compactMap { if case .object(let inner) = $0 { inner } else { nil } }
    }

    public func strings(_ name: String) -> [String] {
        (array(name) ?? []).compactMap { if case .string(let text) = $0 { text } else { nil } }
    }
}

/// A test's own failure.
public struct TestFailure: Error, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
