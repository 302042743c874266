import AccessControl
import CryptographicModule
import HTTPTransport
import RequestPipeline
import RequestTesting
import StrictJSON
import Testing

/// docs/key-states.md, which says what each route answers by the state of its key.
struct StateTable {
    struct Refusal {
        let status: Int
        let code: String
        let innerCode: String?
        let message: String
    }

    struct Request {
        let body: String
        let isSymmetric: Bool
    }

    /// `200 KeyPage with`: a status, a form or a refusal's name, and for lists whether the key is in it.
    struct Cell {
        let status: Int
        let name: String?
        let isListed: Bool?
    }

    let states: [String]
    /// By route, then in the order of the states; `nil` for what can't be.
    let answers: [String: [Cell?]]
    let refusals: [String: Refusal]
    let requests: [String: Request]

    init() throws {
        let text = String(decoding: try ProjectFile.read("docs/key-states.md"), as: UTF8.self)
        func rows(_ heading: String) throws -> [[String]] {
            guard let section = text.components("\n## \(heading)\n").last else { throw TestFailure(heading) }
            let lines = (section.components("\n## ").first ?? "").split(separator: "\n").filter { $0.hasPrefix("|") }
            // The heading of the table is kept, the rule under it isn't.
            return (lines.prefix(1) + lines.dropFirst(2)).map { line in
                line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map {
                    String($0).trimmed.replacing("`", with: "")
                }
            }
        }
        let table = try rows("Answers")
        states = Array(table[0].dropFirst())
        var answers: [String: [Cell?]] = [:]
        for row in table.dropFirst() {
            guard row.count == states.count + 1, answers[row[0]] == nil else { throw TestFailure("\(row)") }
            answers[row[0]] = try row.dropFirst().map(Self.cell)
        }
        self.answers = answers
        refusals = Dictionary(
            uniqueKeysWithValues: try rows("Refusals").dropFirst().map { row in
                let inner = row[3].isEmpty ? nil : row[3]
                return (row[0], Refusal(status: Int(row[1]) ?? 0, code: row[2], innerCode: inner, message: row[4]))
            })
        requests = Dictionary(
            uniqueKeysWithValues: try rows("Requests of the test").dropFirst().map { row in
                (row[0], Request(body: row[1], isSymmetric: row[2] == "symmetric"))
            })
    }

    private static func cell(_ text: String) throws -> Cell? {
        if text == "–" { return nil }
        let words = text.split(separator: " ").map(String.init)
        guard let status = words.first.flatMap({ Int($0) }) else { throw TestFailure("no status in '\(text)'") }
        return Cell(
            status: status, name: words.count > 1 ? words[1] : nil,
            isListed: words.count > 2 ? words[2] == "with" : nil)
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    fileprivate func components(_ separator: String) -> [String] { split(separator: separator).map(String.init) }
}

/// Each route under keys in each state of its key: generated from the one table.
@Suite struct StateTableTests {
    private let table: StateTable
    private let openAPI: OpenAPI

    init() throws {
        table = try StateTable()
        openAPI = try OpenAPI()
    }

    private static func concernsKeys(_ endpoint: Endpoint) -> Bool {
        let places = ["/keys", "/deletedkeys", "/quorate/v1/keys"]
        guard places.contains(where: endpoint.path.hasPrefix) else { return false }
        return !endpoint.path.hasPrefix("/keys/providers/")
    }

    @Test func everyRouteHasARow() {
        let routes = API.endpoints.filter(Self.concernsKeys).map { "\($0.method) \($0.path)" }
        #expect(Set(routes).subtracting(table.answers.keys).sorted() == [], "no row in docs/key-states.md")
        #expect(Set(table.answers.keys).subtracting(routes).sorted() == [], "rows without a route")
        #expect(Set(table.requests.keys).subtracting(routes).sorted() == [], "requests without a route")
        #expect(Set(table.states) == Set(KeyState.allCases.map(\.rawValue)), "states that the test can't make")
        let named = table.answers.values.joined().compactMap { $0 }.filter { $0.status >= 400 }.map { $0.name ?? "" }
        #expect(Set(named) == Set(table.refusals.keys))
    }

