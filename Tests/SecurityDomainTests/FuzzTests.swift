import CryptographicModule
import Testing

@testable import SecurityDomain

/// Damaged documents are refused with an error of ours; none traps, none is taken for another. The seeds are fixed.
@Suite("Parsers against damaged input")
struct FuzzTests {
    private func fuzz(_ document: [UInt8], seed: UInt64, rounds: Int = 3000, _ parse: ([UInt8]) throws -> Void) {
        var generator = SeededGenerator(seed: seed)
        #expect(throws: Never.self) { try parse(document) }
        for round in 0..<rounds {
            let bytes = mutate(document, &generator)
            do {
                try parse(bytes)
            } catch is SecurityDomainError {
                continue
            } catch {
                Issue.record("round \(round): \(error)")
            }
        }
        for length in 0..<min(document.count, 400) {
            #expect(throws: SecurityDomainError.self) { try parse(Array(document[..<length])) }
        }
    }

    @Test("Security domain file and its items")
    func file() throws {
        let domain = try TestWorld.domain()
        fuzz(domain.file.json(), seed: 11) { _ = try SecurityDomainFile(parsing: $0) }
        fuzz(domain.file.encryptedItems.json(), seed: 12) { _ = try EncryptedItems(parsing: $0) }
        let text = try #require(domain.file.shares.first?.envelope)
        fuzz(Array(text.utf8), seed: 13, rounds: 10_000) {
            _ = try CompactJWE(parsing: String(decoding: $0, as: UTF8.self), document: "text")
        }
    }

    @Test("Download request")
    func download() throws {
        let keys = try (1...3).map { number in
            #"{"kty":"RSA","x5c":["\#(Base64.encode(try TestWorld.certificateDER("officer\(number).cer")))"]}"#
        }
        let body = #"{"certificates":[\#(keys.joined(separator: ","))],"required":2}"#
        fuzz(Array(body.utf8), seed: 14, rounds: 4000) { _ = try DownloadRequest.parse($0) }
    }

    @Test("Restore blob")
    func restoreBlob() throws {
        let items = String(decoding: try TestWorld.domain().file.encryptedItems.json(), as: UTF8.self)
        let text = #"{"EncData":\#(items),"WrappedKey":{"enc_key":"a.b.c.d.e","x5t_256":"abc"}}"#
        fuzz(Array(text.utf8), seed: 15) { _ = try RestoreBlob(parsing: $0) }
    }

    @Test("Sealed keyring")
    func sealedKeyring() throws {
        let keyring = try TestWorld.keyring.get()
        fuzz(keyring.sealed.encode(), seed: 16, rounds: 10_000) { bytes in
            let decoded = try SealedKeyring.decode(bytes)
            #expect(decoded.encode() == bytes, "two byte forms for one value")
        }
    }

    @Test("Share envelope and invitation")
    func ceremony() throws {
        let domain = try TestWorld.domain()
        let ceremony = try TestWorld.ceremony(domain)
        let envelope = try TestWorld.envelope(1, file: domain.file, for: ceremony)
        fuzz(envelope.encode(), seed: 17, rounds: 10_000) { bytes in
            let encoded = try ShareEnvelope.decode(bytes).encode()
            #expect(encoded == bytes, "two byte forms for one value")
        }
        fuzz(ceremony.invitation.encode(), seed: 18, rounds: 10_000) { bytes in
            let encoded = try UnsealInvitation.decode(bytes).encode()
            #expect(encoded == bytes, "two byte forms for one value")
        }
    }

    @Test("Peer unseal request and reply")
    func peer() throws {
        let keyring = try TestWorld.keyring.get()
        let session = try PeerUnsealSession(
            poolID: TestWorld.identifier(1), epoch: 1, node: 1, bootNonce: Array(repeating: 1, count: 32),
            bootFacts: [],
            ticket: nil, nodeKey: try TestWorld.nodeKey(1))
        fuzz(session.request.encode(), seed: 19, rounds: 10_000) { bytes in
            let encoded = try PeerUnsealRequest.decode(bytes).encode()
            #expect(encoded == bytes, "two byte forms for one value")
        }
        let reply = try PeerUnsealReply(
            to: session.request, grantIndex: 1, root: keyring.root,
            ticket: try keyring.ticket(node: 1, nonce: Array(repeating: 1, count: 32)), node: 2,
            nodeKey: try TestWorld.nodeKey(2))
        fuzz(reply.encode(), seed: 20, rounds: 10_000) { bytes in
            let encoded = try PeerUnsealReply.decode(bytes).encode()
            #expect(encoded == bytes, "two byte forms for one value")
        }
    }

    @Test("A length that promises more than there is costs nothing")
    func hugeLengths() {
        for prefix in [[0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF], [0x00, 0x10, 0x00, 0x00]] as [[UInt8]] {
            #expect(throws: SecurityDomainError.self) { try SealedKeyring.decode(prefix) }
            #expect(throws: SecurityDomainError.self) {
                try ShareEnvelope.decode([0, 0, 0, 4] + Array("QSE1".utf8) + prefix)
            }
        }
        #expect(throws: SecurityDomainError.self) { try ShareEnvelope.decode(Array(repeating: 0, count: 5000)) }
    }
}
