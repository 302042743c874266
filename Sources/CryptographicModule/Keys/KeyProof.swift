import COpenSSL

/// What a key has shown of itself.
public enum KeyProof: Hashable, Sendable {
    /// The private half has signed a challenge, and the public half has found the signature good.
    case signed
    /// A symmetric key: the record has opened, and holds a key of the header's size.
    case opened
}

extension CryptographicModule {
    /// Finds out whether a sealed record holds the key that its header and public half claim, for who checks a backup:
    /// no module has to be unlocked, and nothing of the key remains.
    ///
    /// A key pair signs 32 to 64 random bytes of this function's own, whatever operations its header permits: nobody
    /// can choose what is signed, and the signature goes nowhere.
    /// - Throws: ``CryptoError/authenticationFailed`` for a record that doesn't open under this header and key;
    ///   ``CryptoError/keyRejected(_:)`` for a pair of two halves that don't belong together.
    public static func prove(
        _ record: SealedRecord, sealedUnder kek: SecretKey, header: KeyHeader, publicKey: PublicKey?
    ) throws(CryptoError) -> KeyProof {
        try ModuleHealth.shared.requireGood()
        let key: LoadedKey
        do {
            let material = try Sealing.open(record, under: kek, associatedData: header.associatedData())
            key = try load(material, header)
        } catch let error as CryptoError {
            throw error
        } catch {
            throw .internalFailure("opening a key")
        }
        defer { key.close() }
        guard let publicKey else {
            guard header.keyType == .octHSM else { throw .keyRejected("it has no public half") }
            return .opened
        }
        guard try signsFor(publicKey, key) else { throw .keyRejected("its halves don't belong together") }
        return .signed
    }

    private static func signsFor(_ publicKey: PublicKey, _ key: LoadedKey) throws(CryptoError) -> Bool {
        let verifier = try VerificationKey(checking: publicKey)
        let algorithm: SignatureAlgorithm
        switch publicKey {
        case .ed25519:
            let challenge = Random.bytes(32)
            let scheme = MessageSignatureAlgorithm.EdDSA.scheme
            guard let signature = try key.sign(scheme, QK_NO_HASH, challenge) else { return false }
            return try verifier.verify(
                algorithm: MessageSignatureAlgorithm.EdDSA, message: challenge, signature: signature)
        case .rsa: algorithm = .PS256
        case .ec(.p256, _, _): algorithm = .ES256
        case .ec(.p384, _, _): algorithm = .ES384
        case .ec(.p521, _, _): algorithm = .ES512
        case .ec(.p256K, _, _): algorithm = .ES256K
        }
        let challenge = Random.bytes(algorithm.digestLength)
        guard let signature = try key.sign(algorithm.scheme, algorithm.hash, challenge) else { return false }
        return try verifier.verify(algorithm: algorithm, digest: challenge, signature: signature)
    }
}