    @Test(arguments: API.endpoints.filter(concernsKeys).map { "\($0.method) \($0.path)" })
    func answersAreThoseOfTheTable(_ route: String) async throws {
        let pool = try TestPool(API.endpoints)
        let cells = try #require(table.answers[route])
        for (state, cell) in zip(table.states, cells) {
            guard let cell else { continue }
            let state = try #require(KeyState(rawValue: state))
            var subject = StateSubject(pool: pool, route: route, request: table.requests[route], state: state)
            try await subject.prepare()
            let answer = try await subject.ask()
            let comment = Comment(rawValue: "\(route), \(state.rawValue): \(answer.status) \(answer.text)")
            #expect(answer.status == cell.status, comment)
            if cell.status >= 400 {
                let refusal = try #require(cell.name.flatMap { table.refusals[$0] }, comment)
                let identifier = answer.header("x-ms-request-id") ?? "?"
                let expected = subject.fill(refusal.message) + " (Activity ID: \(identifier))"
                #expect(answer.status == refusal.status && answer.code == refusal.code, comment)
                #expect(answer.innerCode == refusal.innerCode && answer.message == expected, comment)
            } else if let form = cell.name {
                checkForm(form, cell, answer, subject, comment)
            } else {
                #expect(answer.body.isEmpty, comment)
            }
        }
    }

    private func checkForm(
        _ form: String, _ cell: StateTable.Cell, _ answer: Answer, _ subject: StateSubject, _ comment: Comment
    ) {
        for route in OpenAPI.routes(subject.endpoint) {
            #expect(openAPI.operations[route]?.response(cell.status) == form, comment)
        }
        let members = Set((answer.json?.members ?? []).map(\.name))
        #expect(members.isSuperset(of: openAPI.required(inResponse: form)), comment)
        guard let isListed = cell.isListed else { return }
        let names = (answer.json?.objects("value") ?? []).compactMap { $0.string("kid")?.split(separator: "/") }
        #expect(names.contains { $0.contains(Substring(subject.name)) } == isListed, comment)
    }
}

/// The states of the table.
enum KeyState: String, CaseIterable {
    case missing, enabled, disabled
    case notYetValid = "not yet valid"
    case expired, deleted, purged
    case otherType = "other type"
    case noOperation = "no operation"
    case notExportable = "not exportable"

