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
    /// - Throws: 403 where the pool was made to do without an algorithm.
    static func requireNotRefused(_ algorithm: String, by context: RequestContext) throws(APIError) {
        let refusable = RefusableAlgorithms(named: algorithm)
        // Almost every algorithm ends here, without a look at the pool's record.
        guard !refusable.isEmpty else { return }
        guard context.view.state.pool?.settings.refusedAlgorithms.isSuperset(of: refusable) != true else {
            throw .forbidden(
                "The parameter 'alg': this pool refuses \(algorithm) (refused_algorithms of its initialization).",
                innerCode: "AlgorithmRefused")
        }
    }
}
