import AccessControl
import Attestation
import CryptographicModule
import HTTPTransport
import Logging
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// `GET /keys/{name}/{version?}/attestation`: the key with what the pool states of it, signed.
enum KeyAttestationRoute {
    static let endpoints = [
        Endpoint(
            .get, "/keys/{name}/{version?}/attestation", operation: "KeyAttestationGet",
            access: .dataAction(.keysRead, .keyNamed(parameter: "name")), handler: .computation(attest))
    ]

    private static let maximumNonce = 128

    @Sendable
    private static func attest(_ context: RequestContext) throws(APIError) -> APIResponse {
        let version = try KeyLookup.version(context)
        let nonce = context.query["nonce"]
        guard nonce.map({ $0.utf8.count <= maximumNonce }) ?? true else {
            throw .badParameter("The parameter 'nonce' is longer than \(maximumNonce) bytes.")
        }
        // What is stated is what the key's record opens under, not what the state says.
        do throws(CryptoError) {
            try context.services.module.confirm(header: version.header, recordDigest: version.recordDigest) {
                () throws(CryptoError) in try context.services.custody.record(digest: version.recordDigest)
            }
        } catch {
            throw context.failure(error, of: version)
        }
        return KeyBundle(context: context).response(version, attestation: try attestation(version, nonce, context))
    }

    private static func attestation(
        _ version: KeyVersionRecord, _ nonce: String?, _ context: RequestContext
    ) throws(APIError) -> KeyAttestation {
        guard let keyring = context.services.custody.unsealed?.keyring else { throw .sealed }
        let service = context.services.identity
        var statement = KeyStatement(
            subject: .privateKey, poolID: version.header.poolID, poolName: service.poolName, node: service.nodeName,
            softwareVersion: service.version,
            keyIdentifier: context.keyIdentifier(name: version.name, version: version.version),
            header: KeyStatement.Header(version.header), publicKey: version.publicKey, origin: origin(version),
            logIndex: context.view.appliedIndex, issuedAt: context.now, nonce: nonce)
        do {
            let chain = try keyring.attestationChain()
            let privateHalf = try SignedStatement.make(statement, signedBy: keyring.attestationKey)
            statement.subject = .publicKey
            let publicHalf =
                version.publicKey == nil
                ? nil : try SignedStatement.make(statement, signedBy: keyring.attestationKey)
            return KeyAttestation(
                certificates: chain.flatMap { X509Certificate.pem(der: $0) },
                privateKeyStatement: Array(privateHalf.utf8), publicKeyStatement: publicHalf.map { Array($0.utf8) })
        } catch {
            throw .internalFailure("attestation not signed: \(error)")
        }
    }

    private static func origin(_ version: KeyVersionRecord) -> KeyStatement.Origin {
        switch version.origin {
        case .generated: .generated
        case .imported: .imported
        case .restored: .restored
        }
    }
}
