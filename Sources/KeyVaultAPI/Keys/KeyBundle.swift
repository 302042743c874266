import Attestation
import CryptographicModule
import PoolState
import RequestPipeline
import StrictJSON

/// Writes keys in the protocol's forms.
struct KeyBundle {
    let context: RequestContext

    /// Retention and level as clients know them: days at the pool's choice, `Customized` where it isn't the longest.
    private func recovery() -> (days: Int, level: String) {
        guard let settings = context.view.state.pool?.settings else { return (90, "Recoverable+Purgeable") }
        let base = settings.recoverableDays == 90 ? "Recoverable" : "CustomizedRecoverable"
        return (settings.recoverableDays, settings.purgeProtection ? base : base + "+Purgeable")
    }

    /// The complete form: the answer to create, get, update, delete and recover.
    func response(
        _ version: KeyVersionRecord, deletion: KeyDeletion? = nil, attestation: KeyAttestation? = nil
    ) -> APIResponse {
        let identifier = context.keyIdentifier(name: version.name, version: version.version)
        return .object(audit: OperationDetails(keyIdentifier: identifier)) { writer in
            writer.member("key") { $0.object { webKey(version, identifier, &$0) } }
            attributes(version, attestation: attestation, &writer)
            tags(version, &writer)
            releasePolicy(version, &writer)
            if let deletion { self.deletion(deletion, name: version.name, &writer) }
        }
    }

    /// One element of a list. Lists of keys and of deleted keys name them without a version.
    func item(_ version: KeyVersionRecord, isVersioned: Bool, deletion: KeyDeletion? = nil, _ writer: inout JSONWriter)
    {
        let identifier =
            isVersioned
            ? context.keyIdentifier(name: version.name, version: version.version)
            : "\(context.host.baseURL)/keys/\(version.name)"
        writer.object { writer in
            writer.member("kid", identifier)
            attributes(version, &writer)
            tags(version, &writer)
            if let deletion { self.deletion(deletion, name: version.name, &writer) }
        }
    }

    func webKey(
        _ version: KeyVersionRecord, _ identifier: String, type: String? = nil, _ writer: inout JSONWriter
    ) {
        writer.member("kid", identifier)
        writer.member("kty", type ?? version.header.keyType.jsonName)
        writer.member("key_ops", array: version.operations.jsonNames)
        switch version.publicKey {
        case .rsa(let n, let e):
            writer.member("n", Base64URL.encode(n))
            writer.member("e", Base64URL.encode(e))
        case .ec(let curve, let x, let y):
            writer.member("crv", curve.jsonName)
            writer.member("x", Base64URL.encode(x))
            writer.member("y", Base64URL.encode(y))
        case .ed25519(let x):
            writer.member("crv", OKP.curve)
            writer.member("x", Base64URL.encode(x))
        case nil: break
        }
    }

    func attributes(
        _ version: KeyVersionRecord, attestation: KeyAttestation? = nil, _ writer: inout JSONWriter
    ) {
        let (days, level) = recovery()
        writer.member("attributes") { writer in
            writer.object { writer in
                writer.member("enabled", version.enabled)
                if let notBefore = version.notBefore { writer.member("nbf", notBefore) }
                if let expires = version.expires { writer.member("exp", expires) }
                writer.member("created", version.created)
                writer.member("updated", version.updated)
                writer.member("recoveryLevel", level)
                writer.member("recoverableDays", days)
                writer.member("exportable", version.exportable)
                // Of other keys the public part tells it.
                if version.header.keyType == .octHSM { writer.member("key_size", Int(version.header.bits)) }
                if let attestation { self.attestation(attestation, &writer) }
            }
        }
    }

    private func attestation(_ attestation: KeyAttestation, _ writer: inout JSONWriter) {
        writer.member("attestation") { writer in
            writer.object { writer in
                writer.member("certificatePemFile", Base64URL.encode(attestation.certificates))
                writer.member("privateKeyAttestation", Base64URL.encode(attestation.privateKeyStatement))
                if let statement = attestation.publicKeyStatement {
                    writer.member("publicKeyAttestation", Base64URL.encode(statement))
                }
                writer.member("version", KeyAttestation.version)
            }
        }
    }

    func releasePolicy(_ version: KeyVersionRecord, _ writer: inout JSONWriter) {
        guard let policy = version.releasePolicy else { return }
        writer.member("release_policy") { writer in
            writer.object { writer in
                writer.member("contentType", policy.contentType)
                writer.member("data", Base64URL.encode(policy.data))
                writer.member("immutable", version.header.releasePolicyImmutable)
            }
        }
    }

    private func tags(_ version: KeyVersionRecord, _ writer: inout JSONWriter) {
        guard !version.tags.isEmpty else { return }
        writer.member("tags") { writer in
            writer.object { writer in
                for (name, value) in version.tags.sorted(by: { $0.key < $1.key }) { writer.member(name, value) }
            }
        }
    }

    private func deletion(_ deletion: KeyDeletion, name: String, _ writer: inout JSONWriter) {
        writer.member("recoveryId", "\(context.host.baseURL)/deletedkeys/\(name)")
        writer.member("deletedDate", deletion.deletedAt)
        writer.member("scheduledPurgeDate", deletion.scheduledPurgeAt)
    }
}
