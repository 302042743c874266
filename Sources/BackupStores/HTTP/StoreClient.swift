import AsyncHTTPClient
import Backup
import NIOCore
import NIOHTTP1
import NIOSSL

/// What a store's answer means.
enum StoreVerdict {
    case good
    /// The same request may succeed in a while.
    case mayPass(BackupStoreFault)
    case refused(BackupStoreFault)

    /// Content that isn't what was asked for.
    static var otherPart: StoreVerdict { .mayPass(.unreachable("its answer isn't the part that was asked for")) }
}

struct StoreAnswer {
    let status: Int
    let headers: HTTPHeaders
    let body: [UInt8]

    init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []) {
        (self.status, self.headers, self.body) = (status, headers, body)
    }

    /// Whether a server says of itself that it is better to come again.
    var mayPass: Bool { [408, 429, 500, 502, 503, 504].contains(status) }

    /// Whether the body is the part of an object that was asked for, but for what lies beyond the object's end; as far
    /// as the answer says what it is (RFC 9110, section 14.4). A part that is too short would pass for the end.
    func isPart(_ range: ClosedRange<UInt64>) -> Bool {
        let count = UInt64(body.count)
        let most = range.upperBound - range.lowerBound + 1
        guard let text = headers.first(name: "content-range") else { return count <= most }
        // bytes FIRST-LAST/LENGTH
        let words = text.split(whereSeparator: { " -/".contains($0) })
        guard words.count == 4, words[0] == "bytes", UInt64(words[1]) == range.lowerBound else { return false }
        // Of an object whose length isn't known.
        if words[3] == "*" { return count <= most }
        guard let length = UInt64(words[3]), length > range.lowerBound else { return false }
        return count == min(most, length - range.lowerBound)
    }
}

/// Content of an answer that isn't waited for any longer.
private enum AnswerFault: Error, CustomStringConvertible {
    case tooLong
    case tooSlow

    var description: String {
        switch self {
        case .tooLong: "its answer is longer than it may be"
        case .tooSlow: "its answer didn't end in time"
        }
    }
}

/// Connections that end with their last user: also where a node's start fails half-way.
private final class Connections: Sendable {
    let http: HTTPClient

    init(_ configuration: HTTPClient.Configuration) {
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Fails only where it was shut down before.
    deinit { _ = http.shutdown() as EventLoopFuture<Void> }
}

/// Requests to an object store, each repeated a few times where the failure may pass. URLs and headers may hold
/// credentials: they appear in no error.
struct StoreClient: Sendable {
    /// For an answer to a request that sends little.
    private static let seconds: Int64 = 60
    /// Of an answer that isn't content: forms and errors.
    static let formLimit = 64 << 10
    /// The longest pause before another attempt, in seconds, also where a server asks for more.
    private static let longestPause = 30

    /// How long an answer's content may take. Stores that put an object together send blanks for minutes meanwhile.
    static let longestContent = Duration.seconds(600)

    private let connections: Connections
    private let attempts: RequestAttempts
    private let longestContent: Duration
    private var http: HTTPClient { connections.http }

    /// - Parameters:
    ///   - tls: nil for the system's authorities.
    ///   - attempts: how often a request is sent at most.
    ///   - most: about as many bytes as a request sends at most.
    ///   - longest: how long an answer's content may take.
    init(
        tls: TLSConfiguration? = nil, attempts: RequestAttempts = .usual, sending most: Int = 0,
        content longest: Duration = StoreClient.longestContent
    ) {
        self.attempts = attempts
        longestContent = longest
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        // An answer is waited for from when the body waits to be sent, not from when it was.
        configuration.timeout = .init(connect: .seconds(10), read: .seconds(Self.patience(sending: most)))
        // A redirection could lead where the node must not go.
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        connections = Connections(configuration)
    }

