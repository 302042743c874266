public import AccessControl
import CryptographicModule
public import Identity
public import PoolState
import StrictJSON
import Synchronization

/// What a sealed node can tell of its callers.
///
/// The pool's token key is sealed, so the node issues tokens of its own: signed by a key in its memory, good at this
/// node only, for ten minutes, and for nothing but bringing the pool back by an upload of the security domain. Who may
/// is read from the state on the disk, which nobody can check before the node is unsealed. That is enough here: the
/// proof that counts is the officers' quorum, without which an upload opens nothing.
public final class RecoveryAccess: Sendable {
    /// What can be done at a sealed node.
    public static let actions: [DataAction] = [
        .securityDomainTransferKeyRead, .securityDomainUpload, .securityDomainUploadRead,
    ]
    static let refusal = "Not authorized to bring the pool back"

    /// Seconds. Clients discard a token in its last five minutes.
    static let tokenLifetime: Int64 = 600
    private static let keyBits = 2048

    /// A caller of the routes for recovery.
    public struct Admitted: Sendable {
        public let caller: AuthenticatedPrincipal
        /// Whether the endpoint at hand is open to the caller.
        public let isAllowed: Bool
    }

    private struct Person: Sendable {
        let caller: AuthenticatedPrincipal
        let secretHash: [UInt8]
        let credentialGeneration: UInt32
        let actions: [DataAction]
    }

    /// The pool's id, 16 bytes, and its tenant, as the disk has them.
    public let poolID: [UInt8]
    public let tenantID: GUID
    let tokens: TokenVerifier
    private let issuerName: String
    private let peopleByClient: [GUID: Person]
    private let accepted: [String]
    private let issuer = Mutex<TokenIssuer?>(nil)

    /// - Parameters:
    ///   - stored: the state on the disk.
    ///   - boot: 16 random bytes; tokens of another boot, or another node, are of another issuer.
    /// - Returns: `nil` where there is no pool on the disk.
    public init?(
        stored: PoolState, boot: [UInt8], facades: [AcceptedAudience], checker: any TokenSignatureChecker
    ) throws(TrustError) {
        guard let pool = stored.pool else { return nil }
        poolID = pool.poolID
        tenantID = pool.tenantID
        issuerName = "urn:quorate:sealed:\(Hexadecimal.encode(boot))"
        accepted = pool.audiences + facades.map(\.text)
        tokens = try TokenVerifier(
            trust: [.embedded(issuer: issuerName, tenant: pool.tenantID.description)],
            audiences: try TokenAuthority.audiences(keys: pool.audiences, facades: facades), checker: checker,
            cacheCapacity: 64)
        let view = PoolView(state: stored, appliedIndex: 0)
        var people: [GUID: Person] = [:]
        for principal in stored.principals where principal.enabled {
            guard let clientID = principal.clientID, let hash = principal.secretHash else { continue }
            let caller = AuthenticatedPrincipal(principal, in: view)
            let actions = Self.actions.filter { action in
                view.decide(principal: caller.objectID, groups: caller.groups, action: action, scope: .root).isAllowed
            }
            guard !actions.isEmpty else { continue }
            people[clientID] = Person(
                caller: caller, secretHash: hash, credentialGeneration: principal.credentialGeneration,
                actions: actions)
        }
        peopleByClient = people
    }

    /// A token for a client that may bring the pool back. Whoever else asks is refused like an unknown client.
    public func issue(
        clientID: String, secret: PresentedSecret, audience: String, now: Int64
    ) throws(OAuthError) -> (token: IssuedToken, principal: GUID) {
        let person = GUID(clientID).flatMap { peopleByClient[$0] }
        let isRight = ClientSecret.matches(secret, hash: person?.secretHash)
        guard isRight, let person else { throw .invalidClient }
        guard accepted.contains(where: { AudienceList.isSame($0, audience) }) else { throw .invalidScope }
        let subject = TokenSubject(
            principalID: person.caller.objectID.description, applicationID: clientID, kind: .servicePrincipal,
            userName: nil, credentialGeneration: person.credentialGeneration)
        guard
            let token = try? currentIssuer().issue(
                to: subject, audience: audience, now: now, lifetime: Self.tokenLifetime)
        else { throw .temporarilyUnavailable }
        return (token, person.caller.objectID)
    }

    /// The key is made when the first token is asked for: most nodes are unsealed by a peer before.
    private func currentIssuer() throws -> TokenIssuer {
        try issuer.withLock { issuer in
            if let issuer { return issuer }
            let key = try SystemSigningKey.generate(.rsa(bits: Self.keyBits))
            let signer = NodeTokenSigner(key: key)
            try tokens.setKeys(
                issuer: issuerName, keys: [TokenKey(keyID: signer.keyID, key: key.publicKey, algorithm: .RS256)],
                generation: 1)
            let made = TokenIssuer(issuer: issuerName, tenant: tenantID.description, signer: signer)
            issuer = made
            return made
        }
    }

    /// Who shows the token, and whether an endpoint is open to him; `nil` where the disk doesn't know him.
    func principal(of token: VerifiedToken, allowing access: Access) -> Admitted? {
        let person = peopleByClient.values.first { $0.caller.objectID.bytes == token.principalBytes }
        guard let person, person.credentialGeneration == token.credentialGeneration else { return nil }
        let isAllowed =
            switch access {
            case .anonymous, .authenticated: true
            case .dataAction(let action, _): person.actions.contains(action)
            }
        return Admitted(caller: person.caller, isAllowed: isAllowed)
    }
}

/// Signs with a key that lives in this node's memory only.
private struct NodeTokenSigner: TokenSigner {
    let key: SystemSigningKey
    let keyID: String

    init(key: SystemSigningKey) {
        self.key = key
        keyID = "sealed-" + Base64URL.encode(Array(Digest.sha256(key.publicKey.spkiDER()).prefix(16)))
    }

    func sign(sha256 digest: [UInt8]) throws -> [UInt8] { try key.sign(digest: digest) }
}
