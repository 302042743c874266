import CryptographicModule
import StrictJSON
import Synchronization

/// Certificates by which the pool's identity key vouches for the keys whose signatures leave the pool.
///
/// Each node makes them when they are first needed. They differ in serial number and signature, not in what they say.
final class SystemCertificates: Sendable {
    private let chains = Mutex<[SystemKeyRole: [[UInt8]]]>([:])

    func chain(_ role: SystemKeyRole, _ make: () throws -> [[UInt8]]) rethrows -> [[UInt8]] {
        if let chain = chains.withLock({ $0[role] }) { return chain }
        let chain = try make()
        return chains.withLock { chains in
            if let earlier = chains[role] { return earlier }
            chains[role] = chain
            return chain
        }
    }
}

extension Keyring {
    /// 9999-12-31T23:59:59Z, which means that there is no end (RFC 5280 section 4.1.2.5): a key is replaced, and what
    /// its statements are worth later is for their reader to say.
    private static let noEnd: Int64 = 253_402_300_799

    /// The chain of the key that signs attestations: its certificate, then the pool identity's own. DER.
    public func attestationChain() throws -> [[UInt8]] { try chain(.attestation, attestationKey, "attestation") }

    /// The chain of the key that signs what goes out with released keys. DER.
    public func releaseChain() throws -> [[UInt8]] { try chain(.keyRelease, releaseKey, "key release") }

    private func chain(_ role: SystemKeyRole, _ key: SystemSigningKey, _ purpose: String) throws -> [[UInt8]] {
        try certificates.chain(role) {
            let pool = Hexadecimal.encode(identity.poolID)
            let issuer = "quorate pool \(pool)"
            func certificate(_ subject: SystemSigningKey, _ name: String) throws -> [UInt8] {
                try poolIdentityKey.certificate(
                    for: subject, commonName: name, issuer: issuer, notBefore: identity.createdAt, notAfter: Self.noEnd)
            }
            return [
                try certificate(key, "quorate \(purpose) \(pool)"), try certificate(poolIdentityKey, issuer),
            ]
        }
    }
}
