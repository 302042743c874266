import Foundation
import Testing

@testable import CryptographicModule

@Suite("Certificates and key files")
struct CertificateTests {
    private static let from: Int64 = 1_700_000_000

    private func exchangeCertificate(
        _ node: FileSigningKey
    ) throws -> (key: RSAExchangeKey, certificate: X509Certificate) {
        let key = try RSAExchangeKey(
            bits: 3072, commonName: "exchange ü", signedBy: node, notBefore: Self.from, notAfter: Self.from + 86400)
        return (key, try X509Certificate(der: key.certificateDER))
    }

    @Test func anExchangeCertificateSaysWhatItShould() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let node = try NodeKey.make(in: folder)
        let (key, certificate) = try exchangeCertificate(node)
        #expect(certificate.subject == "CN=exchange ü")
        #expect(certificate.notBefore == Self.from && certificate.notAfter == Self.from + 86400)
        #expect(try certificate.isSigned(bySPKI: node.spkiDER))
        let stranger = try SystemSigningKey.generate(.ec(.p256)).publicKey.spkiDER()
        #expect(try !certificate.isSigned(bySPKI: stranger))
        let path = try folder.write(certificate.der, "certificate.der")
        let shown = try OpenSSLCommand.run(
            ["x509", "-inform", "DER", "-in", path, "-noout", "-issuer", "-dates", "-pubkey"])
        #expect(shown.status == 0 && shown.output.contains("issuer=CN = quorate node"))
        #expect(shown.output.contains("notBefore=Nov 14 22:13:20 2023 GMT"))

