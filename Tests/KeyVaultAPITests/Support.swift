import AccessControl
import Backup
import BackupStores
import CryptographicModule
import HTTPTransport
import KeyVaultAPI
import ManagementAPI
import PoolState
import RequestPipeline
import RequestTesting
import SecurityDomain
import StrictJSON
import Testing

/// All endpoints, on a node that answers questions about itself from memory.
enum API {
    struct Node: NodeControl {
        func health() -> NodeHealth {
            NodeHealth(
                node: "node-1", role: "leader", isSealed: true, phase: "activated", term: 3, leader: "node-1",
                commitIndex: 9, appliedIndex: 7)
        }

        func members() async -> [MemberHealth] {
            [
                MemberHealth(
                    node: 1, name: "node-1", endpoint: TestPool.base, role: "leader", isSealed: nil, appliedIndex: 7,
                    version: "1.2.3", knownVersion: .newest, silentForMilliseconds: 12)
            ]
        }

        func unsealInvitation() async throws(UnsealRequestRefusal) -> CeremonyInvitation {
            throw UnsealRequestRefusal("The node is not sealed.", isConflict: true)
        }

        func acceptShare(_ envelope: [UInt8]) async throws(UnsealRequestRefusal) -> UnsealProgress {
            guard envelope == [1, 2, 3] else { throw UnsealRequestRefusal("The share is damaged.") }
            return UnsealProgress(officers: 1, required: 2, isUnsealed: false)
        }

        func recoveryInvitation() async throws(UnsealRequestRefusal) -> CeremonyInvitation {
            throw UnsealRequestRefusal("Node 1 leads a majority.", isConflict: true)
        }

        func store() async -> Bool { true }

        func unsealTranscript(of node: UInt64, code: String) async throws(UnsealRequestRefusal) -> [UInt8] {
            guard node == 2 else { throw UnsealRequestRefusal("Node \(node) doesn't wait.", isConflict: true) }
            guard code == "12345678" else { throw UnsealRequestRefusal("The code isn't that of node 2.") }
            return [UInt8](repeating: 7, count: 32)
        }

        func autoUnseal() -> AutoUnsealStanding { .unavailable("There is no token 'quorate'.") }

        func seal(evenTheLast: Bool) async throws(UnsealRequestRefusal) {
            guard evenTheLast else { throw UnsealRequestRefusal("This is the last unsealed node.", isConflict: true) }
        }

        func beginRestoration(_ outline: [UInt8]) async throws(UnsealRequestRefusal) -> CeremonyInvitation {
            throw UnsealRequestRefusal("The security domain can't be read.")
        }

        func restorationInvitation() async throws(UnsealRequestRefusal) -> CeremonyInvitation {
            throw UnsealRequestRefusal("Nothing is brought.", isConflict: true)
        }

        func acceptRestorationShare(
            _ envelope: [UInt8], certificate: [UInt8]
        ) async throws(UnsealRequestRefusal) -> UnsealProgress {
            try await acceptShare(envelope)
        }

        func acceptRecoveryShare(_ envelope: [UInt8]) async throws(UnsealRequestRefusal) -> UnsealProgress {
            try await acceptShare(envelope)
        }
    }

    /// A node that is allowed no place for backups.
    static let backups = BackupDesk(node: 1, stores: ConfiguredStores(), source: MemoryState(nil))
    static let endpoints = endpoints(restoring: UnsealedNode())

    static func endpoints(restoring: any SecurityDomainRestoring) -> [Endpoint] {
        KeyVaultEndpoints.all(restoring: restoring, backups: backups) + ManagementEndpoints.all(node: Node())
    }

    /// A node to which nothing can be uploaded.
    struct UnsealedNode: SecurityDomainRestoring {
        private let refusal = RestoringRefusal("The node is unsealed.", isConflict: true)
        let restoring: RestoringStatus? = nil

        func transferKey(now: Int64) async throws(RestoringRefusal) -> ExchangeKey { throw refusal }
        func restore(_ blob: RestoreBlob, capability: [UInt8], now: Int64) async throws(RestoringRefusal) {
            throw refusal
        }
        func isHonoured(capability: [UInt8], now: Int64) -> Bool { false }
    }
}

extension TestPool {
    /// Creates a key as the user and returns the answer's `key` member.
    @discardableResult
    func create(_ name: String, _ body: String = #"{"kty":"EC"}"#) async throws -> JSONObject {
        let answer = try await call(.user, .post, "/keys/\(name)/create", body)
        guard answer.status == 200, let key = answer.json?.object("key") else {
            throw TestFailure("create: \(answer.text)")
        }
        return key
    }

    /// The version that a key identifier ends in.
    func version(_ key: JSONObject) -> String {
        (key.string("kid") ?? "").split(separator: "/").last.map(String.init) ?? ""
    }

    func expectRefusal(
        _ method: HTTPMethod, _ path: String, _ body: String = "", status: Int = 400, code: String = "BadParameter",
        inner: String? = nil, says text: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await call(.user, method, path, body)
        let comment = Comment(rawValue: "\(method) \(path) \(body.prefix(200)) -> \(answer.status) \(answer.text)")
        #expect(answer.status == status, comment, sourceLocation: sourceLocation)
        #expect(answer.code == code && answer.innerCode == inner, comment, sourceLocation: sourceLocation)
        #expect(answer.message.contains(text), comment, sourceLocation: sourceLocation)
        #expect(answer.header("retry-after") == nil, comment, sourceLocation: sourceLocation)
    }
}

/// A digest of a length, in base64url.
func digest(_ length: Int, _ fill: UInt8 = 7) -> String {
    Base64URL.encode([UInt8](repeating: fill, count: length))
}
