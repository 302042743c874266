import CryptographicModule
import PoolState
import RequestPipeline

/// The checks that stand between a permitted caller and a key's use, in the protocol's order.
enum OperationChecks {
    /// - Parameter isTimeBound: whether `nbf` and `exp` apply; what has been made with a key can be checked or read
    ///   after its time.
    /// - Throws: 403 where the key is disabled, outside its time, or not meant for the operation.
    static func require(
        _ operation: KeyOperations, named name: String, isTimeBound: Bool, of version: KeyVersionRecord, now: Int64
    ) throws(APIError) {
        guard version.enabled else {
            throw .forbidden("Operation \(name) is not allowed on a disabled key.", innerCode: "KeyDisabled")
        }
        if isTimeBound {
            if let notBefore = version.notBefore, now < notBefore {
                throw .forbidden(
                    "Operation \(name) is not allowed on a key that is not yet valid.", innerCode: "KeyNotYetValid")
            }
            if let expires = version.expires, now >= expires {
                throw .forbidden("Operation \(name) is not allowed on an expired key.", innerCode: "KeyExpired")
            }
        }
        guard version.operations.isSuperset(of: operation) else {
            throw .forbidden("Operation \(name) is not permitted on this key.", innerCode: "KeyOperationForbidden")
        }
    }

    /// The algorithm that `alg` names, fit for the key.
    static func signatureAlgorithm(_ fields: Fields, for version: KeyVersionRecord) throws(APIError)
        -> SignatureAlgorithm
    {
        let text = try fields.requiredString("alg")
        guard let algorithm = SignatureAlgorithm(rawValue: text) else {
            throw .badParameter("The parameter 'alg' doesn't name a signature algorithm of this service.")
        }
        guard algorithm.fits(version.header) else {
            throw .badParameter("The parameter 'alg': \(algorithm.rawValue) doesn't fit the type or curve of the key.")
        }
        return algorithm
    }

    static func requireLength(
        _ digest: [UInt8], of algorithm: SignatureAlgorithm, parameter: String
    ) throws(APIError) {
        guard digest.count == algorithm.digestLength else {
            throw .badParameter(
                "The parameter '\(parameter)' must be a digest of \(algorithm.digestLength) bytes "
                    + "for \(algorithm.rawValue), not \(digest.count).")
        }
    }
}
