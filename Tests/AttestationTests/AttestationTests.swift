import CryptographicModule
import StrictJSON
import Testing

@testable import Attestation

/// A pool's keys as far as attestations need them.
private struct Signers {
    let identity: SystemSigningKey
    let attestation: SystemSigningKey

    init() throws {
        _ = try ModuleSelfSetup.prepareProcess(allowUnlocked: true)
        identity = try SystemSigningKey.generate(.ec(.p384))
        attestation = try SystemSigningKey.generate(.ec(.p256))
    }

    var verifier: AttestationVerifier {
        AttestationVerifier(identityDigest: Digest.sha256(identity.publicKey.spkiDER()))
    }

    func certificate(
        _ subject: SystemSigningKey, _ name: String, by signer: SystemSigningKey? = nil
    ) throws -> [UInt8] {
        X509Certificate.pem(
            der: try (signer ?? identity).certificate(
                for: subject, commonName: name, issuer: "quorate pool 1", notBefore: 1_700_000_000,
                notAfter: 253_402_300_799))
    }

    func chain() throws -> [UInt8] {
        try certificate(attestation, "quorate attestation 1") + certificate(identity, "quorate pool 1")
    }

    func attest(_ statement: KeyStatement) throws -> KeyAttestation {
        var other = statement
        other.subject = .publicKey
        return KeyAttestation(
            certificates: try chain(),
            privateKeyStatement: Array(try SignedStatement.make(statement, signedBy: attestation).utf8),
            publicKeyStatement: statement.publicKey == nil
                ? nil : Array(try SignedStatement.make(other, signedBy: attestation).utf8))
    }
}

@Suite struct AttestationTests {
    private let signers: Signers
    private let statement: KeyStatement

    init() throws {
        signers = try Signers()
        let key = try SystemSigningKey.generate(.ec(.p256)).publicKey
        let header = KeyHeader(
            poolID: [UInt8](repeating: 1, count: 16), kind: KeyHeader.customerKind, name: "alpha",
            version: [UInt8](repeating: 2, count: 16), keyType: .ecHSM, curve: .p256, bits: 256,
            operations: [.sign, .verify], exportable: true, releasePolicyDigest: [UInt8](repeating: 3, count: 32),
            releasePolicyImmutable: true, createdAt: 5, revision: 2, publicDigest: Digest.sha256(key.spkiDER()))
        statement = KeyStatement(
            subject: .privateKey, poolID: header.poolID, poolName: "pool", node: "node-1", softwareVersion: "1",
            keyIdentifier: "https://h/keys/alpha/02", header: KeyStatement.Header(header), publicKey: key,
            origin: .imported, logIndex: 9, issuedAt: 7, nonce: "n")
    }

    private func refusal(
        _ attestation: KeyAttestation, publicKey: PublicKey? = nil, nonce: String? = nil,
        _ verifier: AttestationVerifier? = nil
    ) -> AttestationRefusal? {
        do throws(AttestationRefusal) {
            _ = try (verifier ?? signers.verifier).verify(attestation, publicKey: publicKey, nonce: nonce)
            return nil
        } catch {
            return error
        }
    }

    @Test func whatWasStatedIsRead() throws {
        let attestation = try signers.attest(statement)
        #expect(try signers.verifier.verify(attestation, publicKey: statement.publicKey, nonce: "n") == statement)
        var symmetric = statement
        (symmetric.publicKey, symmetric.nonce) = (nil, nil)
        symmetric.header.releasePolicyDigest = []
        symmetric.header.isReleasePolicyImmutable = false
        #expect(try signers.verifier.verify(signers.attest(symmetric)) == symmetric)
    }

    @Test func othersCanNotState() throws {
        let (good, other) = (try signers.attest(statement), try Signers())
        #expect(refusal(good, other.verifier) == .otherPool)
        #expect(refusal(try other.attest(statement)) == .otherPool)
        var mixed = good
        mixed.certificates = try other.chain()
        #expect(refusal(mixed) == .otherPool)
        #expect(refusal(mixed, other.verifier) == .badSignature)
        // A certificate that the identity key made for another purpose doesn't do.
        mixed.certificates =
            try signers.certificate(other.attestation, "quorate key release 1")
            + signers.certificate(signers.identity, "quorate pool 1")
        #expect(refusal(mixed) == .badChain)
        // Neither does one that somebody else made.
        mixed.certificates =
            try signers.certificate(other.attestation, "quorate attestation 1", by: other.identity)
            + signers.certificate(signers.identity, "quorate pool 1")
        #expect(refusal(mixed) == .badChain)
        for certificates in [[], Array("x".utf8), try signers.certificate(signers.identity, "quorate pool 1")] {
            mixed.certificates = certificates
            #expect(refusal(mixed) == .badChain)
        }
        mixed.certificates = good.certificates + (try signers.certificate(signers.identity, "quorate pool 1"))
        #expect(refusal(mixed) == .badChain)
    }

