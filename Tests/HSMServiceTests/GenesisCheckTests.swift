import CryptographicModule
import RequestTesting
import Testing

@testable import HSMService

/// What no pool would take is refused before there is one.
@Suite struct GenesisCheckTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static func administrator(_ object: Int, _ client: Int, name: String = "Administrator") -> String {
        """
          - display_name: \(name)
            object_id: 22222222-2222-2222-2222-\(100_000_000_000 + object)
            client_id: 33333333-3333-3333-3333-\(100_000_000_000 + client)
            secret_sha256: \(String(repeating: "ab", count: 32))

        """
    }

    private func check(_ administrators: [String], _ more: String = "") throws {
        let text = """
            tenant_id: 11111111-1111-1111-1111-111111111111
            administrators:
            \(administrators.joined())
            """ + more
        let configuration = try NodeConfiguration.load(file: folder.write("node.yaml", ConfigurationTests.good))
        try PoolInitialization.load(file: folder.write("init.yaml", text)).check(for: configuration)
    }

    private func refusal(_ administrators: [String], _ more: String = "") -> ConfigurationError? {
        #expect(throws: ConfigurationError.self) { try check(administrators, more) }
    }

    @Test func whatAPoolTakesIsGood() throws {
        try check([Self.administrator(1, 1), Self.administrator(2, 2)], "audiences: [\"https://a.example\"]\n")
    }

    @Test func administratorsDifferAndHaveShortNames() {
        for (administrators, problem) in [
            ([Self.administrator(1, 1), Self.administrator(1, 2)], "same object_id"),
            ([Self.administrator(1, 1), Self.administrator(2, 1)], "same client_id"),
            ([Self.administrator(1, 1, name: String(repeating: "x", count: 257))], "longer than 256 bytes"),
            ((1...51).map { Self.administrator($0, $0) }, "has 51 elements"),
        ] {
            let error = refusal(administrators)
            #expect(error?.problem.contains(problem) == true, "\(String(describing: error))")
            #expect(error?.file == folder.path + "/init.yaml" && error?.cure.isEmpty == false)
        }
    }

    @Test func audiencesAreFew() {
        // With that of the three endpoints and the two of the node's file.
        let many = (1...32).map { "\"https://\($0).example\"" }.joined(separator: ", ")
        let error = refusal([Self.administrator(1, 1)], "audiences: [\(many)]\n")
        #expect(error?.problem.contains("audiences") == true && error?.cure.contains("at most 32") == true)
        let name = String(repeating: "x", count: 512)
        let long = refusal([Self.administrator(1, 1)], "audiences: [\"https://\(name)\"]\n")
        #expect(long?.problem.contains("longer than 512 bytes") == true)
    }

    @Test func authoritiesAreFewAndDiffer() throws {
        func keys(_ count: Int) -> String {
            let coordinate = Base64URL.encode([UInt8](repeating: 1, count: 32))
            let keys = (1...count).map {
                #"{"kty":"EC","kid":"k\#($0)","crv":"P-256","x":"\#(coordinate)","y":"\#(coordinate)"}"#
            }
            return #"{"keys":[\#(keys.joined(separator: ","))]}"#
        }
        func authority(_ issuer: String, _ file: String) -> String {
            "  - issuer: https://\(issuer)\n    keys_file: \(file)\n"
        }
        let (few, many) = (try folder.write("few.json", keys(16)), try folder.write("many.json", keys(17)))
        let heading = "release_authorities:\n"
        try check([Self.administrator(1, 1)], heading + authority("a", few) + authority("b", few))
        for (authorities, problem) in [
            (authority("a", few) + authority("a", few), "same issuer"), (authority("a", many), "holds 17 keys"),
            ((1...17).map { authority("a\($0)", few) }.joined(), "has 17 elements"),
            (authority(String(repeating: "x", count: 512), few), "longer than 512 bytes"),
        ] {
            let error = refusal([Self.administrator(1, 1)], heading + authorities)
            #expect(error?.problem.contains(problem) == true, "\(problem): \(String(describing: error))")
        }
    }
}
