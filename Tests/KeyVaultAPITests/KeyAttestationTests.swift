import Attestation
import CryptographicModule
import HTTPTransport
import PoolState
import RequestTesting
import SecurityDomain
import StrictJSON
import Testing

@Suite struct KeyAttestationTests {
    private func verifier() throws -> AttestationVerifier {
        AttestationVerifier(identityDigest: Digest.sha256(try TestKeys.shared().keyring.identity.identityKey))
    }

    @Test func statementsSayWhatTheKeyIs() async throws {
        let pool = try TestPool(API.endpoints)
        for (number, kind) in [#"{"kty":"RSA"}"#, #"{"kty":"EC"}"#, #"{"kty":"OKP"}"#, #"{"kty":"oct"}"#].enumerated() {
            let key = try await pool.create("k\(number)", kind)
            let answer = try await pool.call(.auditor, .get, "/keys/k\(number)//attestation?nonce=abc")
            #expect(answer.status == 200 && answer.json?.object("key")?.string("kid") == key.string("kid"))
            let attestation = try KeyAttestation(keyBundle: answer.body)
            let record = try #require(pool.pool.latestView.state.key("k\(number)")?.latest)
            let statement = try verifier().verify(attestation, publicKey: record.publicKey, nonce: "abc")
            #expect(statement.keyIdentifier == key.string("kid") && statement.origin == .generated)
            #expect(statement.header == KeyStatement.Header(record.header) && statement.publicKey == record.publicKey)
            #expect(statement.header.operations == key.strings("key_ops") && !statement.header.isExportable)
            #expect(statement.poolID == TestKeys.poolID && statement.node == "node-1")
            #expect(statement.issuedAt == TestPool.start / 1000)
            let members = answer.json?.object("attributes")?.object("attestation")
            #expect(members?.string("version") == "QUORATE-1")
            #expect((members?.string("publicKeyAttestation") == nil) == (record.publicKey == nil))
            let text = String(decoding: attestation.privateKeyStatement, as: UTF8.self).split(separator: ".")[1]
            let payload = String(decoding: Base64URL.decode(String(text)) ?? [], as: UTF8.self)
            #expect(payload.contains(#""hardware":false"#))
        }
        // The short form of the path, and a version.
        let first = try #require(pool.pool.latestView.state.key("k1")?.latest)
        try await pool.create("k1", #"{"kty":"EC","key_ops":["sign"]}"#)
        let older = try await pool.call(
            .user, .get, "/keys/k1/\(Hexadecimal.encode(first.version))/attestation")
        #expect(try verifier().verify(KeyAttestation(keyBundle: older.body)).publicKey == first.publicKey)
        let latest = try await pool.call(.user, .get, "/keys/k1/attestation")
        #expect(try verifier().verify(KeyAttestation(keyBundle: latest.body)).header.operations == ["sign"])
    }

    /// What is stated comes from the key's record, not from the row of the state.
    @Test func aKeyThatTheNodeCanNotOpenIsNotAttested() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k")
        pool.module.lock()
        #expect(try await pool.call(.user, .get, "/keys/k/attestation").status == 503)
    }

    @Test func whatIsRefused() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k")
        let long = String(repeating: "x", count: 129)
        try await pool.expectRefusal(.get, "/keys/k/attestation?nonce=\(long)", says: "'nonce'")
        try await pool.expectRefusal(.get, "/keys/none/attestation", status: 404, code: "KeyNotFound")
        #expect(try await pool.call(.officer, .get, "/keys/k/attestation").status == 403)
    }
}