    @Test func contradictions() throws {
        let good = try signers.attest(statement)
        #expect(refusal(good, publicKey: signers.identity.publicKey) == .contradiction("the public key is another one"))
        #expect(refusal(good, nonce: "other") == .wrongNonce)
        var unasked = statement
        unasked.nonce = nil
        #expect(refusal(try signers.attest(unasked), nonce: "n") == .wrongNonce)
        var changed = good
        changed.publicKeyStatement = nil
        #expect(refusal(changed) == .contradiction("the statement about the public key is missing"))
        changed.publicKeyStatement = good.privateKeyStatement
        #expect(refusal(changed) == .contradiction("'publicKeyAttestation' is about another half"))
        changed = good
        changed.privateKeyStatement = try #require(good.publicKeyStatement)
        #expect(refusal(changed) == .contradiction("'privateKeyAttestation' is about another half"))
        var later = statement
        later.header.isExportable = false
        changed = good
        changed.publicKeyStatement = try signers.attest(later).publicKeyStatement
        #expect(refusal(changed) == .contradiction("its two statements differ"))
    }

    @Test func noBitCanBeChanged() throws {
        let good = try signers.attest(statement)
        for position in stride(from: 0, to: good.privateKeyStatement.count, by: 3) {
            var changed = good
            changed.privateKeyStatement[position] ^= 1
            #expect(refusal(changed) != nil, "\(position)")
        }
        let statement = good.privateKeyStatement
        for bytes in [[], Array("a.b.c".utf8), statement + [0x2E], Array(statement.dropLast(90))] {
            var changed = good
            changed.privateKeyStatement = bytes
            #expect(refusal(changed) != nil)
        }
    }

    /// A signed text of another form says nothing: there is one form only.
    @Test func foreignStatementsAreRefused() throws {
        func sign(_ payload: String, _ header: String = #"{"alg":"ES256","typ":"quorate-attestation+jws"}"#) throws
            -> [UInt8]
        {
            let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
            let signature = try signers.attestation.sign(digest: Digest.sha256(Array(signed.utf8)))
            return Array((signed + "." + Base64URL.encode(signature)).utf8)
        }
        let payload = String(decoding: statement.encode(), as: UTF8.self)
        var attestation = try signers.attest(statement)
        attestation.privateKeyStatement = try sign(payload)
        #expect(refusal(attestation) == nil)
        for (text, header) in [
            ("{}", nil), (payload + " ", nil),
            (payload.replacing(#""hardware":false"#, with: #""hardware":true"#), nil),
            (payload.replacing("-1\",\"subject", with: "-2\",\"subject"), nil),
            (payload.replacing(#""revision":2"#, with: #""revision":2,"more":1"#), nil),
            (payload.replacing(#""revision":2"#, with: #""revision":-2"#), nil),
            (payload.replacing(#""imported""#, with: #""stolen""#), nil),
            (payload, #"{"alg":"none","typ":"quorate-attestation+jws"}"#), (payload, #"{"alg":"ES256","typ":"JWT"}"#),
            (payload, #"{"alg":"ES256","typ":"quorate-attestation+jws","crit":[]}"#),
        ] {
            attestation.privateKeyStatement =
                try header.map { try sign(text, $0) } ?? sign(text)
            guard case .malformed? = refusal(attestation) else {
                Issue.record("\(text) \(header ?? "")")
                continue
            }
        }
    }

    @Test func answersOfTheRoute() throws {
        func bundle(_ attestation: String) -> [UInt8] { Array(#"{"attributes":{"attestation":\#(attestation)}}"#.utf8) }
        let read = try KeyAttestation(
            keyBundle: bundle(
                #"{"certificatePemFile":"AQ","privateKeyAttestation":"Ag","#
                    + #""publicKeyAttestation":"Aw","version":"QUORATE-1"}"#))
        #expect(
            read == KeyAttestation(certificates: [1], privateKeyStatement: [2], publicKeyStatement: [3]))
        for text in [
            "7", "{}", #"{"version":"MRVL-1"}"#, #"{"version":"QUORATE-1"}"#,
            #"{"certificatePemFile":"AQ","version":"QUORATE-1"}"#,
            #"{"certificatePemFile":"*","privateKeyAttestation":"Ag","version":"QUORATE-1"}"#,
            #"{"certificatePemFile":7,"privateKeyAttestation":"Ag","version":"QUORATE-1"}"#,
        ] { #expect(throws: AttestationRefusal.self) { try KeyAttestation(keyBundle: bundle(text)) } }
        for bytes in [[], Array("x".utf8), Array("{}".utf8)] {
            #expect(throws: AttestationRefusal.self) { try KeyAttestation(keyBundle: bytes) }
        }
    }
}
