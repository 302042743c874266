import HTTPTransport
import Testing

@testable import RequestPipeline

@Suite struct RoutingTests {
    private func match(_ pattern: String, _ path: String) -> [String?]? {
        guard let segments = RequestPath(path)?.segments, let found = PathPattern(pattern).match(segments) else {
            return nil
        }
        return [found["name"], found["version"]]
    }

    @Test func emptySegmentsMeanTheLatestVersion() {
        let pattern = "/keys/{name}/{version?}/sign"
        #expect(match(pattern, "/keys/a/sign") == ["a", nil])
        #expect(match(pattern, "/keys/a//sign") == ["a", nil])
        #expect(match(pattern, "/keys/a/v/SIGN") == ["a", "v"])
        #expect(match(pattern, "/Keys/a/v/sign/") == ["a", "v"])
        #expect(match(pattern, "/keys//sign") == nil)
        #expect(match(pattern, "/keys/a/v/w/sign") == nil)
        #expect(match(pattern, "/keys/a/v") == nil)
        #expect(match("/keys/{name}/{version?}", "/keys/a/") == ["a", nil])
        #expect(match("/keys/{name}/{version?}", "/keys/a/v") == ["a", "v"])
        #expect(match("/keys/{name}/{version?}", "/keys") == nil)
    }

