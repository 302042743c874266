import CryptographicModule
import PoolState
import RequestPipeline
import SecurityDomain

/// What the member `alg` of a request to sign or verify can name.
enum SigningAlgorithm: Hashable {
    /// Over a digest that the caller made.
    case digest(SignatureAlgorithm)
    /// Over the value itself.
    case message(MessageSignatureAlgorithm)
    /// An authentication code of a symmetric key, over the value itself.
    case code(MACAlgorithm)

    /// - Throws: 400 for a name that means nothing here, or that doesn't fit the key; 403 for one that the pool
    ///   refuses.
    init(_ fields: Fields, for version: KeyVersionRecord, _ context: RequestContext) throws(APIError) {
        let text = try fields.requiredString("alg")
        if let algorithm = SignatureAlgorithm(rawValue: text) {
            self = .digest(algorithm)
        } else if let algorithm = MessageSignatureAlgorithm(rawValue: text) {
            self = .message(algorithm)
        } else if let algorithm = MACAlgorithm(rawValue: text) {
            self = .code(algorithm)
        } else {
            throw .badParameter("The parameter 'alg' doesn't name a signature algorithm of this service.")
        }
        guard fits(version.header) else {
            let cure = version.header.keyType == .octHSM ? " It must be HS256, HS384 or HS512." : ""
            throw .badParameter("The parameter 'alg': \(text) doesn't fit the type or curve of the key.\(cure)")
        }
        try OperationChecks.requireNotRefused(text, by: context)
    }

    private func fits(_ header: KeyHeader) -> Bool {
        switch self {
        case .digest(let algorithm): algorithm.fits(header)
        case .message(let algorithm): algorithm.fits(header)
        case .code(let algorithm): algorithm.fits(header)
        }
    }

    var name: String {
        switch self {
        case .digest(let algorithm): algorithm.rawValue
        case .message(let algorithm): algorithm.rawValue
        case .code(let algorithm): algorithm.rawValue
        }
    }

    func requireLength(
        of value: [UInt8], parameter: String, _ version: KeyVersionRecord
    ) throws(APIError) {
        switch self {
        case .digest(let algorithm):
            guard value.count == algorithm.digestLength else {
                throw .badParameter(
                    "The parameter '\(parameter)' must be a digest of \(algorithm.digestLength) bytes "
                        + "for \(name), not \(value.count).")
            }
        case .message(let algorithm):
            let lengths = algorithm.lengths(version.header)
            guard lengths.contains(value.count) else {
                throw .badParameter(
                    "The parameter '\(parameter)' must have \(lengths.lowerBound) to \(lengths.upperBound) bytes "
                        + "for \(name) with this key, not \(value.count).")
            }
        case .code: break
        }
    }
}

/// One key version and one algorithm, ready to sign or verify any number of values.
struct Signer {
    let version: KeyVersionRecord
    let algorithm: SigningAlgorithm
    let context: RequestContext
    let keyIdentifier: String

    init(_ fields: Fields, _ version: KeyVersionRecord, _ context: RequestContext) throws(APIError) {
        self.version = version
        self.context = context
        algorithm = try SigningAlgorithm(fields, for: version, context)
        keyIdentifier = context.keyIdentifier(name: version.name, version: version.version)
    }

    private func record() throws(CryptoError) -> SealedRecord {
        try context.services.custody.record(digest: version.recordDigest)
    }

    /// The signature, or the authentication code.
    func sign(_ value: [UInt8]) throws(APIError) -> [UInt8] {
        let module = context.services.module
        do throws(CryptoError) {
            switch algorithm {
            case .digest(let algorithm):
                return try module.sign(
                    header: version.header, recordDigest: version.recordDigest, fetch: record, algorithm: algorithm,
                    digest: value)
            case .message(let algorithm):
                return try module.sign(
                    header: version.header, recordDigest: version.recordDigest, fetch: record, algorithm: algorithm,
                    message: value)
            case .code(let algorithm):
                return try module.authenticate(
                    header: version.header, recordDigest: version.recordDigest, fetch: record, algorithm: algorithm,
                    message: value)
            }
        } catch {
            throw context.failure(error, of: version)
        }
    }

    func verify(_ value: [UInt8], _ signature: [UInt8]) throws(APIError) -> Bool {
        let module = context.services.module
        do throws(CryptoError) {
            switch algorithm {
            case .digest(let algorithm):
                return try module.verify(
                    publicKey: try publicKey(), algorithm: algorithm, digest: value, signature: signature)
            case .message(let algorithm):
                return try module.verify(
                    publicKey: try publicKey(), algorithm: algorithm, message: value, signature: signature)
            case .code(let algorithm):
                return try module.isAuthentic(
                    header: version.header, recordDigest: version.recordDigest, fetch: record, algorithm: algorithm,
                    message: value, code: signature)
            }
        } catch {
            throw context.failure(error, of: version)
        }
    }

    private func publicKey() throws(CryptoError) -> PublicKey {
        guard let key = version.publicKey else { throw .internalFailure("a pair without its public half") }
        return key
    }

    /// What the audit record says of the operation.
    func details(_ value: [UInt8]) -> OperationDetails {
        OperationDetails(keyIdentifier: keyIdentifier, algorithm: algorithm.name, evidence: evidence(value))
    }

    /// A digest is repeated as its digest. A message may be short enough to be guessed from one: of it the record holds
    /// a value that nobody can compute who lacks the pool's keys.
    private func evidence(_ value: [UInt8]) -> OperationEvidence? {
        switch algorithm {
        case .digest, .message(.RSNULL): .submitted(Digest.sha256(value))
        case .message(.EdDSA), .code:
            context.services.custody.unsealed.flatMap { unsealed in
                try? MAC.hmacSHA256(key: unsealed.keyring.auditBlindingKey, value)
            }.map { .blinded($0) }
        }
    }
}
