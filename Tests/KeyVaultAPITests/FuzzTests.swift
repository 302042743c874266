import Audit
import CryptographicModule
import HTTPTransport
import PoolState
import RequestTesting
import Testing

/// Requests that are nearly right, in great number: every one is answered, none with a failure of the service.
@Suite struct FuzzTests {
    private struct Seed {
        var method: HTTPMethod
        var target: [UInt8]
        var body: [UInt8]
        var principal: TestPrincipal
    }

    private static let definition = """
        {"properties":{"roleName":"R","permissions":[{"dataActions":["Microsoft.KeyVault/managedHsm/keys/*"]}]}}
        """
    private static let roles = "/providers/Microsoft.Authorization"
    private static let guid = "0ffe0000-0000-4000-8000-000000000001"
    private static let version = "?api-version=2025-07-01"

    private static func seeds() throws -> [Seed] {
        let secret = try TestKeys.shared().clientSecret
        let requests: [(HTTPMethod, String, String, TestPrincipal)] = [
            (
                .post, "/keys/k/create",
                #"{"kty":"EC","crv":"P-256","key_ops":["sign"],"attributes":{"exp":9},"tags":{"a":"b"}}"#, .user
            ),
            (.post, "/keys/k//sign", #"{"alg":"ES256","value":"\#(digest(32))"}"#, .user),
            (.post, "/keys/k/verify", #"{"alg":"ES256","digest":"\#(digest(32))","value":"\#(digest(64))"}"#, .user),
            (.get, "/keys/k/", "", .user), (.get, "/keys", "", .user), (.get, "/keys/k/versions", "", .user),
            (.patch, "/keys/k", #"{"attributes":{"enabled":true,"nbf":7,"exp":9},"tags":{"x":"y"}}"#, .user),
            (.delete, "/keys/gone", "", .user), (.post, "/deletedkeys/gone/recover", "", .officer),
            (.get, "/deletedkeys", "", .officer), (.delete, "/deletedkeys/gone", "", .officer),
            (.post, "/rng", #"{"count":32}"#, .user),
            (.put, "\(roles)/roleDefinitions/\(guid)", definition, .administrator),
            (
                .put, "/keys/k\(roles)/roleAssignments/\(guid)",
                #"{"properties":{"roleDefinitionId":"\#(guid)","principalId":"\#(guid)"}}"#, .administrator
            ),
            (.get, "/keys\(roles)/roleAssignments", "", .auditor),
            (.delete, "\(roles)/roleAssignments/\(guid)", "", .administrator),
            (.post, "/securitydomain/download", #"{"certificates":[{"x5c":["AAAA"]}],"required":2}"#, .administrator),
            (.get, "/securitydomain/download/pending", "", .administrator),
            (.post, "/quorate/v1/principals", #"{"displayName":"App"}"#, .administrator),
            (.patch, "/quorate/v1/principals/\(guid)", #"{"enabled":false}"#, .administrator),
            (.get, "/quorate/v1/status", "", .nobody),
            (.post, "/quorate/v1/unseal/shares", #"{"envelope":"AQID"}"#, .nobody),
            (
                .post, "/adfs/oauth2/v2.0/token",
                "grant_type=client_credentials&client_id=\(TestPrincipal.user.clientID)&client_secret=\(secret)"
                    + "&scope=\(TestPool.audience)/.default", .nobody
            ),
            (.get, "/adfs/.well-known/openid-configuration", "", .nobody),
        ]
        let extras = ["", "&maxresults=3", "&$skiptoken=azE", "&$filter=principalId%20eq%20\(guid)"]
        return requests.enumerated().map { number, request in
            Seed(
                method: request.0, target: Array((request.1 + version + extras[number % extras.count]).utf8),
                body: Array(request.2.utf8), principal: request.3)
        }
    }

    private static let fragments = [
        "{", "}", "[", "]", "\"", ":", ",", "\\u0000", "\\ud800", "null", "true", "-1", "1e400", "99999999999999999999",
        "//",
        "/..", "/", "%", "%00", "%2f", "?", "&", "=", "#", "\u{0}", "é", "\u{202E}", "\r\n", "sign", "keys", "versions",
        "P-521", "RS256", "import", "api-version=", "$skiptoken=", "maxresults=0",
    ]

    private func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let place = Int.random(in: 0...bytes.count, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes.insert(contentsOf: Self.fragments.randomElement(using: &generator)?.utf8 ?? "".utf8, at: place)
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...12, using: &generator)))
        case 2 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 3 where place < bytes.count:
            let piece = bytes[place..<min(bytes.count, place + Int.random(in: 1...20, using: &generator))]
            bytes.insert(contentsOf: piece, at: Int.random(in: 0...bytes.count, using: &generator))
        default: bytes.insert(UInt8.random(in: 0x20...0x7E, using: &generator), at: place)
        }
    }

    private func header(_ token: String, _ generator: inout SeededGenerator) -> [(String, String)] {
        guard Int.random(in: 0..<20, using: &generator) == 0 else { return [("authorization", "Bearer " + token)] }
        var bytes = Array(("Bearer " + token).utf8)
        mutate(&bytes, &generator)
        return [("authorization", String(decoding: bytes, as: UTF8.self))]
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func everyRequestIsAnswered(seed: UInt64) async throws {
        // Answers don't wait for the disk here, or the disk would be all that is tested.
        let pool = try TestPool(API.endpoints) { folder in
            try AuditLog(folder: folder, origin: AuditOrigin(node: "node-1", pool: "pool-1"), mode: .relaxed)
        }
        try await pool.create("k")
        try await pool.create("gone")
        let seeds = try Self.seeds()
        let tokens = try TestPrincipal.allCases.map { try pool.token($0) }
        var generator = SeededGenerator(seed: seed)
        var statuses: [Int: Int] = [:]
        for number in 0..<5000 {
            guard var request = seeds.randomElement(using: &generator) else { return }
            for _ in 0..<Int.random(in: 0...3, using: &generator) { mutate(&request.target, &generator) }
            for _ in 0..<Int.random(in: 0...4, using: &generator) { mutate(&request.body, &generator) }
            if Int.random(in: 0..<10, using: &generator) == 0 {
                request.method =
                    [.get, .put, .post, .delete, .patch, .head, .other("X")].randomElement(using: &generator) ?? .get
            }
            let token = tokens[Int(request.principal.rawValue) - 1]
            let target = String(decoding: request.target, as: UTF8.self)
            let answer = await pool.send(
                request.method, target, body: request.body, headers: header(token, &generator))
            statuses[answer.status, default: 0] += 1
            let isServiceFailure = answer.status >= 500
            #expect(!isServiceFailure, "\(seed)/\(number): \(request.method) \(target) -> \(answer.text)")
            #expect(answer.status < 400 || answer.json != nil, "\(seed)/\(number): an error without an envelope")
            #expect(answer.header("x-ms-request-id") != nil)
        }
        // The mutations must not all die at the first check.
        for status in [200, 201, 400, 401, 403, 404, 405] { #expect((statuses[status] ?? 0) > 10, "\(statuses)") }
    }
}
