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

    /// Patterns that begin with the same word: those that a path can mean by its last segment, and all. Each list is in
    /// the order in which patterns are tried.
    private struct Family: Sendable {
        var byLastWord: [String: [Route]] = [:]
        /// Those that end in a parameter.
        var others: [Route] = []

        init(_ routes: [Route]) {
            others = routes.filter { $0.pattern.lastWord == nil }
            for word in Set(routes.compactMap(\.pattern.lastWord)) {
                byLastWord[word] = routes.filter { $0.pattern.lastWord == nil || $0.pattern.lastWord == word }
            }
        }

        func candidates(_ last: String?) -> [Route] {
            guard let last else { return others }
            return byLastWord[last] ?? byLastWord[last.lowercased()] ?? others
        }
    }

    /// By first word: every request then looks at a few patterns only.
    private let routes: [String: [Route]]
    private let families: [String: Family]
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
        families = routes.mapValues(Family.init)
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
        let family = segments.first.flatMap { families[$0] ?? families[$0.lowercased()] }
        if let family, let found = Self.find(method, segments, in: family.candidates(segments.last), &allowed) {
            return found
        }
        if let found = Self.find(method, segments, in: openRoutes, &allowed) { return found }
        return allowed.isEmpty ? .unknown : .wrongMethod(allowed: allowed)
    }

    private static func find(
        _ method: HTTPMethod, _ segments: [String], in routes: [Route], _ allowed: inout [String]
    ) -> Match? {
        for route in routes {
            guard let parameters = route.pattern.match(segments) else { continue }
            if route.endpoint.method == method { return .endpoint(route.endpoint, parameters) }
            // `/keys/{name}/fly` is no version of a key that happens to answer to other methods: it is nothing.
            if let version = parameters["version"], !isVersion(version) { continue }
            allowed.append(route.endpoint.method.rawValue)
        }
        return nil
    }

    /// 32 hexadecimal digits.
    private static func isVersion(_ text: String) -> Bool {
        text.utf8.count == 32 && text.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
        }
    }
}
