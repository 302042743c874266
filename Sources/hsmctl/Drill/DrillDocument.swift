import Attestation
import CryptographicModule
import StrictJSON

/// A report with the signature of a pool's key, and the pool's statement of that key.
struct DrillDocument {
    /// Who has signed.
    struct Signer {
        /// SHA-256 of the pool's identity key.
        let identity: [UInt8]
        let statement: KeyStatement
    }

    let report: DrillReport
    /// ES256 over the bytes of the report; nil where no pool was left to sign.
    let signature: [UInt8]?
    /// The answer to a request for the key's attestation.
    let attestation: JSONObject?
    /// SHA-256 of the identity key of the pool, hexadecimal.
    let identity: String?

    static let maximumBytes = 4 << 20

    // MARK: JSON

    var json: JSONObject {
        .make { writer in
            writer.member("report") { $0.value(.object(report.json)) }
            guard let signature, let attestation, let identity else { return }
            writer.member("signature") { writer in
                writer.object { writer in
                    writer.member("algorithm", "ES256")
                    writer.member("value", Base64URL.encode(signature))
                    writer.member("identityKeySha256", identity)
                    writer.member("key") { $0.value(.object(attestation)) }
                }
            }
        }
    }

    init(report: DrillReport, signature: [UInt8]?, attestation: JSONObject?, identity: String?) {
        self.report = report
        self.signature = signature
        self.attestation = attestation
        self.identity = identity
    }

    /// - Parameter bytes: the JSON file, or the page that holds it.
    init(parsing bytes: [UInt8]) throws {
        guard bytes.count <= Self.maximumBytes else { throw ClientError.refused("It is too long for a report.") }
        let text = bytes.first == UInt8(ascii: "<") ? try DrillPage.document(in: bytes) : bytes
        let limits = JSONReader.Limits(depth: 32, members: 100_000, numberLength: 32)
        guard case .object(let object)? = try? JSONReader.parse(text, limits: limits),
            let report = object.object("report")
        else { throw ClientError.refused("It isn't the report of a drill.") }
        let signature = object.object("signature")
        self.init(
            report: try DrillReport(report), signature: signature?.text("value").flatMap { Base64URL.decode($0) },
            attestation: signature?.object("key"), identity: signature?.text("identityKeySha256"))
        guard signature == nil || signature?.text("algorithm") == "ES256" else {
            throw ClientError.refused("The signature is of an algorithm that reports don't have.")
        }
    }

    // MARK: Verification

    /// Who vouches for the report.
    ///
    /// - Parameter expected: SHA-256 of the identity key of the pool that has to; nil for any.
    /// - Throws: ``ClientError`` where nobody does, or another pool.
    func verify(expected: [UInt8]?) throws -> Signer {
        guard let signature, let attestation, let digest = identity.flatMap(Hexadecimal.decode), digest.count == 32
        else {
            throw ClientError.refused("Nobody has signed the report.")
        }
        if let expected, expected != digest {
            throw ClientError.refused("The report is signed by another pool: \(Hexadecimal.encode(digest)).")
        }
        let statement: KeyStatement
        do throws(AttestationRefusal) {
            statement = try AttestationVerifier(identityDigest: digest)
                .verify(try KeyAttestation(keyBundle: DrillReport.bytes(attestation)))
        } catch {
            throw ClientError.refused("The key that has signed the report isn't believed: \(error)")
        }
        guard let key = statement.publicKey, statement.origin == .generated, !statement.header.isExportable else {
            throw ClientError.refused("The key that has signed the report may be held outside of the pool.")
        }
        let verdict = try? VerificationKey(checking: key)
            .verify(algorithm: .ES256, digest: Digest.sha256(report.bytes), signature: signature)
        guard verdict == true else {
            throw ClientError.refused("The signature isn't that of this report: it was changed after it was signed.")
        }
        return Signer(identity: digest, statement: statement)
    }
}
