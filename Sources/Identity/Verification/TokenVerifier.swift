import CryptographicModule
import Synchronization

/// Decides whether a bearer token is what it says.
///
/// Trust, audiences and keys are given; nothing is ever fetched because a token asks for it. The first sight of a token
/// costs a signature check, later ones a digest and a look-up, after which the times and the generation of the issuer's
/// keys are checked again. Whether the principal and its credential are still good is for the caller to check against
/// the pool view that authorizes the request.
public final class TokenVerifier: Sendable {
    /// The longest token that is looked at.
    public static let maximumTokenBytes = 16 * 1024
    /// The longest time for which a token may be valid, in seconds.
    public static let maximumLifetime: Int64 = 24 * 3600
    /// How many verified tokens are remembered by default.
    public static let defaultCacheCapacity = 65_536

    private struct IssuerKeys: Sendable {
        var byID: [String: TokenKey] = [:]
        var generation: UInt64 = 0
    }

    private struct Snapshot: Sendable {
        var trust: [String: IssuerTrust]
        var keys: [String: IssuerKeys]
    }

    private let audiences: AudienceList
    private let checker: any TokenSignatureChecker
    private let cache: VerifiedTokenCache
    /// Read only on a cache miss, written when keys change.
    private let snapshot: Mutex<Snapshot>
    /// Raised with every change of `snapshot`: what was cached before no longer counts.
    private let revision = Atomic<UInt64>(0)

    /// - Parameters:
    ///   - trust: the issuer that is believed; its keys are given by ``setKeys(issuer:keys:generation:)``.
    ///   - audiences: the fixed list of accepted audiences.
    /// - Throws: ``TrustError/severalIssuers`` for more than one.
    public init(
        trust: [IssuerTrust], audiences: AudienceList, checker: any TokenSignatureChecker,
        cacheCapacity: Int = TokenVerifier.defaultCacheCapacity
    ) throws(TrustError) {
        self.audiences = audiences
        self.checker = checker
        cache = VerifiedTokenCache(capacity: cacheCapacity)
        snapshot = Mutex(Snapshot(trust: try Self.index(trust), keys: [:]))
    }

    private static func index(_ trust: [IssuerTrust]) throws(TrustError) -> [String: IssuerTrust] {
        guard trust.count <= 1 else { throw .severalIssuers }
        return Dictionary(uniqueKeysWithValues: trust.map { ($0.issuer, $0) })
    }

    /// Replaces the keys of one issuer. Tokens verified under other keys are verified again when they are next seen.
    ///
    /// - Parameter generation: of the key set, never falling: the log's own count of changes for the embedded issuer.
    /// - Throws: ``TrustError`` for an unknown issuer, a key that is too weak, two keys of one name, or an older
    ///   generation.
    public func setKeys(issuer: String, keys: [TokenKey], generation: UInt64) throws(TrustError) {
        var byID: [String: TokenKey] = [:]
        for key in keys {
            guard key.isAcceptable else { throw .unacceptableKey(key.keyID) }
            guard byID.updateValue(key, forKey: key.keyID) == nil else { throw .duplicateKey(key.keyID) }
        }
        let refusal: TrustError? = snapshot.withLock { snapshot in
            guard snapshot.trust[issuer] != nil else { return .unknownIssuer(issuer) }
            if let current = snapshot.keys[issuer] {
                guard generation >= current.generation else { return .staleGeneration }
                if current.generation == generation, current.byID == byID { return nil }
            }
            snapshot.keys[issuer] = IssuerKeys(byID: byID, generation: generation)
            revision.add(1, ordering: .releasing)
            return nil
        }
        if let refusal { throw refusal }
    }

    /// How many verified tokens are remembered.
    public var cachedTokens: Int { cache.count }

    /// Checks a token.
    ///
    /// - Parameters:
    ///   - token: the compact serialization, without the `Bearer` word.
    ///   - audience: what the route is for; a token for anything else is refused.
    ///   - now: Unix seconds.
    public func verify(
        _ token: UnsafeRawBufferPointer, for audience: TokenAudience = .dataPlane, now: Int64
    ) -> Result<VerifiedToken, TokenRejection> {
        guard !token.isEmpty, token.count <= Self.maximumTokenBytes else { return .failure(.badLength) }
        let digest = TokenDigest(of: token)
        // Before the trust is read: a change in between makes the entry stale, never wrongly fresh.
        let revision = revision.load(ordering: .acquiring)
        do throws(TokenRejection) {
            let entry: VerifiedTokenCache.Entry
            if let cached = cache.entry(for: digest), cached.trustRevision == revision {
                entry = cached
                try Self.checkTimes(of: cached, now: now)
            } else {
                entry = try verifiedEntry(token, digest, revision: revision, now: now)
            }
            guard entry.token.audienceKind == audience else { throw .wrongAudience }
            return .success(entry.token)
        } catch {
            return .failure(error)
        }
    }

