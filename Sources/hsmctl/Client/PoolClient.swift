import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import StrictJSON

/// Talks to a pool: finds a node that answers, gets a token, sends requests.
final class PoolClient {
    static let apiVersion = "2025-07-01"

    private let http: HTTPClient
    private let endpoints: [String]
    private let authorityFile: String?
    private let credentials: (() throws -> Credentials)?
    private var token: String?

    struct Answer {
        let status: Int
        let body: JSONObject
        let headers: HTTPHeaders
        let endpoint: String
    }

    /// Runs `body` with a client and closes it afterwards, whatever happens.
    static func with<Result>(
        _ options: ConnectionOptions, authenticated: Bool = true, _ body: (PoolClient) async throws -> Result
    ) async throws -> Result {
        let client = try PoolClient(options, authenticated: authenticated)
        do {
            let result = try await body(client)
            try await client.http.shutdown()
            return result
        } catch {
            try? await client.http.shutdown()
            throw error
        }
    }

    private init(_ options: ConnectionOptions, authenticated: Bool) throws {
        endpoints = try options.endpoints
        authorityFile = options.authorityFile
        credentials = authenticated ? { try options.credentials() } : nil
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let file = options.authorityFile {
            guard FileManager.default.isReadableFile(atPath: file) else {
                throw ClientError.usage("The authority file \(file) can't be read.")
            }
            tls.trustRoots = .file(file)
        }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.timeout = .init(connect: .seconds(3), read: .seconds(60))
        configuration.redirectConfiguration = .disallow
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    var allEndpoints: [String] { endpoints }

    // MARK: Requests

    /// Sends an authenticated request to the first node that answers and returns its JSON object.
    func send(
        _ method: HTTPMethod, _ path: String, query: [(String, String)] = [], body: ((inout JSONWriter) -> Void)? = nil
    ) async throws -> Answer {
        var lastFailure = "no endpoint"
        for endpoint in endpoints {
            do {
                let answer = try await send(method, path, query: query, body: body, to: endpoint)
                guard answer.status == 503, endpoint != endpoints.last else { return try Self.check(answer) }
                lastFailure = Self.message(of: answer)
            } catch let error as ClientError {
                throw error
            } catch {
                lastFailure = explain(error, endpoint)
            }
        }
        throw ClientError.unavailable(lastFailure)
    }

    /// Sends a request to one node; any status is returned.
    func send(
        _ method: HTTPMethod, _ path: String, query: [(String, String)] = [], body: ((inout JSONWriter) -> Void)? = nil,
        to endpoint: String
    ) async throws -> Answer {
        var url = endpoint + path
        let parameters = [("api-version", Self.apiVersion)] + query
        url += "?" + parameters.map { "\($0)=\(Self.escape($1))" }.joined(separator: "&")
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.headers.add(name: "user-agent", value: "hsmctl")
        if credentials != nil {
            request.headers.add(name: "authorization", value: "Bearer \(try await accessToken(from: endpoint))")
        }
        if let body {
            var writer = JSONWriter()
            writer.object(body)
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(writer.bytes)
        }
        return try await execute(request, endpoint)
    }

    private func execute(_ request: HTTPClientRequest, _ endpoint: String) async throws -> Answer {
        let response = try await http.execute(request, timeout: .seconds(60))
        let bytes = Array((try await response.body.collect(upTo: 16 << 20)).readableBytesView)
        var object = JSONObject()
        if !bytes.isEmpty,
            case .object(let parsed)? = try? JSONReader.parse(bytes, limits: .init(depth: 32, members: 4096))
        {
            object = parsed
        }
        return Answer(status: Int(response.status.code), body: object, headers: response.headers, endpoint: endpoint)
    }

    // MARK: Token

    private func accessToken(from endpoint: String) async throws -> String {
        if let token { return token }
        guard let credentials else { throw ClientError.usage("This command needs credentials.") }
        let pair = try credentials()
        let form = [
            ("grant_type", "client_credentials"), ("client_id", pair.clientID), ("client_secret", pair.secret),
            ("scope", "\(Self.audience(of: endpoint))/.default"),
        ]
        var request = HTTPClientRequest(url: endpoint + "/adfs/oauth2/token")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
        request.body = .bytes(Array(form.map { "\($0)=\(Self.escape($1))" }.joined(separator: "&").utf8))
        let answer = try await execute(request, endpoint)
        guard answer.status == 200, let token = answer.body.text("access_token") else {
            if answer.status == 503 { throw TokenUnavailable(message: Self.message(of: answer)) }
            let reason = answer.body.text("error_description") ?? Self.message(of: answer)
            throw ClientError.denied("The node refused the credentials: \(reason)")
        }
        self.token = token
        return token
    }

    /// A node that can't issue tokens now (it is sealed): another may.
    private struct TokenUnavailable: Error, CustomStringConvertible {
        let message: String
        var description: String { message }
    }

    /// The audience that a node's challenge names: its host without the first label.
    private static func audience(of endpoint: String) -> String {
        let host = String(endpoint.dropFirst("https://".count))
        guard let dot = host.firstIndex(of: "."), host.firstIndex(of: ":").map({ dot < $0 }) ?? true else {
            return endpoint
        }
        return "https://" + host[host.index(after: dot)...]
    }

    // MARK: Failures

    private static func check(_ answer: Answer) throws -> Answer {
        switch answer.status {
        case 200..<300: return answer
        case 401, 403: throw ClientError.denied(message(of: answer))
        case 404: throw ClientError.notFound(message(of: answer))
        case 503, 429: throw ClientError.unavailable(message(of: answer))
        default: throw ClientError.refused(message(of: answer))
        }
    }

    static func message(of answer: Answer) -> String {
        guard case .object(let error)? = answer.body["error"] else {
            return "\(answer.endpoint) answered \(answer.status)"
        }
        return "(\(error.text("code") ?? "?")) \(error.text("message") ?? "status \(answer.status)")"
    }

    private func explain(_ error: any Error, _ endpoint: String) -> String {
        if let unavailable = error as? TokenUnavailable { return unavailable.message }
        let text = "\(error)"
        guard text.contains("CERTIFICATE_VERIFY_FAILED") || text.contains("handshakeFailed") else {
            return "\(endpoint) can't be reached: \(text)"
        }
        let authority = authorityFile.map { "'\($0)'" } ?? "the system's authorities"
        return "\(endpoint) shows a certificate that \(authority) did not sign. "
            + "Name the right authority with --ca or QUORATE_CA."
    }

    static func escape(_ text: String) -> String {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~")
        return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? text
    }
}

extension JSONObject {
    func text(_ name: String) -> String? {
        if case .string(let text)? = self[name] { text } else { nil }
    }

    func number(_ name: String) -> Int64? {
        if case .integer(let number)? = self[name] { number } else { nil }
    }

    func flag(_ name: String) -> Bool? {
        if case .bool(let flag)? = self[name] { flag } else { nil }
    }

    func object(_ name: String) -> JSONObject? {
        if case .object(let object)? = self[name] { object } else { nil }
    }

    func objects(_ name: String) -> [JSONObject] {
        guard case .array(let elements)? = self[name] else { return [] }
        return elements.compactMap { if case .object(let object) = $0 { object } else { nil } }
    }
}
