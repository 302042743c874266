import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// `securitydomain/download`: the officers receive their shares, which activates the pool.
enum SecurityDomainDownload {
    static let endpoints = [
        Endpoint(
            .post, "/securitydomain/download", operation: "SecurityDomainBackup",
            access: .dataAction(.securityDomainDownload, .root), phase: .unsealed,
            bodyLimit: DownloadRequest.maximumLength,
            handler: .asynchronous(download)),
        Endpoint(
            .get, "/securitydomain/download/pending", operation: "SecurityDomainBackupStatusGet",
            access: .dataAction(.securityDomainDownloadRead, .root), phase: .unsealed, isVersioned: false,
            whenAnonymous: .recorded, capability: isHonoured, handler: .asynchronous(status)),
    ]

    /// The file is in this one answer and nowhere else. The pool counts as activated only when its status has been
    /// asked for, so that a lost answer can be asked for again.
    @Sendable
    private static func download(_ context: RequestContext) async throws(APIError) -> APIResponse {
        guard let unsealed = context.services.custody.unsealed, let pool = context.view.state.pool else {
            throw .sealed
        }
        guard !context.view.phase.mayHoldKeys else {
            throw .forbidden(
                "The security domain has been delivered. New shares need the approval of a quorum of its officers.")
        }
        let officers = try officers(context.request.body, pinned: pool.pinnedOfficers)
        let made = try await context.compute { () throws(CryptoError) in
            let keyring = unsealed.keyring
            do {
                return try SecurityDomainFile.make(
                    root: keyring.root, formerRoots: [], identity: keyring.identity, officers: officers)
            } catch let error as CryptoError {
                throw error
            } catch {
                throw CryptoError.internalFailure("\(error)")
            }
        }
        let capability = Random.bytes(16)
        let command = PreparedSecurityDomain(
            generation: unsealed.keyring.identity.generation, keyring: nil, required: officers.required,
            officers: officers.certificates.map(\.der), commitments: made.commitments.map(\.digest),
            encryptedData: made.file.encryptedItems.json(), capabilityDigest: Digest.sha256(capability))
        _ = try await context.apply(.securityDomainPrepared(command))
        var response = APIResponse.object(status: 202) { writer in
            writer.member("value", String(decoding: made.file.json(), as: UTF8.self))
        }
        // Clients poll the address as it is, some of them without a token: hence the capability in it.
        let poll = "\(context.host.baseURL)/securitydomain/download/pending?op=\(Base64URL.encode(capability))"
        response.headers = [("azure-asyncoperation", poll), ("retry-after", "0")]
        return response
    }

    /// Seconds.
    private static let capabilityLifetime: Int64 = 3600

    @Sendable
    private static func isHonoured(_ capability: [UInt8], _ view: PoolView, _ now: Int64) -> Bool {
        guard let domain = view.state.securityDomain, now < domain.prepared + capabilityLifetime else { return false }
        return SecureCompare.equal(Digest.sha256(capability), domain.capabilityDigest)
    }

    private static func officers(_ body: [UInt8], pinned: [[UInt8]]) throws(APIError) -> Officers {
        do {
            let officers = try DownloadRequest.parse(body)
            if !pinned.isEmpty { try officers.check(pinned: pinned) }
            return officers
        } catch let error as SecurityDomainError {
            throw .badParameter("The security domain can't be made: \(error).")
        } catch {
            throw .badParameter("An officer's certificate can't be used: \(error).")
        }
    }

    @Sendable
    private static func status(_ context: RequestContext) async throws(APIError) -> APIResponse {
        guard let domain = context.view.state.securityDomain else {
            throw .notFound("SecurityDomainNotFound", "The security domain has not been downloaded yet.")
        }
        let isFirst = context.view.phase == .activating
        if isFirst { _ = try await context.apply(.securityDomainActivated(generation: domain.generation)) }
        var response = APIResponse.object { writer in
            writer.member("status", "Success")
            writer.member("status_details", "The security domain was delivered.")
        }
        response.audit.isRepetition = !isFirst
        return response
    }
}
