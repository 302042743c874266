import CryptographicModule
import Foundation
import LoadGenerator
import NIOHTTP1
import StrictJSON

/// Makes a plan of a demand: looks at every node, gets tokens, finds or makes keys, and tries every request once. What
/// would fail in the run fails here, with its cause.
struct LoadPreparation {
    let demand: LoadDemand
    let connection: ConnectionOptions
    /// A token to use as it is, instead of asking for one.
    let token: String?
    /// Further principals: client id and file of the secret.
    let principals: [(clientID: String, secretFile: String)]

    /// The plan, and the processes of the nodes where these are on this machine.
    struct Result {
        var plan: LoadPlan
        /// As of ``LoadAccess``.
        var renewal: UInt64?
        var processes: [LocalProcess?]
    }

    func prepare(_ client: PoolClient) async throws -> Result {
        let nodes = try await nodes(client)
        let access = try await access(client)
        var operations: [LoadPlan.Operation] = []
        for part in demand.parts { operations.append(try await operation(part, client)) }
        try await rehearse(operations, access.tokens, client)
        let plan = LoadPlan(
            nodes: nodes, authorityFile: connection.authorityFile, tokens: access.tokens,
            operations: operations,
            arrival: demand.rate.map { .open(from: $0.from, to: $0.to, spacing: demand.spacing) } ?? .closed,
            connections: demand.connections, streams: demand.streams, warmUp: Self.nanoseconds(demand.warmUp),
            duration: Self.nanoseconds(demand.duration), timeout: Self.nanoseconds(demand.timeout))
        return Result(
            plan: plan, renewal: access.renewal, processes: nodes.map { LocalProcess(of: $0) })
    }

    static func nanoseconds(_ seconds: Double) -> UInt64 { UInt64(seconds * 1e9) }

    // MARK: Nodes and principals

    private func nodes(_ client: PoolClient) async throws -> [LoadPlan.Node] {
        var nodes: [LoadPlan.Node] = []
        for (endpoint, health) in await client.transport.healths(client.endpoints) {
            let health = try health.get()
            guard health.text("seal") == "unsealed" else {
                throw ClientError.unavailable("\(endpoint) is sealed: it can't carry load.")
            }
            guard let url = URL(string: endpoint), let host = url.host else {
                throw ClientError.usage("'\(endpoint)' isn't an https:// URL.")
            }
            let plain = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
            nodes.append(LoadPlan.Node(name: health.text("node") ?? host, host: plain, port: url.port ?? 443))
        }
        return nodes
    }

    /// New tokens, unless one was given.
    func access(_ client: PoolClient) async throws -> LoadAccess {
        if let token {
            try Self.checkLifetime(
                of: token, now: Int64(Date().timeIntervalSince1970),
                needed: demand.warmUp + demand.duration + demand.timeout)
            client.use(token: token)
            return LoadAccess(tokens: [token], renewal: nil)
        }
        let asked = LoadSession.now()
        var issued = [try await client.freshToken()]
        for principal in principals {
            var options = connection
            (options.clientID, options.clientSecretFile) = (principal.clientID, principal.secretFile)
            issued.append(try await PoolClient.with(options) { try await $0.freshToken() })
        }
        return try LoadAccess(issued, askedAt: asked)
    }

    /// A token that was given can't be renewed. One that has ended already is for the nodes to refuse.
    ///
    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - needed: seconds.
    static func checkLifetime(of token: String, now: Int64, needed: Double) throws {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64URL.decode(String(parts[1])),
            case .object(let claims)? = try? JSONReader.parse(bytes), let end = claims.number("exp"), end > now
        else { return }
        guard Double(end - now) > needed else {
            throw ClientError.usage(
                "The token ends in \(end - now) s, and the run takes \(Int(needed)) s: make it shorter, or let the "
                    + "load get its tokens by itself.")
        }
    }

    // MARK: Keys and requests

    private func operation(_ part: LoadDemand.Part, _ client: PoolClient) async throws -> LoadPlan.Operation {
        var requests: [LoadPlan.Request] = []
        requests.reserveCapacity(part.keys.count)
        for key in part.keys { requests.append(try await request(part, key, client)) }
        return LoadPlan.Operation(name: part.name, weight: part.weight, choice: part.choice, requests: requests)
    }

