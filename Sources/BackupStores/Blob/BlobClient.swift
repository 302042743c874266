import AsyncHTTPClient
import Backup
import NIOCore
import NIOHTTP1
import NIOSSL

/// Requests to a blob service, each repeated a few times where the failure may pass. URLs hold the token: they appear
/// in no error.
struct BlobClient: Sendable {
    private static let serviceVersion = "2021-12-02"
    private static let attempts = 5
    private static let seconds: Int64 = 60

    private let http: HTTPClient

    init(tls: TLSConfiguration) {
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.timeout = .init(connect: .seconds(10), read: .seconds(30))
        // A redirection could lead where the node must not go.
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Fails only where it was shut down before.
    func shutdown() async { try? await http.shutdown() }

    /// - Parameter what: what is written to, for errors.
    func put(
        _ url: String, _ body: [UInt8], what: String, onlyIfNew: Bool = false
    ) async throws(BackupStoreFault) {
        var request = HTTPClientRequest(url: url)
        request.method = .PUT
        if onlyIfNew { request.headers.add(name: "if-none-match", value: "*") }
        request.body = .bytes(ByteBuffer(bytes: body))
        _ = try await send(request, what: what, limit: 64 << 10) { $0 == 201 }
    }

    /// - Returns: fewer bytes than the range has only where the object ends.
    func get(_ url: String, range: ClosedRange<UInt64>, what: String) async throws(BackupStoreFault) -> [UInt8] {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "range", value: "bytes=\(range.lowerBound)-\(range.upperBound)")
        let count = Int(range.upperBound - range.lowerBound) + 1
        let answer = try await send(request, what: what, limit: count) { $0 == 206 || $0 == 416 }
        return answer.status == 416 ? [] : answer.body
    }

    private struct Answer {
        let status: Int
        let code: String
        let body: [UInt8]
    }

    private func send(
        _ request: HTTPClientRequest, what: String, limit: Int, isGood: (Int) -> Bool
    ) async throws(BackupStoreFault) -> Answer {
        var request = request
        request.headers.add(name: "x-ms-version", value: Self.serviceVersion)
        request.headers.add(name: "user-agent", value: "quorate")
        var last = BackupStoreFault.unreachable("it was not tried")
        for attempt in 0..<Self.attempts {
            if attempt > 0 { try await pause(attempt) }
            do {
                let answer = try await answer(to: request, limit: limit)
                if isGood(answer.status) { return answer }
                last = Self.fault(answer, what)
                // A repetition of what took effect although its answer was lost.
                if attempt > 0, case .exists = last { return answer }
                guard Self.mayPass(answer.status) else { throw last }
            } catch let fault as BackupStoreFault {
                throw fault
            } catch {
                last = .unreachable(Self.words(error))
            }
        }
        throw last
    }

    private func pause(_ attempt: Int) async throws(BackupStoreFault) {
        do {
            try await Task.sleep(for: .milliseconds(250 << attempt))
        } catch {
            throw .failed("the job was cancelled")
        }
    }

    private func answer(to request: HTTPClientRequest, limit: Int) async throws -> Answer {
        let response = try await http.execute(request, timeout: .seconds(Self.seconds))
        let status = Int(response.status.code)
        // What the service says in an error's body is for its own people; its code says enough.
        let body = status == 206 ? Array((try await response.body.collect(upTo: limit)).readableBytesView) : []
        return Answer(status: status, code: Self.code(response.headers, status), body: body)
    }

    /// The service's own word for what went wrong, where it is a word.
    private static func code(_ headers: HTTPHeaders, _ status: Int) -> String {
        let word = headers.first(name: "x-ms-error-code") ?? ""
        let isWord = (1...64).contains(word.utf8.count)
            && word.utf8.allSatisfy { (0x41...0x5a).contains($0 & 0xdf) || (0x30...0x39).contains($0) }
        return isWord ? "\(status) \(word)" : "status \(status)"
    }

    private static func mayPass(_ status: Int) -> Bool { [408, 429, 500, 502, 503, 504].contains(status) }

    private static func fault(_ answer: Answer, _ what: String) -> BackupStoreFault {
        switch answer.status {
        case 401, 403: .denied(answer.code)
        case 404: .notFound(what)
        case 409 where answer.code.contains("Exists"), 412: .exists("backup of this name")
        case 507: .full
        default: mayPass(answer.status) ? .unreachable(answer.code) : .failed(answer.code)
        }
    }

    /// - Returns: the library's name of the failure; its types' texts hold no URL, but may be long.
    private static func words(_ error: any Error) -> String {
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") { return "its certificate isn't signed by a trusted authority" }
        return String(text.prefix(200))
    }
}