    @Test func wordsWinOverParameters() {
        func endpoint(_ method: HTTPMethod, _ path: String) -> Endpoint {
            Endpoint(
                method, path, operation: path, access: .authenticated,
                handler: .inline { _ throws(APIError) in APIResponse() })
        }
        let router = Router([
            endpoint(.get, "/keys/{name}/{version?}"), endpoint(.get, "/keys/{name}/versions"),
            endpoint(.get, "/keys/providers/Microsoft.Authorization/roleAssignments"),
            endpoint(.get, "/{tenant}/discovery/keys"),
            endpoint(.post, "/keys/restore"), endpoint(.put, "/keys/{name}"),
        ])
        func found(_ method: HTTPMethod, _ path: String) -> String? {
            guard case .endpoint(let endpoint, _) = router.match(method, RequestPath(path)?.segments ?? []) else {
                return nil
            }
            return endpoint.operation
        }
        #expect(found(.get, "/keys/a/versions") == "/keys/{name}/versions")
        #expect(found(.get, "/keys/providers") == "/keys/{name}/{version?}")
        #expect(
            found(.get, "/keys/providers/microsoft.authorization/ROLEASSIGNMENTS")
                == "/keys/providers/Microsoft.Authorization/roleAssignments")
        #expect(found(.get, "/adfs/discovery/keys") == "/{tenant}/discovery/keys")
        #expect(found(.get, "/keys/discovery/keys") == "/keys/{name}/{version?}")
        #expect(found(.get, "/keys/restore") == "/keys/{name}/{version?}")
        #expect(found(.post, "/keys/restore") == "/keys/restore")
        guard case .wrongMethod(let allowed) = router.match(.delete, ["keys", "a"]) else {
            Issue.record("a known path with another method")
            return
        }
        #expect(Set(allowed) == ["GET", "PUT"])
    }

    @Test func hostsAreCanonical() {
        let table = HostTable(hosts: [
            "hsm.pool.example", "HSM2.pool.example:443", "127.0.0.1:8443", "single", "[::1]:8443",
        ])
        #expect(table.entry(authority: "hsm.pool.example:443")?.baseURL == "https://hsm.pool.example")
        #expect(table.entry(authority: "hsm2.POOL.example")?.baseURL == "https://hsm2.pool.example")
        #expect(table.entry(authority: "hsm2.pool.example:443")?.audience == "https://pool.example")
        #expect(table.entry(authority: "hsm.pool.example:8443") == nil)
        #expect(table.entry(authority: "single")?.audience == "https://single")
        #expect(table.entry(authority: "[::1]:8443")?.audience == "https://[::1]:8443")
        // Client libraries compare host names as text: to them an address has a parent like any other name.
        #expect(table.entry(authority: "127.0.0.1:8443")?.audience == "https://0.0.1:8443")
    }

    @Test func queries() throws {
        let query = try #require(QueryParameters("API-version=7.4&x=&y&x=2&$skiptoken=a%2Db&=z"))
        #expect(query["api-version"] == "7.4" && query["x"]?.isEmpty == true && query["y"]?.isEmpty == true)
        #expect(query["$skiptoken"] == "a-b" && query["none"] == nil)
        // Clients that write queries like forms.
        for text in ["$filter=principalId+eq+x&z=a%2Bb", "%24filter=principalId+eq%20x&z=a%2bb"] {
            let form = try #require(QueryParameters(text))
            #expect(form["$filter"] == "principalId eq x" && form["z"] == "a+b")
        }
        #expect(try #require(QueryParameters("$filter=principalId+eq+x"))["$filter"] == "principalId eq x")
        #expect(RequestPath("/keys/a+b")?.segments == ["keys", "a+b"])
    }

    /// Text without escapes takes a shorter way. One character written as an escape takes the other, to the same end.
    @Test(arguments: [
        "/", "//", "", "/keys", "/keys/", "/keys/a//sign", "//keys//a/", "/keys/name/0123456789abcdef/sign",
        "/K/-_.~/x", "/keys/./a", "/keys/../a", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o",
        "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q",
    ])
    func plainPathsAreReadLikeOthers(_ path: String) {
        let plain = RequestPath(path)?.segments
        for position in path.indices where path[position] != "/" {
            var escaped = path
            let code = path[position].asciiValue.map { String($0, radix: 16) } ?? "00"
            escaped.replaceSubrange(position...position, with: "%" + code)
            #expect(RequestPath(escaped)?.segments == plain, "\(escaped)")
        }
    }

    @Test(arguments: ["a=b", "a=b&", "&&A=b&c", "=x&a==&a=2", "api-Version=7.5&$skiptoken=abc=&x", "a&b&c"])
    func plainQueriesAreReadLikeOthers(_ text: String) throws {
        let plain = try #require(QueryParameters(text))
        for position in text.indices where !"&=".contains(text[position]) {
            var escaped = text
            let code = text[position].asciiValue.map { String($0, radix: 16) } ?? "00"
            escaped.replaceSubrange(position...position, with: "%" + code)
            let other = try #require(QueryParameters(escaped))
            for name in ["a", "b", "c", "x", "", "api-version", "$skiptoken", "A"] {
                #expect(other[name] == plain[name], "\(name) of \(escaped)")
            }
        }
    }

    @Test func plainQueriesHaveTheSameLimit() {
        let many = (0..<QueryParameters.maximumParameters).map { "p\($0)=1" }
        #expect(QueryParameters(many.joined(separator: "&")) != nil)
        #expect(QueryParameters((many + ["q=1"]).joined(separator: "&")) == nil)
        #expect(QueryParameters((many + ["q=%31"]).joined(separator: "&")) == nil)
    }

    @Test func pathsAndQueriesHaveTheSameLimit() {
        for ending in ["x", "%78"] {
            let path = "/keys/" + String(repeating: "x", count: RequestPath.maximumLength - 6 - ending.utf8.count)
            #expect(RequestPath(path + ending) != nil && RequestPath(path + "x" + ending) == nil)
            let query = "q=" + String(repeating: "x", count: QueryParameters.maximumLength - 2 - ending.utf8.count)
            #expect(QueryParameters(query + ending) != nil && QueryParameters(query + "x" + ending) == nil)
        }
        #expect(RequestPath.maximumLength == QueryParameters.maximumLength)
    }

    @Test func base64WithPadding() {
        let pairs = [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ]
        for (text, encoded) in pairs { #expect(StandardBase64.encode(Array(text.utf8)) == encoded) }
    }
}