        // To the key in the certificate, by another process; and through the module.
        let pem = try folder.write(Array(shown.output.utf8), "public.pem")
        let plain = try folder.write(Array("a share".utf8), "plain")
        let sealed = folder.url.appendingPathComponent("sealed").path
        let made = try OpenSSLCommand.run([
            "pkeyutl", "-encrypt", "-pubin", "-inkey", pem, "-in", plain, "-out", sealed, "-pkeyopt",
            "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha256",
        ])
        #expect(made.status == 0, "\(made.output)")
        let ciphertext = Array(try Data(contentsOf: URL(fileURLWithPath: sealed)))
        #expect(try key.decrypt(ciphertext).withUnsafeBytes { Array($0) } == Array("a share".utf8))
        key.destroy()
        #expect(throws: CryptoError.self) { _ = try key.decrypt(ciphertext) }
    }

    /// 20,000 damaged certificates: each is refused or taken, none does anything worse. Genuine ones of several kinds.
    @Test func certificateFuzz() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let node = try NodeKey.make(in: folder)
        var originals = [try exchangeCertificate(node).certificate.der]
        for options in [
            ["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["ed25519"],
            [
                "rsa:2048", "-addext", "subjectAltName=URI:quorate:pool/7,DNS:a.example",
                "-addext", "keyUsage=digitalSignature",
            ],
        ] {
            let path = folder.url.appendingPathComponent("made.der").path
            let made = try OpenSSLCommand.run(
                ["req", "-x509", "-nodes", "-keyout", "/dev/null", "-outform", "DER", "-out", path, "-subj",
                    "/CN=one/O=Größe/C=DE", "-newkey"] + options)
            #expect(made.status == 0, "\(made.output)")
            originals.append(Array(try Data(contentsOf: URL(fileURLWithPath: path))))
        }
        var random = SeededGenerator(31)
        var (taken, refused) = (0, 0)
        for round in 0..<20_000 {
            let mutated = originals[round % originals.count].mutated(&random)
            guard let certificate = try? X509Certificate(der: mutated) else {
                refused += 1
                continue
            }
            taken += 1
            #expect(certificate.der == mutated && certificate.subject.utf8.count < 70_000)
            if round % 10 == 0 { _ = try? certificate.isSigned(bySPKI: certificate.spkiDER) }
            if round % 10 == 0, mutated != originals[round % originals.count] {
                _ = try? RSAEnvelope.encrypt(try Secret(copying: [1]), to: certificate.spkiDER)
            }
        }
        #expect(taken > 500 && refused > 5000, "\(taken) \(refused)")
        for original in originals {
            for length in 0..<original.count {
                #expect(throws: CryptoError.self) { try X509Certificate(der: Array(original.prefix(length))) }
            }
            #expect(throws: CryptoError.malformed("certificate")) { try X509Certificate(der: original + [0]) }
        }
        #expect(throws: CryptoError.malformed("certificate")) {
            try X509Certificate(der: [UInt8](repeating: 0x30, count: X509Certificate.maximumLength + 1))
        }
        // Nesting as deep as the length allows.
        #expect(throws: CryptoError.self) { try X509Certificate(der: [UInt8](repeating: 0x30, count: 60_000)) }
        #expect(throws: CryptoError.self) {
            try X509Certificate(der: (0..<30_000).flatMap { _ in [0x30, 0x80] as [UInt8] })
        }
    }

    @Test func pemFuzz() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let certificate = try exchangeCertificate(try NodeKey.make(in: folder)).certificate
        let base64 = Data(certificate.der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        let pem = Array("comment\n-----BEGIN CERTIFICATE-----\n\(base64)\n-----END CERTIFICATE-----\n".utf8)
        #expect(try X509Certificate(pem: pem).der == certificate.der)
        var random = SeededGenerator(32)
        for _ in 0..<5000 { _ = try? X509Certificate(pem: pem.mutated(&random)) }
        for text in ["", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"] {
            #expect(throws: CryptoError.self) { try X509Certificate(pem: Array(text.utf8)) }
        }
    }

    // MARK: Files

    @Test func keyFilesHaveToBePrivate() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let node = try NodeKey.make(in: folder)
        let path = folder.url.appendingPathComponent("node.pem").path
        let pem = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(FileSigningKey.verify(spkiDER: node.spkiDER, message: [1], signature: try node.sign([1])))
        #expect(!FileSigningKey.verify(spkiDER: node.spkiDER, message: [2], signature: try node.sign([1])))
        for mode in [0o640, 0o604, 0o660, 0o601, 0o644] {
            let open = try folder.write(pem, "open-\(mode)", mode: mode)
            #expect(throws: CryptoError.keyRejected("private key file \(open)")) { try FileSigningKey(path: open) }
        }
        let link = folder.url.appendingPathComponent("link").path
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        #expect(throws: CryptoError.keyRejected("private key file \(link)")) { try FileSigningKey(path: link) }
        #expect(throws: CryptoError.self) { try FileSigningKey(path: folder.url.path) }
        #expect(throws: CryptoError.self) { try FileSigningKey(path: path + "x") }
        for content in [[], Array("nonsense".utf8), Array(pem.dropLast(60)), [UInt8](repeating: 0x2D, count: 70_000)] {
            let file = try folder.write(content, "bad")
            #expect(throws: CryptoError.self) { try FileSigningKey(path: file) }
        }
        var random = SeededGenerator(33)
        for round in 0..<300 {
            _ = try? FileSigningKey(path: try folder.write(pem.mutated(&random), "mutated-\(round % 4)"))
        }
    }

    @Test func keysOfAnotherKindAreNoNodeKeys() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try ModuleSelfSetup.startSecureHeap()
        for arguments in [
            ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"], ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"], ["ED25519"],
            ["EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes256", "-pass", "pass:secret-phrase"],
        ] {
            let path = folder.url.appendingPathComponent("other.pem").path
            let made = try OpenSSLCommand.run(["genpkey", "-out", path, "-algorithm"] + arguments)
            #expect(made.status == 0, "\(made.output)")
            do {
                _ = try FileSigningKey(path: path)
                Issue.record("\(arguments) was taken")
            } catch {
                #expect(!"\(error)".contains("secret-phrase") && error is CryptoError)
            }
        }
    }

    @Test func anOfficersKeyOpensWithItsPassPhraseOnly() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try ModuleSelfSetup.startSecureHeap()
        let path = folder.url.appendingPathComponent("officer.pem").path
        let made = try OpenSSLCommand.run([
            "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072", "-aes256", "-pass", "pass:right",
            "-out", path,
        ])
        #expect(made.status == 0, "\(made.output)")
        let pem = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        func open(_ phrase: String) throws -> RSAPrivateKey {
            try RSAPrivateKey(pem: try Secret(copying: pem)) { try Secret(copying: Array(phrase.utf8)) }
        }
        let key = try open("right")
        let signature = try key.signPSS([1, 2])
        #expect(RSAEnvelope.verifyPSS(publicKey: try key.spkiDER(), message: [1, 2], signature: signature))
        #expect(!RSAEnvelope.verifyPSS(publicKey: try key.spkiDER(), message: [1], signature: signature))
        #expect(!RSAEnvelope.verifyPSS(publicKey: [1, 2], message: [1, 2], signature: signature))
        let sealed = try RSAEnvelope.encrypt(try Secret(copying: [7, 8]), to: try key.spkiDER())
        #expect(try key.decrypt(sealed).withUnsafeBytes { Array($0) } == [7, 8])
        for wrong in ["wrong", "", String(repeating: "x", count: 5000)] {
            #expect(throws: CryptoError.self, "\(wrong.prefix(9))") { try open(wrong) }
        }
    }

    // MARK: Agreement

    @Test func agreementOnOneSecret() throws {
        try ModuleSelfSetup.startSecureHeap()
        let (left, right) = (try KeyAgreement.generate(), try KeyAgreement.generate())
        let one = try left.agree(with: right.publicPoint).withUnsafeBytes { Array($0) }
        let other = try right.agree(with: left.publicPoint).withUnsafeBytes { Array($0) }
        #expect(one == other && one.count == 32)
    }

    @Test func pointsThatAreNotOnTheCurveAreRefused() throws {
        try ModuleSelfSetup.startSecureHeap()
        let (own, peer) = (try KeyAgreement.generate(), try KeyAgreement.generate())
        var random = SeededGenerator(34)
        let zero = [4] + [UInt8](repeating: 0, count: 64)
        var tried = [[], [0], zero, Array(peer.publicPoint.dropLast()), peer.publicPoint + [0]]
        tried += (0..<512).map { peer.publicPoint.flipping(bit: 8 + $0) }
        tried += (0..<2000).map { _ in peer.publicPoint.mutated(&random) }.filter { $0 != peer.publicPoint }
        tried += [2, 3, 6, 7, 5, 0].map { [$0] + peer.publicPoint.dropFirst() }
        for point in tried {
            let expected = CryptoError.malformed(point.count == 65 ? "ECDH" : "ECDH point")
            #expect(throws: expected) { _ = try own.agree(with: point) }
        }
    }
}
