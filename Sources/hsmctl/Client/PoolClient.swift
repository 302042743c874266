import AsyncHTTPClient
import Foundation
import NIOHTTP1
import StrictJSON

/// Talks to a pool: finds a node that answers, gets a token, sends requests.
final class PoolClient {
    static let apiVersion = "2025-07-01"

    let transport: Transport
    let endpoints: [String]
    private let credentials: (() throws -> Credentials)?
    private var token: String?
    /// The node that issued it.
    private var tokenIssuer: String?
    /// The node that answered last is asked first.
    private var order: [String]

    typealias Body = (inout JSONWriter) -> Void

    /// Runs `body` with a client and closes it afterwards, whatever happens.
    static func with<Result>(
        _ options: ConnectionOptions, authenticated: Bool = true, answerSeconds: Int64 = Transport.answerSeconds,
        _ body: (PoolClient) async throws -> Result
    ) async throws -> Result {
        let client = try PoolClient(options, authenticated: authenticated, answerSeconds: answerSeconds)
        do {
            let result = try await body(client)
            await client.transport.shutdown()
            return result
        } catch {
            await client.transport.shutdown()
            throw error
        }
    }

    private init(_ options: ConnectionOptions, authenticated: Bool, answerSeconds: Int64) throws {
        endpoints = try options.endpoints
        order = endpoints
        credentials = authenticated ? { try options.credentials() } : nil
        transport = try Transport(options, answerSeconds: answerSeconds)
    }

    // MARK: Requests

    /// Sends an authenticated request to the first node that can answer and returns its JSON object.
    ///
    /// - Parameter isRepeatable: whether another node may be asked after one that may have carried the request out.
    func send(
        _ method: HTTPMethod, _ path: String, query: [(String, String)] = [], isRepeatable: Bool = true,
        body: Body? = nil
    ) async throws -> Answer {
        var failures: [NodeFailure] = []
        for endpoint in order {
            do {
                let answer = try await send(method, path, query: query, body: body, to: endpoint)
                guard answer.status == 503 else {
                    order = [endpoint] + endpoints.filter { $0 != endpoint }
                    return try Self.check(answer)
                }
                failures.append(NodeFailure(endpoint: endpoint, cause: .unavailable(answer.message)))
            } catch let failure as NodeFailure {
                failures.append(failure)
            }
            if !isRepeatable, let last = failures.last, Self.mayHaveHappened(last) {
                throw ClientError.unavailable(
                    NodeFailure.summary([last])
                        + "\n        The request may have been carried out: look before you repeat it.")
            }
        }
        throw NodeFailure.error(failures)
    }

    /// Whether something is there: the status of the first node's answer that isn't 503.
    func status(of path: String) async throws -> Int {
        var failures: [NodeFailure] = []
        for endpoint in order {
            do {
                let answer = try await send(.GET, path, to: endpoint)
                guard answer.status == 503 else { return answer.status }
                failures.append(NodeFailure(endpoint: endpoint, cause: .unavailable(answer.message)))
            } catch let failure as NodeFailure {
                failures.append(failure)
            }
        }
        throw NodeFailure.error(failures)
    }

    /// Sends a request to one node; any status is returned.
    func send(
        _ method: HTTPMethod, _ path: String, query: [(String, String)] = [], body: Body? = nil, to endpoint: String,
        seconds: Int64 = Transport.answerSeconds
    ) async throws -> Answer {
        var writer = JSONWriter()
        if let body { writer.object(body) }
        return try await send(raw: method, path, query: query, body: writer.bytes, to: endpoint, seconds: seconds)
    }

    /// The same with a body that is JSON already; none, where it is empty.
    func send(
        raw method: HTTPMethod, _ path: String, query: [(String, String)] = [], body: [UInt8], to endpoint: String,
        seconds: Int64 = Transport.answerSeconds
    ) async throws -> Answer {
        var url = endpoint + path
        let parameters = [("api-version", Self.apiVersion)] + query
        url += "?" + parameters.map { "\($0)=\(Self.escape($1))" }.joined(separator: "&")
        var request = HTTPClientRequest(url: url)
        request.method = method
        let hadToken = token != nil
        if credentials != nil {
            request.headers.add(name: "authorization", value: "Bearer \(try await accessToken(from: endpoint))")
        }
        if !body.isEmpty {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(body)
        }
        let answer = try await transport.execute(request, endpoint, seconds: seconds)
        // A sealed node's token is good there only, and any token for an hour. What is refused as not authenticated has
        // had no effect.
        guard answer.status == 401, hadToken, tokenIssuer != nil else { return answer }
        token = nil
        request.headers.replaceOrAdd(
            name: "authorization", value: "Bearer \(try await accessToken(from: endpoint))")
        return try await transport.execute(request, endpoint, seconds: seconds)
    }

