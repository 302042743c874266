import AccessControl
import CryptographicModule
import HSMNode
import Identity
import NodeEnvironment
import PoolState
import RequestPipeline
import SecurityDomain
import Synchronization

/// Holds the pool's keys on this node, and knows where the sealed records are.
final class KeyVault: KeyCustody {
    private let module: CryptographicModule
    private let materials: any KeyMaterialStore
    /// Those of the services beside the keys.
    private let facadeAudiences: [AcceptedAudience]
    private struct Held {
        let pool: UnsealedPool
        /// Those that tokens are accepted for.
        let audiences: [String]
        /// The keyring as the state has it.
        let sealedKeyring: [UInt8]
    }

    private let held = Mutex<Held?>(nil)

    private let boot = Random.bytes(16)
    private let access: Mutex<RecoveryAccess?>
    var recovery: RecoveryAccess? { access.withLock { $0 } }

    init(
        module: CryptographicModule, materials: any KeyMaterialStore, facadeAudiences: [AcceptedAudience],
        stored: PoolState?
    ) throws {
        access = Mutex(nil)
        self.module = module
        self.materials = materials
        self.facadeAudiences = facadeAudiences
        if let stored { try prepareForSealing(stored) }
    }

    /// Who may bring the pool back once the node is sealed, by the state that it then has.
    func prepareForSealing(_ state: PoolState) throws {
        let made = try RecoveryAccess(
            stored: state, boot: boot, facades: facadeAudiences, checker: ModuleSignatureChecker(module))
        access.withLock { $0 = made }
    }

    var unsealed: UnsealedPool? { held.withLock { $0?.pool } }

    func record(digest: [UInt8]) throws(CryptoError) -> SealedRecord {
        let bytes: [UInt8]?
        do {
            bytes = try materials.blob(digest: digest)
        } catch {
            throw .internalFailure("the key material store: \(error)")
        }
        guard let bytes else { throw .recordMissing }
        return try SealedRecord(parsing: bytes)
    }

    /// Takes the keys over, once the driver has found the state genuine under them.
    func open(_ keyring: Keyring, view: PoolView) throws {
        guard let pool = view.state.pool else { throw CryptoError.internalFailure("the pool has no record yet") }
        let keyring = try current(keyring, in: pool)
        let opened = Held(
            pool: try unsealed(keyring, pool), audiences: pool.audiences, sealedKeyring: pool.keyring)
        module.unlock(keks: keyring.keyEncryptionKeys)
        held.withLock { $0 = opened }
    }

    /// Takes over what the state says now: a node that joined may have brought an audience of its own, and the pool may
    /// have adopted another root.
    func follow(_ state: PoolState) throws {
        guard let pool = state.pool, let current = held.withLock({ $0 }),
            current.audiences != pool.audiences || current.sealedKeyring != pool.keyring
        else { return }
        let former = current.pool.keyring
        let keyring = try self.current(former, in: pool)
        let renewed = Held(
            pool: try unsealed(keyring, pool), audiences: pool.audiences, sealedKeyring: pool.keyring)
        // Not if the keys were wiped meanwhile.
        held.withLock { held in
            guard held != nil else { return }
            held = renewed
            module.unlock(keks: keyring.keyEncryptionKeys)
        }
        if keyring.root !== former.root { former.root.destroy() }
    }

    /// The keyring as the state has it: with the keys that it has been given since it was opened, and under the root
    /// that the pool has adopted.
    private func current(_ keyring: Keyring, in pool: PoolRecord) throws -> Keyring {
        guard keyring.sealed.encode() != pool.keyring else { return keyring }
        let sealed = try SealedKeyring.decode(pool.keyring)
        if sealed.identity == keyring.identity { return try Keyring.unseal(root: keyring.root, material: sealed) }
        return try keyring.following(sealed, bridge: try SealedRecord(parsing: pool.rootBridge))
    }

    private func unsealed(_ keyring: Keyring, _ pool: PoolRecord) throws -> UnsealedPool {
        let issuer = TokenAuthority.issuer(of: pool)
        let signer = TokenKeySigner(keyring: keyring)
        let verifier = try TokenVerifier(
            trust: [.embedded(issuer: issuer, tenant: pool.tenantID.description)],
            audiences: try TokenAuthority.audiences(keys: pool.audiences, facades: facadeAudiences),
            checker: ModuleSignatureChecker(module))
        try verifier.setKeys(
            issuer: issuer, keys: [TokenKey(keyID: signer.keyID, key: keyring.tokenKey.publicKey, algorithm: .RS256)],
            generation: 1)
        return UnsealedPool(
            keyring: keyring, tokens: verifier,
            issuer: TokenIssuer(issuer: issuer, tenant: pool.tenantID.description, signer: signer))
    }

    /// Closes the opened keys whose records are gone.
    func closeKeys(of removed: RemovedMaterial) {
        switch removed {
        case .records(let digests): for digest in digests { module.evict(recordDigest: digest) }
        case .unknown: module.evictAll()
        }
    }

    /// Wipes the keys.
    func close() {
        let former = held.withLock { held in
            defer { held = nil }
            return held
        }
        module.lock()
        former?.pool.keyring.destroy()
    }
}
