import CryptographicModule
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// `sign` and `verify` with a symmetric key: an authentication code over the value itself, which isn't hashed before.
enum Authentication {
    static func sign(
        _ fields: Fields, _ version: KeyVersionRecord, _ context: RequestContext
    ) throws(APIError) -> APIResponse {
        let algorithm = try algorithm(fields, for: version)
        let message = try fields.bytes("value")
        let code: [UInt8]
        do throws(CryptoError) {
            code = try context.services.module.authenticate(
                header: version.header, recordDigest: version.recordDigest,
                fetch: { () throws(CryptoError) in try context.services.custody.record(digest: version.recordDigest) },
                algorithm: algorithm, message: message)
        } catch {
            throw context.failure(error, of: version)
        }
        return .object(audit: details(version, algorithm, message, context)) { writer in
            writer.member("kid", context.keyIdentifier(name: version.name, version: version.version))
            writer.member("value", Base64URL.encode(code))
        }
    }

    static func verify(
        _ fields: Fields, _ version: KeyVersionRecord, _ context: RequestContext
    ) throws(APIError) -> APIResponse {
        let algorithm = try algorithm(fields, for: version)
        let message = try fields.bytes("digest")
        let code = try fields.bytes("value")
        let isAuthentic: Bool
        do throws(CryptoError) {
            isAuthentic = try context.services.module.isAuthentic(
                header: version.header, recordDigest: version.recordDigest,
                fetch: { () throws(CryptoError) in try context.services.custody.record(digest: version.recordDigest) },
                algorithm: algorithm, message: message, code: code)
        } catch {
            throw context.failure(error, of: version)
        }
        return .object(audit: details(version, algorithm, message, context)) { $0.member("value", isAuthentic) }
    }

    private static func algorithm(_ fields: Fields, for version: KeyVersionRecord) throws(APIError) -> MACAlgorithm {
        guard let algorithm = MACAlgorithm(rawValue: try fields.requiredString("alg")) else {
            throw .badParameter("The parameter 'alg' must be HS256, HS384 or HS512 for a symmetric key.")
        }
        guard algorithm.fits(version.header) else {
            throw .badParameter("The parameter 'alg': \(algorithm.rawValue) doesn't fit the key.")
        }
        return algorithm
    }

    /// The message may be short enough to be guessed from a digest, so the record holds a value that nobody can
    /// compute who lacks the pool's keys.
    private static func details(
        _ version: KeyVersionRecord, _ algorithm: MACAlgorithm, _ message: [UInt8], _ context: RequestContext
    ) -> OperationDetails {
        let blinded = context.services.custody.unsealed.flatMap { unsealed in
            try? MAC.hmacSHA256(key: unsealed.keyring.auditBlindingKey, message)
        }
        return OperationDetails(
            keyIdentifier: context.keyIdentifier(name: version.name, version: version.version),
            algorithm: algorithm.rawValue, evidence: blinded.map { .blinded($0) })
    }
}
