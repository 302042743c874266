import AccessControl
import Audit
import CryptographicModule
import Glibc
import HTTPTransport
import Identity
import KeyVaultAPI
import PoolState
import RequestPipeline
import RequestTesting
import StrictJSON

/// A node of a pool of one, and the pieces of which a request to sign with ES256 consists.
struct Pieces {
    private static let path = "/keys/payments/sign?api-version=7.5"
    private static let requests = 4096

    private let pool: TestPool
    private let token: [UInt8]
    private let body = Array(#"{"alg":"ES256","value":"\#(Base64URL.encode(Digest.sha256(Array("x".utf8))))"}"#.utf8)
    private let version: KeyVersionRecord

    init() async throws {
        pool = try TestPool(KeyVaultEndpoints.stateless)
        token = Array("Bearer \(try pool.token(.user))".utf8)
        let made = try await pool.call(.user, .post, "/keys/payments/create", #"{"kty":"EC"}"#)
        guard made.status == 200, let key = pool.pool.latestView.state.key("payments") else {
            throw TestFailure("the key wasn't made: \(made.text)")
        }
        version = key.latest
        let signed = try await pool.call(.user, .post, "/keys/payments/sign", String(decoding: body, as: UTF8.self))
        guard signed.status == 200 else { throw TestFailure("nothing was signed: \(signed.text)") }
    }

    private var request: HTTP2ClientRequest {
        HTTP2ClientRequest(
            method: .post, authority: TestPool.host, path: Self.path,
            headers: [
                ("user-agent", "hot-path"), ("authorization", String(decoding: token, as: UTF8.self)),
                ("content-type", "application/json"),
            ], body: body)
    }

    // MARK: Whole requests

    /// From the bytes of the client to the bytes of the answer, the audit record on disk in between.
    func whole(_ meter: Meter) throws -> Cost {
        try play(meter, "request", sink: pool.pipeline)
    }

    /// The same with an answer that is ready: what HTTP/2 alone costs.
    func transport(_ meter: Meter) throws -> Cost {
        try play(meter, "HTTP/2, both ways", sink: FixedAnswer())
    }

    private func play(_ meter: Meter, _ name: String, sink: any RequestSink) throws -> Cost {
        let recorded = try RecordedRequests(request, count: Self.requests)
        return try meter.measure(name, batch: Self.requests) {
            let executor = HandedOverWork()
            let server = try SocketlessServer(sink: sink, executor: executor)
            server.receive(recorded.opening)
            for piece in recorded.pieces {
                let expected = server.answers + RecordedRequests.batch
                server.receive(piece)
                while server.answers < expected { executor.runNext() }
                consume(server.output())
            }
        }
    }

    // MARK: Pieces

    func parts(_ meter: Meter) throws -> [Cost] {
        let view = pool.pool.latestView
        let (digest, signature) = (Digest.sha256(Array("x".utf8)), [UInt8](repeating: 0xA5, count: 64))
        guard let tokens = pool.custody.unsealed?.tokens, let scope = Scope(keyNamed: "payments") else {
            throw TestFailure("the pool is sealed")
        }
        let now = TestPool.start / 1000
        let (text, digestText) = (Base64URL.encode(signature), Base64URL.encode(digest))
        let log = try AuditLog(
            folder: pool.folder.path + "/relaxed", origin: AuditOrigin(node: "node-1"), mode: .relaxed)
        defer { log.close() }
        return [
            meter.measure("token look-up") {
                token.withUnsafeBytes { consume(tokens.verify(UnsafeRawBufferPointer(rebasing: $0[7...]), now: now)) }
            },
            meter.measure("principal") { consume(view.state.principal(TestPrincipal.user.objectID)) },
            meter.measure("permission check") {
                let caller = TestPrincipal.user.objectID
                consume(view.state.permissions.decide(principal: caller, action: .keysSign, scope: scope))
            },
            meter.measure("key look-up") { consume(view.state.key("payments")) },
            try meter.measure("JSON decode") { consume(try JSONReader.parse(body)) },
            meter.measure("JSON encode") {
                consume(
                    APIResponse.object { writer in
                        writer.member("kid", "https://hsm.pool.example:8443/keys/payments/0123456789abcdef")
                        writer.name("value")
                        writer.plainASCII(text.utf8)
                    })
            },
            meter.measure("base64url decode, 32 bytes") { consume(Base64URL.decode(digestText)) },
            meter.measure("base64url encode, 64 bytes") { consume(Base64URL.encode(signature)) },
            meter.measure("SHA-256, 32 bytes") { consume(Digest.sha256(digest)) },
            meter.measure("audit record, encoded and queued") { log.append(event) { _ in } },
            try meter.measure("signature, by the module") {
                consume(
                    try pool.module.sign(
                        header: version.header, recordDigest: version.recordDigest,
                        fetch: { () throws(CryptoError) in try pool.custody.record(digest: version.recordDigest) },
                        algorithm: .ES256, digest: digest))
            },
        ]
    }

    private var event: AuditEvent {
        AuditEvent(
            time: TestPool.start, operationName: "KeySign", operationVersion: "7.5", status: 200,
            callerAddress: "192.0.2.7",
            caller: AuditCaller(
                objectID: TestPrincipal.user.objectID.description,
                applicationID: TestPrincipal.user.clientID.description),
            clientInfo: "hot-path", correlationID: "0a6f5b1e-58a1-4d57-8f7c-2b8e4c1d9e01",
            requestURI: TestPool.base + "/keys/payments/sign",
            details: AuditDetails(
                keyID: TestPool.base + "/keys/payments/0123456789abcdef0123456789abcdef", algorithm: "ES256",
                evidence: .submitted([UInt8](repeating: 7, count: 32))),
            policyIndex: 12_345)
    }
}
