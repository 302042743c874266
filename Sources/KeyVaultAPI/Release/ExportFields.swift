import CryptographicModule
import PoolState
import RequestPipeline

/// The members `attributes.exportable` and `release_policy` of a request.
struct ExportFields {
    /// The policy as it is stored, and whether it is to stay as it is.
    struct Policy: Hashable {
        let stored: ReleasePolicy
        let isImmutable: Bool
    }

    let isExportable: Bool
    let policy: Policy?

    static let defaultContentType = "application/json; charset=utf-8"

    /// For a new version: whoever may take it out is decided now, and never again for more.
    ///
    /// - Parameter latest: the version that it follows. The protocol asks for a policy with a key's first version only:
    ///   an exportable one that brings none goes on with this one's.
    init(_ fields: Fields, _ attributes: AttributeFields, after latest: KeyVersionRecord?) throws(APIError) {
        isExportable = attributes.exportable ?? false
        let former = isExportable ? latest?.exportPolicy : nil
        policy = try Self.policy(fields) ?? former
        guard !isExportable || policy != nil else {
            throw .badParameter("The parameter 'attributes.exportable': an exportable key needs a 'release_policy'.")
        }
        guard isExportable || policy == nil else {
            throw .badParameter("The parameter 'release_policy' needs 'attributes.exportable' to be true.")
        }
    }

    /// What the key's header says of it; `nil` for a key that never leaves the pool.
    var terms: ExportTerms? { policy.map { $0.terms(isExportable: isExportable) } }

    /// `nil` where the request has no such member.
    ///
    /// - Parameter current: the key's, which says whether it stays as it is where the request doesn't.
    static func policy(_ fields: Fields, replacing current: Policy? = nil) throws(APIError) -> Policy? {
        guard let section = try fields.section("release_policy") else { return nil }
        let contentType = try section.string("contentType") ?? defaultContentType
        guard contentType.utf8.count <= 256, contentType.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
            throw .badParameter("The parameter 'release_policy.contentType' must be a media type.")
        }
        let bytes = try section.bytes("data")
        guard bytes.count <= PoolLimits.releasePolicyBytes else {
            throw .badParameter(
                "The parameter 'release_policy.data' has more than \(PoolLimits.releasePolicyBytes) bytes.")
        }
        let isImmutable = try section.bool("immutable") ?? current?.isImmutable ?? false
        do throws(ReleasePolicyDocument.Refusal) {
            let document = try ReleasePolicyDocument(parsing: bytes)
            return Policy(
                stored: ReleasePolicy(contentType: contentType, data: document.canonical), isImmutable: isImmutable)
        } catch {
            throw .badParameter("The parameter 'release_policy.data': \(error.reason).")
        }
    }
}

extension ExportFields.Policy {
    func terms(isExportable: Bool) -> ExportTerms {
        ExportTerms(
            isExportable: isExportable, policyDigest: Digest.sha256(stored.data), isPolicyImmutable: isImmutable)
    }
}

extension KeyVersionRecord {
    /// The policy by which this version may leave the pool; `nil` where it may not.
    var exportPolicy: ExportFields.Policy? {
        releasePolicy.map { ExportFields.Policy(stored: $0, isImmutable: header.releasePolicyImmutable) }
    }

    /// Under which terms this version may leave the pool; a new version made from it gets the same.
    var exportTerms: ExportTerms? {
        guard header.exportable || !header.releasePolicyDigest.isEmpty else { return nil }
        return ExportTerms(
            isExportable: header.exportable, policyDigest: header.releasePolicyDigest,
            isPolicyImmutable: header.releasePolicyImmutable)
    }
}
