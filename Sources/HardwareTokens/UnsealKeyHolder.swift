public import CryptographicModule

/// What holds a key pair on the curve P-256 outside of the pool, by which a node opens itself when it starts: a token,
/// a file where nothing is at stake; a TPM could.
///
/// It agrees on secrets, and that is all that the pool wants of it.
public protocol UnsealKeyHolder: Sendable {
    /// Has it agree on a secret (SP 800-56A section 5.7.1.2) with the point that belongs to its key, and shows that
    /// key. May take 20 s: not for an event loop.
    ///
    /// - Parameters:
    ///   - points: by key of a holder, each an uncompressed point of P-256.
    ///   - body: gets the holder's public key, whether `points` has it, and the secret; where it has not, a secret of
    ///     no use.
    /// - Throws: an error whose description names cause and cure, or what `body` throws.
    func agree<Value>(
        _ points: [(key: [UInt8], point: [UInt8])], _ body: (AgreedKey, borrowing Secret) throws -> Value
    ) throws -> Value

    /// Makes the key, which must not be there yet.
    /// - Returns: its public half, an uncompressed point of P-256.
    func makeKey() throws -> [UInt8]

    /// Whether the same may go better later, without a change of the configuration.
    func mayPass(_ failure: any Error) -> Bool
}

/// A holder's key, and whether the request had a point for it.
public struct AgreedKey: Hashable, Sendable {
    /// An uncompressed point of P-256, 65 bytes.
    public let publicKey: [UInt8]
    /// Whether the points that were given include one for it.
    public let isKnown: Bool
}
