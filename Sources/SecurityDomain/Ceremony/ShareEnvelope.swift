import CryptographicModule

/// One officer's share on its way to the node that holds the exchange key: encrypted to that key, bound to the terms of
/// the ceremony, signed by the officer. Any node may relay it.
public struct ShareEnvelope: Hashable, Sendable {
    /// Encryption and signature are bound to them: any other ceremony refuses the envelope.
    public let terms: CeremonyTerms
    /// The officer's coordinate.
    public let x: UInt8
    /// The commitment to the share inside.
    public let commitment: ShareCommitment
    let encryptedKey: [UInt8]
    let ciphertext: [UInt8]
    let authenticationTag: [UInt8]
    var signature: [UInt8]

    private static let document = "share envelope"
    private static let label = "QSE1"
    private static let contentKeyLength = 32
    private static let authenticationTagLength = 16
    /// An RSA key of 8192 bits encrypts and signs 1024 bytes.
    private static let maximumRSALength = 1024
    private static let maximumShareLength = 256
    /// Ceiling of the byte form.
    public static let maximumLength = 4096

    // MARK: Making

    /// Seals `share` to the exchange key and has the officer sign it.
    ///
    /// - Parameter sign: RSA-PSS with SHA-256 by the officer's private key, over the given message.
    static func seal(
        _ share: Share, commitment: ShareCommitment, terms: CeremonyTerms, exchangeKey: [UInt8],
        sign: ([UInt8]) throws -> [UInt8]
    ) throws -> ShareEnvelope {
        let key = try Random.secret(contentKeyLength)
        let sealed = try AESGCM.seal(
            share.words, key: key, nonce: zeroNonce, associatedData: associatedData(terms: terms, x: share.x))
        var envelope = ShareEnvelope(
            terms: terms, x: share.x, commitment: commitment,
            encryptedKey: try RSAEnvelope.encrypt(key, to: exchangeKey),
            ciphertext: sealed.ciphertext, authenticationTag: sealed.tag, signature: [])
        envelope.signature = try sign(envelope.signedMessage)
        return envelope
    }

    /// Each key encrypts once, so its nonce can be fixed.
    private static let zeroNonce = [UInt8](repeating: 0, count: 12)

    /// `QSH1` ‖ pool ‖ g ‖ ceremony ‖ purpose ‖ SHA-256(EXK) ‖ expiry ‖ x.
    private static func associatedData(terms: CeremonyTerms, x: UInt8) -> [UInt8] {
        var writer = FieldWriter(label: "QSH1")
        terms.write(to: &writer)
        writer.field(x)
        return writer.bytes
    }

    /// What the officer signs: everything but the signature.
    var signedMessage: [UInt8] {
        var writer = FieldWriter(label: "quorate/1/officer-share", reserving: 2048)
        writeUnsigned(to: &writer)
        return writer.bytes
    }

    // MARK: Opening

    /// Decrypts the share.
    ///
    /// - Throws: `SecurityDomainError.authenticationFailed` for whatever the key or the tag refuses, without saying
    ///   which.
    func open(decrypt: ([UInt8]) throws -> Secret) throws -> Share {
        let words: Secret
        do {
            let key = try decrypt(encryptedKey)
            guard key.count == Self.contentKeyLength else {
                throw SecurityDomainError.authenticationFailed(Self.document)
            }
            words = try AESGCM.open(
                ciphertext, tag: authenticationTag, key: key, nonce: Self.zeroNonce,
                associatedData: Self.associatedData(terms: terms, x: x))
        } catch CryptoError.secureMemoryExhausted {
            throw CryptoError.secureMemoryExhausted
        } catch {
            throw SecurityDomainError.authenticationFailed(Self.document)
        }
        return try Share(parsing: words, secretLength: EncryptedItems.masterKeyLength)
    }

    // MARK: Byte form

    private func writeUnsigned(to writer: inout FieldWriter) {
        terms.write(to: &writer)
        writer.field(x)
        writer.field(commitment.digest)
        writer.field(encryptedKey)
        writer.field(ciphertext)
        writer.field(authenticationTag)
    }

    /// The one byte form.
    public func encode() -> [UInt8] {
        var writer = FieldWriter(label: Self.label, reserving: 2048)
        writeUnsigned(to: &writer)
        writer.field(signature)
        return writer.bytes
    }

    /// Reads the byte form strictly; neither signature nor content is checked.
    public static func decode(_ bytes: [UInt8]) throws -> ShareEnvelope {
        try FieldReader.read(bytes, document: document, label: label, limit: maximumLength) { reader in
            ShareEnvelope(
                terms: try CeremonyTerms(from: &reader),
                x: try reader.integer(),
                commitment: try ShareCommitment(digest: try reader.bytes(exactly: ShareCommitment.length)),
                encryptedKey: try reader.bytes(upTo: maximumRSALength),
                ciphertext: try reader.bytes(upTo: maximumShareLength),
                authenticationTag: try reader.bytes(exactly: authenticationTagLength),
                signature: try reader.bytes(upTo: maximumRSALength))
        }
    }
}
