import AccessControl
import CryptographicModule
import Identity
import NodeEnvironment
import PoolState
import Replication
import RequestPipeline
import SecurityDomain
import Synchronization

/// Holds the pool's keys on this node, and knows where the sealed records are.
final class KeyVault: KeyCustody {
    private let module: CryptographicModule
    private let materials: KeyMaterialReader
    /// Those of the services beside the keys.
    private let facadeAudiences: [AcceptedAudience]
    private struct Held {
        let pool: UnsealedPool
        /// Those that tokens are accepted for.
        let audiences: [String]
    }

    private let held = Mutex<Held?>(nil)

    let recovery: RecoveryAccess?

    init(
        module: CryptographicModule, materials: KeyMaterialReader, facadeAudiences: [AcceptedAudience],
        recovery: RecoveryAccess?
    ) {
        self.recovery = recovery
        self.module = module
        self.materials = materials
        self.facadeAudiences = facadeAudiences
    }

    var unsealed: UnsealedPool? { held.withLock { $0?.pool } }

    func record(digest: [UInt8]) throws(CryptoError) -> SealedRecord {
        let bytes: [UInt8]?
        do {
            bytes = try materials.blob(digest: digest)
        } catch {
            throw .internalFailure("the key material store: \(error)")
        }
        guard let bytes else { throw .internalFailure("the key material store lacks a record") }
        return try SealedRecord(parsing: bytes)
    }

    /// Takes the keys over, once the driver has found the state genuine under them.
    func open(_ keyring: Keyring, view: PoolView) throws {
        guard let pool = view.state.pool else { throw CryptoError.internalFailure("the pool has no record yet") }
        let opened = Held(pool: try unsealed(keyring, pool), audiences: pool.audiences)
        module.unlock(kek: keyring.kek)
        held.withLock { $0 = opened }
    }

    /// Takes over what the state says now: a node that joined may have brought an audience of its own.
    func follow(_ state: PoolState) throws {
        guard let pool = state.pool, let current = held.withLock({ $0 }), current.audiences != pool.audiences else {
            return
        }
        let renewed = Held(pool: try unsealed(current.pool.keyring, pool), audiences: pool.audiences)
        // Not if the keys were wiped meanwhile.
        held.withLock { if $0 != nil { $0 = renewed } }
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