    /// The members of `attributes` of a key that is made in the state.
    var attributes: [String] {
        switch self {
        case .disabled: [#""enabled":false"#]
        case .notYetValid: [#""nbf":4102444800"#]
        case .expired: [#""exp":946684800"#]
        default: []
        }
    }
}

/// A route and a key in a state.
struct StateSubject {
    let pool: TestPool
    let route: String
    let request: StateTable.Request?
    let state: KeyState
    let name: String
    private var backup = ""
    private let assignment: String

    init(pool: TestPool, route: String, request: StateTable.Request?, state: KeyState) {
        self.pool = pool
        self.route = route
        self.request = request
        self.state = state
        let random = Hexadecimal.encode(Random.bytes(16))
        name = "state-" + random.prefix(12)
        assignment = "0ffe0000-0000-4000-8000-" + random.suffix(12)
    }

    var endpoint: Endpoint {
        API.endpoints.first { "\($0.method) \($0.path)" == route } ?? API.endpoints[0]
    }

    private var method: HTTPMethod { endpoint.method }
    private var algorithm: String? {
        guard case .object(let body)? = try? JSONReader.parse(Array((request?.body ?? "").utf8)) else { return nil }
        return body.string("alg")
    }
    /// The word of `key_ops`, and of messages.
    private var operation: String {
        let word = endpoint.path.split(separator: "/").last.map(String.init) ?? ""
        return ["wrapkey": "wrapKey", "unwrapkey": "unwrapKey"][word] ?? word
    }

    /// Puts the key into its state.
    mutating func prepare() async throws {
        if state != .missing {
            if state == .otherType, algorithm != nil {
                try await expect(.user, .post, "/keys/\(name)/create", #"{"kty":"RSA"}"#)
            } else {
                try await expect(.user, .put, "/keys/\(name)", importBody())
            }
            if endpoint.path.hasSuffix("/rotate") {
                let policy = #"{"lifetimeActions":[{"trigger":{"timeAfterCreate":"P30D"},"action":{"type":"Rotate"}}]}"#
                try await expect(.user, .put, "/keys/\(name)/rotationpolicy", policy)
            }
            backup = try await expect(.user, .post, "/keys/\(name)/backup").json?.string("value") ?? ""
        }
        if state == .deleted || state == .purged { try await expect(.user, .delete, "/keys/\(name)") }
        if state == .purged { try await expect(.officer, .delete, "/deletedkeys/\(name)") }
        if endpoint.path.hasSuffix("{assignment}"), method != .put {
            let body = #"{"properties":{"principalId":"{principal}","roleDefinitionId":"{definition}"}}"#
            try await expect(.administrator, .put, fill(endpoint.path), fill(body))
        }
    }

    /// Keys are imported, of fixed bytes, so that a request can hold what was wrapped with them.
    private func importBody() -> String {
        let operations: String
        if state == .noOperation {
            let all = request?.isSymmetric == true ? ["encrypt", "decrypt", "wrapKey", "unwrapKey"] : ["sign", "verify"]
            let left = algorithm == nil ? ["verify"] : all.filter { $0 != operation }
            operations = #","key_ops":["\#(left.joined(separator: #"",""#))"]"#
        } else {
            operations = ""
        }
        let octets = Base64URL.encode(Array(0..<32))
        let isSymmetric = (request?.isSymmetric == true) != (state == .otherType)
        let key =
            isSymmetric
            ? #""kty":"oct","k":"\#(octets)""#
            : #""kty":"EC","crv":"P-256","d":"\#(Base64URL.encode(Array(1...32)))""#
        var (attributes, policy) = (state.attributes, "")
        if endpoint.path.hasSuffix("/release"), state != .notExportable {
            attributes.append(#""exportable":true"#)
            policy = #","release_policy":{"data":"\#(Base64URL.encode(Array(Self.releasePolicy.utf8)))"}"#
        }
        return #"{"key":{\#(key)\#(operations)},"attributes":{\#(attributes.joined(separator: ","))}\#(policy)}"#
    }

    private static let releasePolicy = """
        {"version":"1.0.0","anyOf":[{"authority":"https://authority.example","allOf":[{"claim":"x","equals":"y"}]}]}
        """

    @discardableResult
    private func expect(
        _ principal: TestPrincipal, _ method: HTTPMethod, _ path: String, _ body: String = ""
    ) async throws -> Answer {
        let answer = try await pool.call(principal, method, path, body)
        guard (200..<300).contains(answer.status) else { throw TestFailure("\(method) \(path): \(answer.text)") }
        return answer
    }

    func ask() async throws -> Answer {
        var path = fill(endpoint.path)
        // A list begins just before the key, so that it is on the page whatever else is there.
        if ["/keys", "/deletedkeys"].contains(path) {
            path += "?maxresults=1&$skiptoken=\(Base64URL.encode(Array(name.dropLast().utf8)))"
        }
        let principal: TestPrincipal =
            endpoint.path.hasPrefix("/deletedkeys")
            ? .officer
            : path.contains("/providers/") || route == "PUT /keys/{name}/restore" ? .administrator : .user
        return try await pool.call(principal, method, path, fill(request?.body ?? ""))
    }

    func fill(_ text: String) -> String {
        let values = [
            "{name}": name, "/{version?}": "", "{assignment}": assignment, "{base}": TestPool.base,
            "{definition}": BuiltInRole.cryptoUser.id.description, "{backup}": backup,
            "{principal}": TestPrincipal.nobody.objectID.description, "{operation}": operation,
            "{algorithm}": algorithm ?? "",
        ]
        return values.reduce(text) { $0.replacing($1.key, with: $1.value) }
    }
}
