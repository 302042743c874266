import CryptographicModule
import StrictJSON

/// JSON Web Encryption in compact form (RFC 7516), with the two kinds that the security domain knows. Content
/// encryption is always A256CBC-HS512 (RFC 7518 section 5.2.5), whose associated data is the header exactly as written.
struct CompactJWE {
    let header: Header
    private let protectedHeader: [UInt8]
    private let encryptedKey: [UInt8]
    private let initializationVector: [UInt8]
    private let ciphertext: [UInt8]
    private let authenticationTag: [UInt8]

    struct Header: Equatable {
        let algorithm: String
        let keyID: String
    }

    static let contentKeyLength = 64
    static let initializationVectorLength = 16
    static let authenticationTagLength = 32
    /// Ceiling of one compact text.
    static let maximumLength = 128 * 1024
    /// The literal key id that the clients expect in an envelope for a certificate.
    static let envelopeKeyID = "not used"

    private static let contentEncryption = "A256CBC-HS512"
    private static let directAlgorithm = "dir"
    private static let envelopeAlgorithm = "RSA-OAEP-256"

    // MARK: Making

    /// A text whose content key is `key` itself (`alg` = `dir`), named by `tag`.
    static func direct(
        key: borrowing Secret, tag: String, plaintext: borrowing Secret,
        initializationVector: [UInt8] = Random.bytes(initializationVectorLength)
    ) throws -> String {
        try make(
            header: headerText(algorithm: directAlgorithm, keyID: tag), encryptedKey: [], key: key,
            plaintext: plaintext,
            initializationVector: initializationVector)
    }

    /// A text whose fresh content key is encrypted to the RSA key of a certificate.
    static func envelope(to publicKey: [UInt8], plaintext: borrowing Secret) throws -> String {
        let key = try Random.secret(contentKeyLength)
        return try make(
            header: headerText(algorithm: envelopeAlgorithm, keyID: envelopeKeyID),
            encryptedKey: try RSAEnvelope.encrypt(key, to: publicKey), key: key, plaintext: plaintext,
            initializationVector: Random.bytes(initializationVectorLength))
    }

    private static func make(
        header: [UInt8], encryptedKey: [UInt8], key: borrowing Secret, plaintext: borrowing Secret,
        initializationVector: [UInt8]
    ) throws -> String {
        let protected = Base64URL.encode(header)
        let sealed = try AESCBCHMAC.encrypt(
            plaintext, key: key, iv: initializationVector, associatedData: Array(protected.utf8))
        let parts = [encryptedKey, initializationVector, sealed.ciphertext, sealed.tag].map { Base64URL.encode($0) }
        return ([protected] + parts).joined(separator: ".")
    }

    /// The header without blanks, members in the order that the clients write.
    private static func headerText(algorithm: String, keyID: String) -> [UInt8] {
        var writer = JSONWriter(capacity: 96)
        writer.object { writer in
            writer.member("alg", algorithm)
            writer.member("enc", contentEncryption)
            writer.member("kid", keyID)
        }
        return writer.bytes
    }

    // MARK: Reading

    /// Reads the five parts and the header strictly; nothing is decrypted.
    init(parsing text: String, document: String) throws {
        func malformed(_ reason: String) -> SecurityDomainError { .malformed(document: document, reason: reason) }
        guard text.utf8.count <= Self.maximumLength else { throw malformed("longer than \(Self.maximumLength) bytes") }
        let texts = text.split(separator: ".", maxSplits: 5, omittingEmptySubsequences: false)
        let parts = texts.compactMap { Base64URL.decode(String($0)) }
        guard texts.count == 5, parts.count == 5 else { throw malformed("not five base64url parts") }
        guard parts[2].count == Self.initializationVectorLength else { throw malformed("the IV must have 16 bytes") }
        guard !parts[3].isEmpty, parts[3].count % 16 == 0 else {
            throw malformed("the ciphertext must be whole blocks")
        }
        guard parts[4].count == Self.authenticationTagLength else { throw malformed("the tag must have 32 bytes") }
        let fields = try JSONDocument(parsing: parts[0], name: "\(document): header", limit: 1024)
        guard try fields.string("enc") == Self.contentEncryption else { throw malformed("enc is not A256CBC-HS512") }
        header = Header(algorithm: try fields.string("alg"), keyID: try fields.string("kid"))
        protectedHeader = Array(texts[0].utf8)
        encryptedKey = parts[1]
        initializationVector = parts[2]
        ciphertext = parts[3]
        authenticationTag = parts[4]
    }

    /// Opens a text whose content key is `key`, if it is named by `tag`.
    func openDirect(key: borrowing Secret, tag: String) throws -> Secret {
        guard header == Header(algorithm: Self.directAlgorithm, keyID: tag), encryptedKey.isEmpty else {
            throw SecurityDomainError.malformed(document: "item \(tag)", reason: "its header is that of something else")
        }
        return try open(key: key, name: "item \(tag)")
    }

    /// Opens an envelope with the holder's private key.
    ///
    /// When the key does not decrypt, a random one takes its place and fails at the tag: the caller can't tell bad
    /// padding from a bad tag, neither by the error nor by the time (J. Manger, "A chosen ciphertext attack on
    /// RSA-OAEP", 2001).
    func openEnvelope(name: String, decrypt: ([UInt8]) throws -> Secret) throws -> Secret {
        guard header.algorithm == Self.envelopeAlgorithm else {
            throw SecurityDomainError.malformed(document: name, reason: "alg is not RSA-OAEP-256")
        }
        let substitute = try Random.secret(Self.contentKeyLength)
        let key: Secret
        do {
            key = try decrypt(encryptedKey)
        } catch {
            return try open(key: substitute, name: name)
        }
        return key.count == Self.contentKeyLength
            ? try open(key: key, name: name)
            : try open(key: substitute, name: name)
    }

    private func open(key: borrowing Secret, name: String) throws -> Secret {
        do {
            return try AESCBCHMAC.decrypt(
                ciphertext, tag: authenticationTag, key: key, iv: initializationVector, associatedData: protectedHeader)
        } catch CryptoError.secureMemoryExhausted {
            throw CryptoError.secureMemoryExhausted
        } catch {
            throw SecurityDomainError.authenticationFailed(name)
        }
    }
}
