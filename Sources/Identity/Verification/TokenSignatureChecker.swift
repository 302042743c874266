public import CryptographicModule
import Synchronization

/// What checks a token's signature: the cryptographic module, or a stand-in that counts calls in a test.
public protocol TokenSignatureChecker: Sendable {
    /// Whether `signature` is `key`'s signature over a message with this digest. A malformed signature or key is simply
    /// not valid.
    func isValid(_ signature: [UInt8], of digest: [UInt8], by key: PublicKey, algorithm: SignatureAlgorithm) -> Bool
}

/// The cryptographic module as the checker of token signatures.
///
/// Keys are kept ready for use: they come from the key sets of trusted issuers only, so there are few of them.
public final class ModuleSignatureChecker: TokenSignatureChecker {
    /// How many keys are kept ready; beyond that all are dropped and made again as they are seen.
    static let capacity = 128

    private let module: CryptographicModule
    private let prepared = Mutex<[PublicKey: VerificationKey]>([:])

    public init(_ module: CryptographicModule) { self.module = module }

    public func isValid(
        _ signature: [UInt8], of digest: [UInt8], by key: PublicKey, algorithm: SignatureAlgorithm
    ) -> Bool {
        do throws(CryptoError) {
            return try ready(key).verify(algorithm: algorithm, digest: digest, signature: signature)
        } catch {
            return false
        }
    }

    var preparedKeys: Int { prepared.withLock { $0.count } }

    private func ready(_ key: PublicKey) throws(CryptoError) -> VerificationKey {
        if let ready = prepared.withLock({ $0[key] }) { return ready }
        let fresh = try module.verificationKey(for: key)
        prepared.withLock { prepared in
            if prepared.count >= Self.capacity { prepared.removeAll() }
            prepared[key] = fresh
        }
        return fresh
    }
}
