import AsyncHTTPClient
import Backup
import NIOCore
import NIOHTTP1

/// What opens a container.
enum BlobAccess: Sendable {
    /// A shared access signature: a part of the URL's query.
    case signature(String)
    case identity(ManagedIdentity)
}

/// Requests to a blob service. URLs may hold the token: they appear in no error.
struct BlobClient: Sendable {
    /// Of the protocol.
    private static let serviceVersion = "2021-12-02"
    /// Names of metadata have neither `-` nor `.`.
    private static let markHeader = "x-ms-meta-quorateupload"

    let store: StoreClient
    let access: BlobAccess
    /// The moment of an attempt.
    var now: @Sendable () -> StoreMoment = { .now() }

    /// - Parameters:
    ///   - query: of the operation; nothing in it needs escaping.
    ///   - what: what is written to, for errors.
    ///   - mark: what makes a blob of this, never over one that is there; nil for a block.
    func put(
        _ url: String, query: String, _ body: [UInt8], what: String, asNew mark: String? = nil
    ) async throws(BackupStoreFault) {
        _ = try await send(url, query: query, what: what, sending: body.count, isNew: mark != nil) {
            $0.method = .PUT
            if let mark {
                $0.headers.add(name: "if-none-match", value: "*")
                $0.headers.add(name: Self.markHeader, value: mark)
            }
            $0.body = .bytes(ByteBuffer(bytes: body))
        } isGood: {
            $0.status == 201
        }
    }

    /// What the blob was marked with when it was written; nil where there is none.
    func mark(of url: String, what: String) async throws(BackupStoreFault) -> String? {
        let answer = try await send(url, what: what) { $0.method = .HEAD } isGood: {
            $0.status == 200 || $0.status == 404
        }
        return answer.status == 200 ? answer.headers.first(name: Self.markHeader) : nil
    }

    /// - Returns: fewer bytes than the range has only where the object ends.
    func get(_ url: String, range: ClosedRange<UInt64>, what: String) async throws(BackupStoreFault) -> [UInt8] {
        let count = Int(range.upperBound - range.lowerBound) + 1
        let answer = try await send(url, what: what, limit: max(count, StoreClient.formLimit)) {
            $0.headers.add(name: "range", value: "bytes=\(range.lowerBound)-\(range.upperBound)")
        } isGood: {
            ($0.status == 206 && $0.isPart(range)) || $0.status == 416
        }
        return answer.status == 416 ? [] : answer.body
    }

    /// Does nothing where there is none.
    func remove(_ url: String, what: String) async throws(BackupStoreFault) {
        _ = try await send(url, what: what) { $0.method = .DELETE } isGood: {
            $0.status == 202 || $0.status == 404
        }
    }

    private func send(
        _ url: String, query: String? = nil, what: String, limit: Int = StoreClient.formLimit, sending count: Int = 0,
        isNew: Bool = false, _ fill: (inout HTTPClientRequest) -> Void, isGood: (StoreAnswer) -> Bool
    ) async throws(BackupStoreFault) -> StoreAnswer {
        do throws(BackupStoreFault) {
            return try await store.send(limit: limit, sending: count) { () async throws(BackupStoreFault) in
                try await request(url, query: query, fill)
            } judge: { answer in
                isGood(answer) ? .good : verdict(answer, what, isNew: isNew)
            }
        } catch {
            if case .denied = error, case .identity(let identity) = access { await identity.forget() }
            throw error
        }
    }

    /// A request of this moment: after the pauses between attempts a date may be too old for the service, and a token
    /// may have expired.
    private func request(
        _ url: String, query: String?, _ fill: (inout HTTPClientRequest) -> Void
    ) async throws(BackupStoreFault) -> HTTPClientRequest {
        var parts = query.map { [$0] } ?? []
        var bearer: String?
        switch access {
        case .signature(let token): parts.append(token)
        case .identity(let identity): bearer = try await identity.token()
        }
        var request = HTTPClientRequest(url: parts.isEmpty ? url : "\(url)?\(parts.joined(separator: "&"))")
        fill(&request)
        request.headers.add(name: "x-ms-version", value: Self.serviceVersion)
        request.headers.add(name: "x-ms-date", value: now().http)
        request.headers.add(name: "user-agent", value: "quorate")
        if let bearer { request.headers.add(name: "authorization", value: "Bearer \(bearer)") }
        return request
    }

    private func verdict(_ answer: StoreAnswer, _ what: String, isNew: Bool) -> StoreVerdict {
        let code = Self.code(answer)
        switch answer.status {
        case 206: return .otherPart
        case 401, 403: return .refused(.denied(code, of: credential))
        case 404: return .refused(.notFound(what))
        case 409 where isNew && code.contains("Exists"), 412 where isNew: return .refused(.exists("blob of this name"))
        case 507: return .refused(.full)
        default: return answer.mayPass ? .mayPass(.unreachable(code)) : .refused(.failed(code))
        }
    }

    private var credential: BackupCredential {
        switch access {
        case .signature: .token
        case .identity: .identity
        }
    }

    /// The service's own word for what went wrong, where it is a word.
    private static func code(_ answer: StoreAnswer) -> String {
        let word = answer.headers.first(name: "x-ms-error-code") ?? ""
        let isWord = (1...64).contains(word.utf8.count)
            && word.utf8.allSatisfy { (0x41...0x5a).contains($0 & 0xdf) || (0x30...0x39).contains($0) }
        return isWord ? "\(answer.status) \(word)" : "status \(answer.status)"
    }
}