    private func request(_ part: LoadDemand.Part, _ key: String, _ client: PoolClient) async throws
        -> LoadPlan.Request
    {
        guard key.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || Character(UnicodeScalar($0)).isASCIIWord }) else {
            throw ClientError.usage("'\(key)' isn't the name of a key.")
        }
        let query = "?api-version=\(PoolClient.apiVersion)"
        guard let algorithm = part.algorithm else {
            _ = try await answer(part, key, .GET, "/keys/\(key)", nil, client)
            return LoadPlan.Request(path: "/keys/\(key)\(query)", body: [])
        }
        var value = Base64URL.encode(Self.input(for: algorithm))
        var members: [(String, String)] = [("alg", algorithm), ("value", value)]
        let first = part.operation.preparation ?? part.operation
        let made = try await answer(part, key, .POST, "/keys/\(key)/\(first.rawValue.lowercased())", members, client)
        if part.operation.preparation != nil {
            guard let result = made.text("value") else {
                throw ClientError.refused("The pool's answer to '\(first)' holds no value.")
            }
            let digest = value
            value = result
            members = [("alg", algorithm), ("value", value)]
            if part.operation == .verify { members.append(("digest", digest)) }
        }
        var writer = JSONWriter()
        writer.object { writer in for (name, text) in members { writer.member(name, text) } }
        return LoadPlan.Request(
            path: "/keys/\(key)/\(part.operation.rawValue.lowercased())\(query)", body: writer.bytes)
    }

    /// Sends one request, and makes the key before that where it is missing and may be made.
    private func answer(
        _ part: LoadDemand.Part, _ key: String, _ method: HTTPMethod, _ path: String, _ members: [(String, String)]?,
        _ client: PoolClient
    ) async throws -> JSONObject {
        let body: PoolClient.Body? = members.map { members in
            { writer in for (name, text) in members { writer.member(name, text) } }
        }
        do {
            return try await client.send(method, path, body: body).body
        } catch let error as ClientError where error.exitCode == ClientError.notFound("").exitCode {
            guard let creation = part.creation else { throw error }
            _ = try await client.send(.POST, "/keys/\(key)/create", isRepeatable: false) { writer in
                writer.member("kty", creation.type)
                if let curve = creation.curve { writer.member("crv", curve) }
                if let size = creation.size { writer.member("key_size", size) }
            }
            return try await client.send(method, path, body: body).body
        }
    }

    /// A digest of the algorithm's length to sign; 32 bytes to encrypt or wrap.
    private static func input(for algorithm: String) -> [UInt8] {
        let length = SignatureAlgorithm(rawValue: algorithm)?.digestLength ?? 32
        return (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
    }

    /// Every node answers every operation, and every principal may do it.
    private func rehearse(_ operations: [LoadPlan.Operation], _ tokens: [String], _ client: PoolClient) async throws {
        for endpoint in client.endpoints {
            for token in tokens {
                client.use(token: token)
                for operation in operations {
                    guard let request = operation.requests.first,
                        let path = request.path.split(separator: "?").first
                    else { continue }
                    let answer = try await client.send(
                        raw: request.body.isEmpty ? .GET : .POST, String(path), body: request.body, to: endpoint)
                    do {
                        _ = try PoolClient.check(answer)
                    } catch let error as ClientError {
                        let text = "\(endpoint), \(operation.name): \(error.message)"
                        throw ClientError(message: text, exitCode: error.exitCode)
                    }
                }
            }
        }
    }
}

/// Tokens of a run, one for each principal, and when it needs others.
struct LoadAccess {
    let tokens: [String]
    /// Nanoseconds of the load's clock; `nil` where there will be no others.
    let renewal: UInt64?

    init(tokens: [String], renewal: UInt64?) {
        self.tokens = tokens
        self.renewal = renewal
    }

    /// Tokens and the seconds that each lasts. A quarter of the time is left for pools that can't issue any just then.
    ///
    /// - Parameter time: not later than the first was issued, nanoseconds of the load's clock.
    init(_ issued: [(token: String, seconds: Int64)], askedAt time: UInt64) throws {
        let shortest = min(issued.map { $0.seconds }.min() ?? 0, 1_000_000)
        guard shortest > 0 else { throw ClientError.refused("The pool doesn't say how long its tokens last.") }
        tokens = issued.map { $0.token }
        renewal = time + UInt64(shortest) * 750_000_000
    }
}

extension Character {
    fileprivate var isASCIIWord: Bool { isASCII && (isLetter || isNumber) }
}
