import HTTPTransport
import Identity

/// Finds the endpoint of a request.
struct Router: Sendable {
    enum Match: Sendable {
        case endpoint(Endpoint, PathParameters)
        /// The path exists under other methods.
        case wrongMethod(allowed: [String])
        case unknown
    }

    private struct Route: Sendable {
        let pattern: PathPattern
        let endpoint: Endpoint
    }

    /// By first word: every request then looks at a few patterns only.
    private let routes: [String: [Route]]
    /// Patterns that begin with a parameter.
    private let openRoutes: [Route]
    /// Last words of the paths whose bodies may have another size than the usual one.
    private let wordsWithOwnLimit: Set<String>
    private let everyPathMayHaveOwnLimit: Bool

    init(_ endpoints: [Endpoint]) {
        var routes: [String: [Route]] = [:]
        var openRoutes: [Route] = []
        let sorted = endpoints.map { Route(pattern: PathPattern($0.path), endpoint: $0) }
            .sorted { $0.pattern.wordCount > $1.pattern.wordCount }
        for route in sorted {
            if case .word(let word) = route.pattern.parts.first {
                routes[word, default: []].append(route)
            } else {
                openRoutes.append(route)
            }
        }
        self.routes = routes
        self.openRoutes = openRoutes
        let special = sorted.filter { $0.endpoint.bodyLimit != Endpoint.defaultBodyLimit }
        wordsWithOwnLimit = Set(special.compactMap { $0.pattern.lastWord })
        everyPathMayHaveOwnLimit = special.contains { $0.pattern.lastWord == nil }
    }

    /// The most bytes that the body of a request may have. Almost all paths are known by their last word to have the
    /// usual limit, without being matched twice.
    func bodyLimit(_ method: HTTPMethod, _ path: String) -> Int {
        let last = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[path.index(after: $0)...] } ?? path[...]
        let mayBeSpecial =
            everyPathMayHaveOwnLimit || last.isEmpty || last.utf8.contains(UInt8(ascii: "%"))
            || wordsWithOwnLimit.contains { $0.utf8.count == last.utf8.count && last.lowercased() == $0 }
        guard mayBeSpecial, let path = RequestPath(path), case .endpoint(let endpoint, _) = match(method, path.segments)
        else { return Endpoint.defaultBodyLimit }
        return endpoint.bodyLimit
    }

    /// The service that a path belongs to by its first word, whether or not there is anything at it.
    func audience(of segments: [String]) -> TokenAudience {
        segments.first.flatMap { routes[$0.lowercased()]?.first?.endpoint.audience } ?? .dataPlane
    }

    func match(_ method: HTTPMethod, _ segments: [String]) -> Match {
        var allowed: [String] = []
        let candidates = segments.first.flatMap { routes[$0] ?? routes[$0.lowercased()] } ?? []
        for group in [candidates, openRoutes] {
            for route in group {
                guard let parameters = route.pattern.match(segments) else { continue }
                if route.endpoint.method == method { return .endpoint(route.endpoint, parameters) }
                // `/keys/{name}/fly` is no version of a key that happens to answer to other methods: it is nothing.
                if let version = parameters["version"], !Self.isVersion(version) { continue }
                allowed.append(route.endpoint.method.rawValue)
            }
        }
        return allowed.isEmpty ? .unknown : .wrongMethod(allowed: allowed)
    }

    /// 32 hexadecimal digits.
    private static func isVersion(_ text: String) -> Bool {
        text.utf8.count == 32 && text.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
        }
    }
}
