import AccessControl
import Foundation
import HTTPTransport
import RequestPipeline
import RequestTesting
import StrictJSON
import Testing

/// The project's documents, as the tests find them beside the sources.
enum ProjectFile {
    static func read(_ path: String) throws -> [UInt8] {
        let own = URL(filePath: #filePath).resolvingSymlinksInPath()
        let root = own.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return Array(try Data(contentsOf: root.appending(path: path)))
    }
}

/// docs/openapi.json.
struct OpenAPI {
    let document: JSONObject

    init() throws {
        let limits = JSONReader.Limits(depth: 64, members: 100_000, numberLength: 32)
        guard case .object(let object) = try JSONReader.parse(try ProjectFile.read("docs/openapi.json"), limits: limits)
        else { throw TestFailure("docs/openapi.json isn't an object") }
        document = object
    }

    struct Operation {
        let route: String
        let description: JSONObject
        var parameters: [String] {
            description.objects("parameters").compactMap {
                $0.string("$ref")?.split(separator: "/").last.map(String.init)
            }
        }
        var isAnonymous: Bool { description.array("security")?.isEmpty == true }

        /// The component that answers of a status have the form of.
        func response(_ status: Int) -> String? {
            description.object("responses")?.object("\(status)")?.string("$ref")?
                .split(separator: "/").last.map(String.init)
        }
    }

    /// By `METHOD path`.
    var operations: [String: Operation] {
        var found: [String: Operation] = [:]
        for path in document.object("paths")?.members ?? [] {
            guard case .object(let item) = path.value else { continue }
            for method in item.members {
                guard case .object(let description) = method.value else { continue }
                let route = "\(method.name.uppercased()) \(path.name)"
                found[route] = Operation(route: route, description: description)
            }
        }
        return found
    }

    /// The members that a response must have.
    func required(inResponse name: String) -> [String] {
        let response = document.object("components")?.object("responses")?.object(name)
        let schema = response?.object("content")?.object("application/json")?.object("schema")
        guard let reference = schema?.string("$ref")?.split(separator: "/").last else { return [] }
        return document.object("components")?.object("schemas")?.object(String(reference))?.strings("required") ?? []
    }

    /// The routes of an endpoint: a version that may be left out makes two of them.
    static func routes(_ endpoint: Endpoint) -> [String] {
        let paths =
            endpoint.path.contains("{version?}")
            ? [("/{version?}", ""), ("{version?}", "{version}")].map { endpoint.path.replacing($0.0, with: $0.1) }
            : [endpoint.path]
        return paths.map { "\(endpoint.method) \($0)" }
    }
}

/// What is written of the API, against the table of its endpoints.
@Suite struct OpenAPITests {
    private let openAPI: OpenAPI

    init() throws { openAPI = try OpenAPI() }

    @Test func theNodeServesTheDocumentToAnybody() async throws {
        let pool = try TestPool(API.endpoints)
        for isSealed in [false, true] {
            if isSealed { pool.custody.seal() }
            let answer = await pool.send(.get, "/quorate/v1/openapi.json")
            #expect(answer.status == 200 && answer.header("content-type") == "application/json; charset=utf-8")
            #expect(try answer.body == ProjectFile.read("docs/openapi.json"), "run deploy/openapi")
        }
    }

    @Test func everyRouteIsDescribedAndNoOther() {
        let served = API.endpoints.flatMap(OpenAPI.routes)
        let described = openAPI.operations.keys
        #expect(Set(served).subtracting(described).sorted() == [], "served, but not in docs/openapi.json")
        #expect(Set(described).subtracting(served).sorted() == [], "in docs/openapi.json, but not served")
    }

    @Test func eachDescriptionSaysWhoMayCallAndWhatIsRecorded() throws {
        let operations = openAPI.operations
        for endpoint in API.endpoints {
            for route in OpenAPI.routes(endpoint) {
                guard let operation = operations[route] else { continue }
                let description = operation.description
                #expect(description.string("x-audit-operation") == endpoint.operation, "\(route)")
                let version = operation.parameters.filter { $0.hasPrefix("apiVersion") }
                #expect(version.isEmpty != endpoint.isVersioned, "\(route)")
                let isPaged = operation.parameters.contains("skiptoken")
                #expect(version.contains("apiVersionUnlessLinked") == isPaged, "\(route)")
                var (action, scope): (String?, String?)
                if case .dataAction(let needed, let rule) = endpoint.access {
                    (action, scope) = (needed.name, Self.scope(rule))
                }
                #expect(description.string("x-data-action") == action, "\(route)")
                #expect(description.string("x-scope") == scope, "\(route)")
                if case .anonymous = endpoint.access {
                    #expect(operation.isAnonymous, "\(route)")
                } else {
                    #expect(!operation.isAnonymous && operation.response(401) == "Unauthorized", "\(route)")
                }
                #expect(operation.response(400) != nil, "\(route)")
                #expect(description.string("summary")?.isEmpty == false, "\(route)")
            }
        }
        let names = operations.values.compactMap { $0.description.string("operationId") }
        #expect(Set(names).count == operations.count)
    }

    private static func scope(_ rule: ScopeRule) -> String {
        switch rule {
        case .root: "/"
        case .keys: "/keys"
        case .fixed(let scope): scope.path
        case .keyNamed: "key"
        case .keyOrCollection: "key or /keys"
        }
    }

    @Test func versionsOfTheProtocolAreThoseThatAreAnswered() {
        let schema = openAPI.document.object("components")?.object("schemas")?.object("APIVersion")
        #expect(Set(schema?.strings("enum") ?? []) == APIVersion.known)
    }

    @Test func referencesLeadSomewhereAndComponentsAreUsed() {
        var used: Set<String> = []
        func walk(_ value: JSONValue) {
            switch value {
            case .object(let object):
                if let reference = object.string("$ref") { used.insert(reference) }
                for member in object.members { walk(member.value) }
            case .array(let elements): for element in elements { walk(element) }
            case .null, .bool, .integer, .double, .string: break
            }
        }
        walk(.object(openAPI.document))
        let components = (openAPI.document.object("components")?.members ?? []).flatMap { group in
            guard case .object(let members) = group.value, group.name != "securitySchemes" else { return [String]() }
            return members.members.map { "#/components/\(group.name)/\($0.name)" }
        }
        #expect(used.subtracting(components).sorted() == [], "referred to, but not there")
        #expect(Set(components).subtracting(used).sorted() == [], "never used")
    }
}