    /// - Parameter authorityFile: PEM of the authorities to trust; nil for the system's.
    static func tls(authorityFile: String?) throws(BackupStoreFault) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        guard let authorityFile else { return tls }
        do {
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authorityFile))
        } catch {
            throw .authorityUnusable("\(authorityFile) can't be read as PEM certificates")
        }
        return tls
    }

    /// Fails only where it was shut down before.
    func shutdown() async { try? await http.shutdown() }

    /// How long an answer is waited for, in seconds: one more for each MiB that is sent before it.
    static func patience(sending bytes: Int) -> Int64 { seconds + Int64(bytes >> 20) }

    /// - Parameters:
    ///   - limit: the most bytes of an answer's body.
    ///   - count: bytes of the request's body.
    ///   - request: makes the request, anew for each attempt: dates, tokens and signatures are of their moment.
    ///   - judge: says what an answer means, whichever attempt it is of.
    func send(
        limit: Int = StoreClient.formLimit, sending count: Int = 0,
        _ request: () async throws(BackupStoreFault) -> HTTPClientRequest,
        judge: (StoreAnswer) -> StoreVerdict
    ) async throws(BackupStoreFault) -> StoreAnswer {
        var last = BackupStoreFault.unreachable("it was not tried")
        var pause = 0
        for attempt in 0..<attempts.count {
            if attempt > 0 { try await wait(milliseconds: max(Self.pause(before: attempt), pause)) }
            let made = try await request()
            let answer: StoreAnswer
            do {
                answer = try await self.answer(to: made, limit: limit, seconds: Self.patience(sending: count))
            } catch {
                (last, pause) = (.unreachable(Self.words(error)), 0)
                continue
            }
            switch judge(answer) {
            case .good: return answer
            case .refused(let fault): throw fault
            case .mayPass(let fault): (last, pause) = (fault, Self.askedPause(answer))
            }
        }
        throw last
    }

    /// In milliseconds: half a second, and twice as long each time.
    static func pause(before attempt: Int) -> Int { min(250 << min(attempt, 16), longestPause * 1000) }

    /// What the server asks for by `Retry-After`, in milliseconds.
    private static func askedPause(_ answer: StoreAnswer) -> Int {
        guard let seconds = answer.headers.first(name: "retry-after").flatMap({ Int($0) }) else { return 0 }
        return min(max(seconds, 0), longestPause) * 1000
    }

    private func wait(milliseconds: Int) async throws(BackupStoreFault) {
        do {
            try await Task.sleep(for: .milliseconds(milliseconds))
        } catch {
            throw .failed("the job was cancelled")
        }
    }

    private func answer(
        to request: HTTPClientRequest, limit: Int, seconds: Int64
    ) async throws -> StoreAnswer {
        let response = try await http.execute(request, timeout: .seconds(seconds))
        let end = ContinuousClock.now + longestContent
        var body: [UInt8] = []
        // A store that sends a byte now and then would hold a job for ever: the client's own limit is for a pause.
        for try await piece in response.body {
            guard body.count + piece.readableBytes <= limit else { throw AnswerFault.tooLong }
            guard ContinuousClock.now < end else { throw AnswerFault.tooSlow }
            body.append(contentsOf: piece.readableBytesView)
        }
        return StoreAnswer(status: Int(response.status.code), headers: response.headers, body: body)
    }

    private static func words(_ error: any Error) -> String { words(describing: "\(error)") }

    /// What a connection's failure means, told by the libraries' text: their error types aren't public everywhere.
    ///
    /// - Returns: their name of it where it is another; their texts hold no URL, but may be long.
    static func words(describing text: String) -> String {
        func has(_ names: String...) -> Bool { names.contains { text.contains($0) } }
        if has("CERTIFICATE_VERIFY_FAILED", "unableToValidateCertificate", "noCertificateToValidate") {
            return "its certificate has expired, isn't valid yet, or wasn't signed by an authority that the node "
                + "trusts. Look at its dates, or name the right authority by 'authority_file' under 'backups' in the "
                + "node's file"
        }
        if has("failedToValidateHostname") {
            return "its certificate is for another host. Name the host as its certificate does, or have one issued for "
                + "this name"
        }
        return String(text.prefix(200))
    }
}
