import AccessControl
import Testing

@Suite struct ScopeTests {
    @Test(arguments: [
        ("", Scope.root), ("/", .root), ("/keys", .keys), ("/keys/", .keys), ("/keys/a-1", .key("a-1")),
        ("/keys/a/", .key("a")),
    ])
    func pathsOfScopes(_ path: String, _ scope: Scope) {
        #expect(Scope(path: path) == scope)
        #expect(Scope(path: scope.path) == scope)
    }

    @Test(arguments: [
        "keys", "//", "//keys", "/key", "/keys//", "/keys/a/b", "/keys/a_b", "/keys/..", "/keys/ä", "/Keys/a",
        "/keys/" + String(repeating: "a", count: 128),
    ])
    func otherPathsAreRefused(_ path: String) {
        #expect(Scope(path: path) == nil)
    }

    @Test func wideScopesContainNarrowOnes() {
        let scopes = [Scope.root, .keys, .key("a"), .key("b")]
        let contained = scopes.map { outer in scopes.map { outer.contains($0) } }
        #expect(
            contained == [
                [true, true, true, true],
                [false, true, true, true],
                [false, false, true, false],
                [false, false, false, true],
            ])
    }

    @Test func namesOfKeys() {
        #expect(KeyName.isValid("Az-09"))
        #expect(KeyName.isValid(String(repeating: "x", count: 127)))
        for name in ["", "a b", "a/b", "a.b", "a_b", "ключ", "a\u{0}", String(repeating: "x", count: 128)] {
            #expect(!KeyName.isValid(name))
        }
    }
}