    /// Checks a token held in an array.
    public func verify(
        _ token: [UInt8], for audience: TokenAudience = .dataPlane, now: Int64
    ) -> Result<VerifiedToken, TokenRejection> {
        token.withUnsafeBytes { verify($0, for: audience, now: now) }
    }

    private static func checkTimes(of entry: VerifiedTokenCache.Entry, now: Int64) throws(TokenRejection) {
        guard now < entry.token.expiry + entry.expirySkew else { throw .expired }
        guard now >= entry.token.notBefore - entry.startSkew else { throw .notYetValid }
    }
}

// MARK: - First sight

extension TokenVerifier {
    private func verifiedEntry(
        _ token: UnsafeRawBufferPointer, _ digest: TokenDigest, revision: UInt64, now: Int64
    ) throws(TokenRejection) -> VerifiedTokenCache.Entry {
        let parts = try CompactJWS(token)
        let header = try TokenHeader(parsing: parts.header)
        guard let algorithm = SignatureAlgorithm(rawValue: header.algorithm) else { throw .algorithmNotAllowed }
        let claims = try TokenClaims(parsing: parts.payload)
        let (trust, keys) = snapshot.withLock { ($0.trust[claims.issuer], $0.keys[claims.issuer]) }
        guard let trust else { throw .unknownIssuer }
        guard trust.algorithms.contains(algorithm) else { throw .algorithmNotAllowed }
        guard let type = header.type, trust.types.contains(type) else { throw .wrongType }
        guard let keyID = header.keyID, let keys, let key = keys.byID[keyID] else { throw .unknownKey }
        guard key.fits(algorithm) else { throw .keyTypeMismatch }
        try checkSignature(parts, algorithm: algorithm, key: key)
        let verified = VerifiedToken(
            claims: claims, accepted: try accept(claims, trust: trust, now: now),
            principal: try Self.principal(of: claims), key: key)
        let entry = VerifiedTokenCache.Entry(
            token: verified, expirySkew: trust.expirySkew, startSkew: trust.startSkew, trustRevision: revision)
        try Self.checkTimes(of: entry, now: now)
        cache.insert(entry, for: digest)
        return entry
    }

    private func checkSignature(
        _ parts: CompactJWS, algorithm: SignatureAlgorithm, key: TokenKey
    ) throws(TokenRejection) {
        let digest = algorithm.digest(of: parts.signedBytes)
        guard !parts.signature.isEmpty,
            checker.isValid(parts.signature, of: digest, by: key.key, algorithm: algorithm)
        else { throw .badSignature }
    }

    /// The audience that is accepted, after tenant and lifetime were found good.
    private func accept(
        _ claims: TokenClaims, trust: IssuerTrust, now: Int64
    ) throws(TokenRejection) -> AcceptedAudience {
        guard claims.tenant == trust.tenant else { throw .wrongTenant }
        let start = min(claims.notBefore, claims.issuedAt ?? claims.notBefore)
        guard claims.expiry > claims.notBefore, claims.expiry - start <= Self.maximumLifetime else {
            throw .badLifetime
        }
        if let issuedAt = claims.issuedAt {
            guard claims.expiry > issuedAt else { throw .badLifetime }
            guard issuedAt <= now + trust.startSkew else { throw .notYetValid }
        }
        let accepted = claims.audiences.compactMap { text in
            audiences.kind(of: text).map { AcceptedAudience(text, $0) }
        }
        // A token for two kinds of service would let either of them act at the other.
        guard let first = accepted.first, accepted.allSatisfy({ $0.kind == first.kind }) else { throw .wrongAudience }
        return first
    }

    private static func principal(of claims: TokenClaims) throws(TokenRejection) -> MappedPrincipal {
        guard let principal = MappedPrincipal(objectID: claims.objectID) else { throw .badObjectID }
        return principal
    }
}

extension SignatureAlgorithm {
    /// The digest of a message that this algorithm signs.
    func digest(of message: UnsafeRawBufferPointer) -> [UInt8] {
        switch digestLength {
        case 48: Digest.sha384(message)
        case 64: Digest.sha512(message)
        default: Digest.sha256(message)
        }
    }
}
