import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// A new key-encryption key for the pool. It takes over at once; the node that leads then seals every stored key anew.
enum KeyEncryptionEndpoints {
    private static let path = "/quorate/v1/key-encryption"

    static let endpoints = [
        Endpoint(
            .get, path, operation: "KeyEncryptionGet", access: .dataAction(.settingsRead, .root), phase: .unsealed,
            isVersioned: false, handler: .inline(status)),
        Endpoint(
            .post, path, operation: "KeyEncryptionRotate", access: .dataAction(.securityDomainDownload, .root),
            isVersioned: false, handler: .asynchronous(rotate)),
    ]

    @Sendable
    private static func status(_ context: RequestContext) throws(APIError) -> APIResponse {
        guard let keyring = context.services.custody.unsealed?.keyring else { throw .sealed }
        return answer(context.view.state, sealing: keyring.kek.id)
    }

    @Sendable
    private static func rotate(_ context: RequestContext) async throws(APIError) -> APIResponse {
        guard let keyring = context.services.custody.unsealed?.keyring, let pool = context.view.state.pool else {
            throw .sealed
        }
        guard keyring.sealed.encode() == pool.keyring else {
            throw .conflict("This node is about to follow a change of the pool's keys. Ask again.")
        }
        let schedule = context.view.state.backupPlan?.schedule
        let (next, token) = try await context.compute { () throws(CryptoError) in
            do {
                let next = try keyring.withNewKeyEncryptionKey()
                guard let schedule, !schedule.sealedToken.isEmpty else { return (next, [UInt8]()) }
                let token = try keyring.openJobToken(schedule.sealedToken, job: schedule.id)
                return (next, try next.sealJobToken(token, job: schedule.id))
            } catch let error as CryptoError {
                throw error
            } catch {
                throw CryptoError.internalFailure("\(error)")
            }
        }
        let rotation = KeyEncryptionRotation(
            base: Digest.sha256(pool.keyring), keyring: next.sealed.encode(), former: keyring.kek.id,
            current: next.kek.id, schedule: token.isEmpty ? [] : schedule?.id ?? [], scheduleToken: token)
        let committed = try await context.submit(.rotateKeyEncryption(rotation))
        if case .refused(let refusal) = committed.outcome { throw APIError(keyEncryption: refusal) }
        return answer(committed.view.state, sealing: next.kek.id, status: 202)
    }

    /// - Parameter sealing: the key that seals now; the state knows none before the first change.
    private static func answer(_ state: PoolState, sealing: [UInt8], status: Int = 200) -> APIResponse {
        .object(status: status) { writer in
            let keys = state.keyEncryption
            writer.member("current", Hexadecimal.encode(keys?.current ?? sealing))
            writer.member("underWay", keys?.isUnderWay ?? false)
            guard let keys else { return }
            if keys.isUnderWay { writer.member("former", Hexadecimal.encode(keys.former)) }
            writer.member("began", keys.began)
            if let ended = keys.ended { writer.member("ended", ended) }
            writer.member("rewrapped", keys.rewrapped)
        }
    }
}

extension APIError {
    /// A refusal to change the key-encryption key, with what to do.
    fileprivate init(keyEncryption refusal: Refusal) {
        switch refusal {
        case .keyEncryptionChangeUnderWay:
            self = .conflict("The key-encryption key is being changed already; it ends by itself.")
        case .rootChangeUnderWay:
            self = .conflict("A change of the root is under way. Finish it, or abort it.")
        case .jobRunning: self = .conflict("A backup or restore is under way. Ask again when it has ended.")
        case .keyEncryptionSuperseded, .invalidKeyEncryption:
            // The latter where the key that was to be replaced has been meanwhile.
            self = .conflict("The pool's keys were changed meanwhile. Ask again.")
        case .notActivated: self = .conflict("The pool has no officers yet: its first download makes them.")
        default: self = .unexpected(refusal)
        }
    }
}
