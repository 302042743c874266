import HTTPTransport
import PoolState
import RequestTesting
import Testing

/// A pool that was made to do without an algorithm refuses every operation by it, and nothing else.
@Suite struct RefusedAlgorithmTests {
    /// Path below the key, algorithm, and the members beside `alg`.
    private static let uses: [(path: String, algorithm: String, members: String)] = [
        ("sign", "RSNULL", #""value":"AQID""#),
        ("verify", "RSNULL", #""digest":"AQID","value":"\#(digest(256))""#),
        ("encrypt", "RSA1_5", #""value":"AQID""#),
        ("decrypt", "RSA1_5", #""value":"\#(digest(256))""#),
        ("wrapkey", "RSA1_5", #""value":"AQID""#),
        ("unwrapkey", "RSA1_5", #""value":"\#(digest(256))""#),
    ]

    @Test(arguments: [[], .rsNull, .rsa15, [.rsNull, .rsa15]] as [RefusableAlgorithms])
    func refusesWhatWasChosen(_ refused: RefusableAlgorithms) async throws {
        let pool = try TestPool(API.endpoints, settings: PoolSettings(refusedAlgorithms: refused))
        try await pool.create("r", #"{"kty":"RSA"}"#)
        for use in Self.uses {
            let body = #"{"alg":"\#(use.algorithm)",\#(use.members)}"#
            if refused.contains(RefusableAlgorithms(named: use.algorithm)) {
                try await pool.expectRefusal(
                    .post, "/keys/r/\(use.path)", body, status: 403, code: "Forbidden", inner: "AlgorithmRefused",
                    says: "refuses \(use.algorithm)")
            } else {
                let answer = try await pool.call(.user, .post, "/keys/r/\(use.path)", body)
                #expect(answer.status == 200, "\(use) with \(refused): \(answer.text)")
            }
        }
        let bulk = #"{"alg":"RSNULL","values":["AQID"]}"#
        let answer = try await pool.call(.user, .post, "/quorate/v1/keys/r/sign", bulk)
        #expect(answer.status == (refused.contains(.rsNull) ? 403 : 200), "\(answer.text)")
        let good = #"{"alg":"RSA-OAEP-256","value":"AQID"}"#
        #expect(try await pool.call(.user, .post, "/keys/r/encrypt", good).status == 200)
    }

    @Test func aRefusalIsInTheAuditLog() async throws {
        let pool = try TestPool(API.endpoints, settings: PoolSettings(refusedAlgorithms: .rsNull))
        try await pool.create("r", #"{"kty":"RSA"}"#)
        _ = try await pool.call(.user, .post, "/keys/r/sign", #"{"alg":"RSNULL","value":"AQID"}"#)
        let record = try #require(try pool.records().last)
        #expect(record.string("operationName") == "KeySign", "\(record)")
        #expect(record.integer("httpStatusCode") == 403, "\(record)")
    }
}
