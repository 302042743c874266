public import CryptographicModule

/// What checks a token's signature: the cryptographic module, or a stand-in that counts calls in a test.
public protocol TokenSignatureChecker: Sendable {
    /// Whether `signature` is `key`'s signature over a message with this digest. A malformed signature or key is simply
    /// not valid.
    func isValid(_ signature: [UInt8], of digest: [UInt8], by key: PublicKey, algorithm: SignatureAlgorithm) -> Bool
}

/// The cryptographic module as the checker of token signatures.
public struct ModuleSignatureChecker: TokenSignatureChecker {
    private let module: CryptographicModule

    public init(_ module: CryptographicModule) {
        self.module = module
    }

    public func isValid(
        _ signature: [UInt8], of digest: [UInt8], by key: PublicKey, algorithm: SignatureAlgorithm
    ) -> Bool {
        (try? module.verify(publicKey: key, algorithm: algorithm, digest: digest, signature: signature)) ?? false
    }
}