    /// All elements of a list, page by page.
    func list(_ path: String) async throws -> [JSONObject] {
        var elements: [JSONObject] = []
        var token: String?
        repeat {
            let page = try await send(.GET, path, query: token.map { [("$skiptoken", $0)] } ?? []).body
            elements += page.objects("value")
            token = page.text("nextLink")?.components(separatedBy: "$skiptoken=").dropFirst().first
        } while token != nil
        return elements
    }

    private static func mayHaveHappened(_ failure: NodeFailure) -> Bool {
        switch failure.cause {
        case .interrupted: true
        case .unavailable(let message): message.contains("may still take effect")
        case .unreachable, .untrusted: false
        }
    }

    // MARK: Token

    /// Uses this token from now on, whoever it belongs to.
    func use(token: String) { (self.token, tokenIssuer) = (token, nil) }

    /// A token of the first node that issues one, and how many seconds it lasts.
    func freshToken() async throws -> (token: String, seconds: Int64) {
        var failures: [NodeFailure] = []
        for endpoint in order {
            do {
                let answer = try await requestToken(from: endpoint)
                return (try await accessToken(from: endpoint), answer.body.number("expires_in") ?? 0)
            } catch let failure as NodeFailure {
                failures.append(failure)
            }
        }
        throw NodeFailure.error(failures)
    }

    private func accessToken(from endpoint: String) async throws -> String {
        if let token { return token }
        guard let token = try await requestToken(from: endpoint).body.text("access_token") else {
            throw ClientError.refused("\(endpoint) issued no token.")
        }
        return token
    }

    /// Asks for a token and remembers it.
    private func requestToken(from endpoint: String) async throws -> Answer {
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
        let answer: Answer
        do {
            answer = try await transport.execute(request, endpoint)
        } catch let failure as NodeFailure {
            // A token that wasn't received has no effect: the next node may be asked, whatever the command does.
            guard case .interrupted(let reason) = failure.cause else { throw failure }
            throw NodeFailure(endpoint: endpoint, cause: .unreachable(reason))
        }
        guard answer.status == 200, let token = answer.body.text("access_token") else {
            throw Self.tokenRefusal(answer)
        }
        (self.token, tokenIssuer) = (token, endpoint)
        return answer
    }

    /// Why a node's answer holds no token.
    static func tokenRefusal(_ answer: Answer) -> any Error {
        let endpoint = answer.endpoint
        switch answer.status {
        case 400, 401:
            let reason = answer.body.text("error_description") ?? answer.message
            return ClientError.denied("\(endpoint) refused the credentials: \(reason)")
        // A node that can't issue tokens now (it is sealed, or has no majority): another may.
        case 503: return NodeFailure(endpoint: endpoint, cause: .unavailable(answer.message))
        // Others say nothing of the credentials: that the host isn't this node's, for example.
        default:
            do {
                _ = try check(answer)
                return ClientError.refused("\(endpoint) issued no token.")
            } catch {
                return error
            }
        }
    }

    /// The audience that a node's challenge names: its host without the first label, in lower case and without the port
    /// that `https` means anyway.
    static func audience(of endpoint: String) -> String {
        var host = endpoint.dropFirst("https://".count).lowercased()
        if host.hasSuffix(":443") { host.removeLast(4) }
        guard let dot = host.firstIndex(of: "."), host.firstIndex(of: ":").map({ dot < $0 }) ?? true else {
            return "https://" + host
        }
        return "https://" + host[host.index(after: dot)...]
    }

    // MARK: Failures

    static func check(_ answer: Answer) throws -> Answer {
        switch answer.status {
        case 200..<300: return answer
        case 401, 403: throw ClientError.denied(answer.message)
        case 404: throw ClientError.notFound(answer.message)
        case 503, 429: throw ClientError.unavailable("\(answer.endpoint) answers: \(answer.message)")
        default: throw ClientError.refused(answer.message)
        }
    }

    static func escape(_ text: String) -> String {
        // RFC 3986 section 2.3. The sets of Foundation hold letters beyond ASCII.
        text.utf8.map { byte in
            let character = Character(UnicodeScalar(byte))
            let isPlain = character.isASCII && (character.isLetter || character.isNumber || "-._~".contains(character))
            return isPlain ? String(character) : String(format: "%%%02X", byte)
        }.joined()
    }
}
