import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import StrictJSON

/// What a node answered.
struct Answer {
    let status: Int
    let body: JSONObject
    let headers: HTTPHeaders
    let endpoint: String

    /// The service's own words, or the bare status.
    var message: String {
        guard let error = body.object("error") else { return "status \(status)" }
        return "(\(error.text("code") ?? "?")) \(error.text("message") ?? "status \(status)")"
    }
}

/// HTTPS to single nodes. A node that isn't there costs the connect timeout once, and nothing where it refuses.
struct Transport: Sendable {
    private let http: HTTPClient
    private let authorityFile: String?
    private let connectSeconds: Int

    /// How long an answer may take. The node itself gives up on a write after 10 s.
    static let answerSeconds: Int64 = 60
    /// For questions that a node answers from memory.
    static let healthSeconds: Int64 = 3

    /// Bytes. The assignments of roles come in one answer, ten for each key and more.
    private static let longestAnswer = 1 << 29
    private static let limits = JSONReader.Limits(depth: 32, members: 1 << 21)

    /// - Parameter answerSeconds: the longest that any request may wait.
    init(_ options: ConnectionOptions, answerSeconds: Int64 = answerSeconds) throws {
        authorityFile = options.authorityFile
        connectSeconds = try options.connectSeconds
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let file = options.authorityFile {
            let pem = try Files.read(file)
            guard let authorities = try? NIOSSLCertificate.fromPEMBytes(pem), !authorities.isEmpty else {
                throw ClientError.usage("The authority file \(file) holds no PEM certificates.")
            }
            tls.trustRoots = .certificates(authorities)
        }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.timeout = .init(
            connect: .seconds(Int64(connectSeconds)), read: .seconds(answerSeconds))
        configuration.redirectConfiguration = .disallow
        // Another node is a better answer to a failed connection than another attempt.
        configuration.connectionPool.retryConnectionEstablishment = false
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func shutdown() async { try? await http.shutdown() }

    /// - Throws: ``NodeFailure`` when there is no answer.
    func execute(
        _ request: HTTPClientRequest, _ endpoint: String, seconds: Int64 = answerSeconds
    ) async throws -> Answer {
        var request = request
        request.headers.add(name: "user-agent", value: "hsmctl/\(HSMControl.version)")
        do {
            let response = try await http.execute(request, timeout: .seconds(seconds))
            let bytes = Array((try await response.body.collect(upTo: Self.longestAnswer)).readableBytesView)
            let status = Int(response.status.code)
            var object = JSONObject()
            if case .object(let parsed)? = try? JSONReader.parse(bytes, limits: Self.limits) {
                object = parsed
            } else if !bytes.isEmpty, (200..<300).contains(status) {
                // An error may be a proxy's, and its status says enough. Success without what was asked for is none.
                throw NodeFailure(
                    endpoint: endpoint, cause: .interrupted("its answer isn't a JSON object: is it a node?"))
            }
            return Answer(status: status, body: object, headers: response.headers, endpoint: endpoint)
        } catch is CancellationError {
            throw CancellationError()
        } catch let failed as NodeFailure {
            throw failed
        } catch {
            throw failure(error, endpoint, seconds: seconds)
        }
    }

    /// What the node says of itself to anybody.
    func health(_ endpoint: String) async throws -> JSONObject {
        let request = HTTPClientRequest(url: endpoint + "/quorate/v1/health")
        let answer = try await execute(request, endpoint, seconds: Self.healthSeconds)
        guard answer.status == 200, answer.body.text("node") != nil else {
            throw NodeFailure(endpoint: endpoint, cause: .unavailable(answer.message))
        }
        return answer.body
    }

    /// Asks several nodes at the same time; results are in the order of the endpoints.
    func healths(_ endpoints: [String]) async -> [(endpoint: String, health: Result<JSONObject, any Error>)] {
        // Tasks of their own, not a group that gives back numbered results: an optimised build (Swift 6.3.1) has read
        // numbers from it that no task had given.
        let asked = endpoints.map { endpoint in (endpoint, Task { try await health(endpoint) }) }
        var found: [(endpoint: String, health: Result<JSONObject, any Error>)] = []
        for (endpoint, task) in asked { found.append((endpoint, await task.result)) }
        return found
    }

    // MARK: Failures

    private func failure(_ error: any Error, _ endpoint: String, seconds: Int64) -> NodeFailure {
        let cause = ConnectionTrouble(describing: "\(error)")
        let authority = authorityFile.map { "'\($0)'" } ?? "the system's authorities"
        let reason: NodeFailure.Cause =
            switch cause {
            case .untrusted:
                .untrusted(
                    "its certificate isn't valid for this: it has expired, isn't valid yet, or was not signed by "
                        + "\(authority). Look at its dates, or name the right authority with --ca or QUORATE_CA.")
            case .otherName:
                .untrusted(
                    "its certificate is for another host. Name the node as its certificate does, or have one issued "
                        + "for this name or address.")
            case .refused: .unreachable("connection refused")
            case .noAnswer: .unreachable("no answer within \(connectSeconds) s")
            case .unknownHost: .unreachable("the host name isn't known")
            case .noRoute: .unreachable("there is no route to the host")
            case .notTLS: .unreachable("it doesn't speak TLS there")
            case .closed:
                .unreachable(
                    "it closed the connection before TLS was there: it takes no more connections from this address, "
                        + "or it stops just now, or it doesn't speak TLS")
            case .slow: .interrupted("no answer to the request within \(seconds) s")
            case .broken(let text): .interrupted("the connection broke: \(text)")
            }
        return NodeFailure(endpoint: endpoint, cause: reason)
    }
}

/// What a connection's failure means, told by the libraries' texts: their error types aren't public everywhere.
enum ConnectionTrouble: Hashable {
    case untrusted, otherName, refused, noAnswer, unknownHost, noRoute, notTLS, closed
    /// The request may have been carried out.
    case slow
    /// Likewise.
    case broken(String)

    init(describing text: String) {
        func has(_ words: String...) -> Bool { words.contains { text.localizedCaseInsensitiveContains($0) } }
        if has("CERTIFICATE_VERIFY_FAILED", "unableToValidateCertificate", "noCertificateToValidate") {
            self = .untrusted
        } else if has("failedToValidateHostname") {
            self = .otherName
        } else if has("connection refused", "errno: 111") {
            self = .refused
        } else if has("connectTimeout", "tlsHandshakeTimeout") {
            self = .noAnswer
        } else if has("no route", "unreachable", "errno: 113", "errno: 101") {
            self = .noRoute
        } else if has("SocketAddressError", "unknown(host", "getaddrinfo", "dnsAError: Optional") {
            self = .unknownHost
        } else if has("EOF during handshake") {
            self = .closed
        } else if has("WRONG_VERSION_NUMBER", "handshakeFailed") {
            self = .notTLS
        } else if has("deadlineExceeded", "readTimeout") {
            self = .slow
        } else {
            self = .broken(text)
        }
    }
}
