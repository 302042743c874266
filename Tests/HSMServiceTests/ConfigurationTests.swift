import CryptographicModule
import Foundation
import Identity
import PoolState
import Raft
import RequestTesting
import Testing

@testable import HSMService

/// A wrong configuration stops the node at its start, with file, line and cure.
@Suite struct ConfigurationTests {
    private static let keys: [String] = {
        _ = try? ModuleSelfSetup.startSecureHeap()
        let made = (0..<4).map { _ in try? SystemSigningKey.generate(.ec(.p256)) }
        return made.map { key in
            // Standard base64 from the URL-safe form, as the files have it.
            let text = Base64URL.encode(key?.publicKey.spkiDER() ?? [])
            let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
            return text.replacing("-", with: "+").replacing("_", with: "/") + padding
        }
    }()

    private static func member(_ number: Int) -> String {
        """
          - id: \(number)
            name: node-\(number)
            endpoint: https://node-\(number).pool.example:8443
            peer_address: 127.0.0.1:944\(number)
            public_key: \(keys[number - 1])
        """
    }

    static let good = """
        node:
          id: 1
          name: node-1
          pool: pool-1
          pool_id: 000102030405060708090a0b0c0d0e0f
          data_folder: data
        api:
          listen: 127.0.0.1:8443
          certificate_file: api.crt
          key_file: /etc/api.key
          hosts: [localhost:8443, HSM.pool.example]
        peers:
          listen: "[::1]:9443"
          certificate_file: node.crt
          key_file: node.key
          authority_file: ca.crt
        members:
        \(member(1))
        \(member(2))
        \(member(3))
        crypto:
          threads: 2
        log:
          level: debug

        """

    private func load(_ text: String, mode: UInt32 = 0o600) throws -> Result<NodeConfiguration, ConfigurationError> {
        let folder = try TemporaryFolder()
        let file = try folder.write("node.yaml", text, mode: mode)
        defer { withExtendedLifetime(folder) {} }
        do throws(ConfigurationError) {
            return .success(try NodeConfiguration.load(file: file))
        } catch {
            #expect(error.file == file && !error.cure.isEmpty)
            #expect(error.description.hasPrefix(error.line.map { "\(file):\($0): " } ?? "\(file): "))
            return .failure(error)
        }
    }

    @Test func aGoodFile() throws {
        let configuration = try load(Self.good).get()
        #expect(configuration.nodeID.rawValue == 1 && configuration.nodeName == "node-1")
        #expect(configuration.poolName == "pool-1" && configuration.poolID == Array(0...15))
        let folder = String(configuration.file.dropLast("/node.yaml".count))
        #expect(configuration.dataFolder == folder + "/data" && configuration.auditFolder == folder + "/data/audit")
        #expect(configuration.api.host == "127.0.0.1" && configuration.api.port == 8443)
        #expect(configuration.api.certificateFile == folder + "/api.crt" && configuration.api.keyFile == "/etc/api.key")
        #expect(configuration.peers.host == "::1" && configuration.peers.port == 9443)
        #expect(configuration.apiHosts == ["localhost:8443", "HSM.pool.example"])
        #expect(configuration.members.map(\.id.rawValue) == [1, 2, 3])
        #expect(configuration.selfMember?.endpoint == "https://node-1.pool.example:8443")
        #expect(configuration.cryptoThreads == 2 && configuration.eventLoops == 0 && configuration.logLevel == "debug")
        #expect(configuration.connectionsPerSource == 6144)
    }

    private struct Mistake: Sendable {
        let from: String
        let to: String
        let problem: String
        let cure: String

        init(_ from: String, _ to: String, _ problem: String, cure: String) {
            self.from = from
            self.to = to
            self.problem = problem
            self.cure = cure
        }
    }

    /// Of a node's file, with a token.
    private static func token(_ settings: String) -> String {
        "auto_unseal: {pkcs11_module: /m.so, token: t, key: k, pin_file: p\(settings)}\ncrypto:\n"
    }

    private static let mistakes = [
        Mistake("crypto:\n", token(", slot: 1"), "unknown key 'auto_unseal.slot'", cure: "Known here"),
        Mistake(
            "crypto:\n", token(", environment: ['A B=1']"), "'auto_unseal.environment' has 'A B=1'",
            cure: "NAME=value"),
        Mistake("crypto:\n", token(", environment: [A]"), "'auto_unseal.environment' has 'A'", cure: "NAME=value"),
        Mistake(
            "crypto:\n", token(", environment: ['LD_PRELOAD=x']"), "has 'LD_PRELOAD=x'", cure: "begin with LD_"),
        Mistake(
            "crypto:\n", "auto_unseal: {pkcs11_module: m.so}\ncrypto:\n", "'auto_unseal.pkcs11_module' is 'm.so'",
            cure: "absolute path"),
        Mistake(
            "crypto:\n", token(", development_key_file: k"), "'auto_unseal.pkcs11_module' stands beside",
            cure: "by a token or by a file"),
        Mistake(
            "crypto:\n", "auto_unseal: {development_key_file: k, slot: 1}\ncrypto:\n",
            "unknown key 'auto_unseal.slot'", cure: "Known here"),
        Mistake(
            "crypto:\n", "auto_unseal: {development_key_file: /}\ncrypto:\n",
            "'auto_unseal.development_key_file' is '/'", cure: "1 to 64 bytes"),
        Mistake(
            "crypto:\n", "auto_unseal: {pkcs11_module: /m.so, token: \"a\\tb\"}\ncrypto:\n",
            "'auto_unseal.token' isn't a label", cure: "1 to 32 bytes"),
        Mistake("  id: 1\n", "  id: one\n", "'node.id' must be a whole number from 1", cure: "Correct 'one'"),
        Mistake("  id: 1\n", "  id: 0\n", "'node.id' must be a whole number", cure: "Correct '0'"),
        Mistake("  id: 1\n", "  id: 4\n", "'node.id' is 4, which no element of 'members' has", cure: "Add this node"),
        Mistake("  id: 1\n", "  id: [1]\n", "'node.id' must be a text", cure: "id: value"),
        Mistake(
            "  name: node-1\n  pool:", "  nmae: node-1\n  pool:", "unknown key 'node.nmae'",
            cure: "Did you mean 'name'?"),
        Mistake(
            "  name: node-1\n  pool:", "  name: node-7\n  pool:",
            "'node.name' is 'node-7', and 'members' calls node 1 'node-1'", cure: "one name"),
        Mistake("  pool: pool-1\n", "", "'node.pool' is missing", cure: "Add 'pool:"),
        Mistake("pool: pool-1", "pool: Pool", "'node.pool' is 'Pool'", cure: "lower-case"),
        Mistake("pool: pool-1", "pool: p1", "'node.pool' is 'p1'", cure: "3 to 24"),
        Mistake(
            "pool_id: 00", "pool_id: +0", "'node.pool_id' isn't 32 hexadecimal digits", cure: "openssl rand -hex 16"),
        Mistake("pool_id: 00", "pool_id: ", "'node.pool_id' isn't 32", cure: "openssl rand"),
        Mistake("data_folder: data", "data_folder:", "'node.data_folder' must be a text", cure: "data_folder: value"),
        Mistake(
            "listen: 127.0.0.1:8443", "listen: 127.0.0.1", "'api.listen' is '127.0.0.1', not host:port", cure: "8443"),
        Mistake("listen: 127.0.0.1:8443", "listen: 127.0.0.1:0", "not host:port", cure: "Write it like"),
        Mistake("listen: 127.0.0.1:8443", "listen: 127.0.0.1:65536", "not host:port", cure: "Write it like"),
        Mistake("listen: 127.0.0.1:8443", "listen: ':8443'", "not host:port", cure: "Write it like"),
        Mistake("listen: 127.0.0.1:8443", "listen: '[]:8443'", "not host:port", cure: "Write it like"),
        Mistake("listen: 127.0.0.1:8443", "listen: https://127.0.0.1:8443", "not host:port", cure: "Write it like"),
        Mistake("[localhost:8443,", "[https://localhost,", "'api.hosts' has 'https://localhost'", cure: "hsm.example"),
        Mistake("[localhost:8443,", "[localhost/x,", "'api.hosts' has 'localhost/x'", cure: "hsm.example"),
        Mistake(
            "hosts: [localhost:8443, HSM.pool.example]", "hosts: a", "'api.hosts' must be a list", cure: "[one, two]"),
        Mistake("  authority_file: ca.crt\n", "", "'peers.authority_file' is missing", cure: "Add 'authority_file:"),
        Mistake("threads: 2", "threads: 257", "'crypto.threads' must be a whole number from 0 to 256", cure: "257"),
        Mistake("threads: 2", "treads: 2", "unknown key 'crypto.treads'", cure: "Did you mean 'threads'?"),
        Mistake("level: debug", "level: loud", "'log.level' is 'loud'", cure: "trace, debug, info"),
        Mistake("log:\n  level: debug", "log: debug", "'log' must be a section", cure: "Indent"),
        Mistake("crypto:", "metrics:", "unknown key 'metrics'", cure: "Known here: node, api"),
        Mistake("  - id: 2\n", "  - id: 1\n", "'members[1].id' 1 occurs twice", cure: "its own id"),
        Mistake("    name: node-3\n", "    name: node-2\n", "is that of member 2", cure: "its own name"),
        Mistake(
            keys[1], keys[0], "'members[1].public_key' of member 2 is that of member 1", cure: "its own public_key"),
        Mistake(
            "127.0.0.1:9443\n", "127.0.0.1:9442\n", "peer_address' of member 3 is that of member 2", cure: "its own"),
        Mistake(keys[0], "AAAA", "'members[0].public_key' isn't a public key", cure: "openssl pkey"),
        Mistake(keys[0], "#", "'members[0].public_key' must be a text", cure: "public_key: value"),
        Mistake(
            "https://node-2.pool", "http://node-2.pool", "'members[1].endpoint' is 'http:", cure: "https://host:port"),
        Mistake(
            "https://node-2.pool.example:8443", "https://u@node-2:1", "'members[1].endpoint'", cure: "https://host:port"
        ),
        Mistake(
            "https://node-2.pool.example:8443", "https://node-2/x", "'members[1].endpoint'", cure: "without a path"),
        Mistake(
            "https://node-3", "https://NODE-2", "endpoint' of member 3 is that of member 2", cure: "its own endpoint"),
        Mistake("  - id: 2\n", "  - 7\n  - id: 2\n", "'members' must be a list of sections", cure: "key: value"),
        Mistake("node:\n", "node: &n\n", "anchors and aliases", cure: "Write the value out"),
        Mistake("  - id: 2\n", "  - &m\n    id: 2\n", "anchors and aliases", cure: "Write the value out"),
        Mistake("[localhost:8443,", "[&h localhost:8443,", "anchors and aliases", cure: "Write the value out"),
        Mistake("  id: 1\n", "  id: 1\n  id: 1\n", "the key 'id' occurs twice", cure: "Keep one"),
        Mistake("  id: 1\n", "  id: 1\n\tname: x\n", "not readable as YAML", cure: "column"),
        Mistake("  id: 1\n", "  id: 1\n  ? [a]\n  : b\n", "a key isn't a text", cure: "name: value"),
    ]

    @Test(arguments: mistakes.indices)
    func everyMistakeNamesItsLineAndItsCure(number: Int) throws {
        let mistake = Self.mistakes[number]
        let range = try #require(Self.good.range(of: mistake.from), "\(mistake.from) isn't in the file")
        let text = Self.good.replacingCharacters(in: range, with: mistake.to)
        guard case .failure(let error) = try load(text) else {
            Issue.record("accepted: \(mistake.to)")
            return
        }
        #expect(error.problem.contains(mistake.problem) && error.cure.contains(mistake.cure), "\(error)")
        let line = try #require(error.line)
        let lineOfMistake = Self.good[..<range.lowerBound].count { $0 == "\n" } + 1
        // The place itself, or the section in which something is missing or too many.
        #expect((1...lineOfMistake + 2).contains(line), "\(error)")
        if !mistake.problem.contains("missing"), !mistake.problem.contains("elements") {
            #expect(abs(line - lineOfMistake) <= 2 || mistake.problem.contains("of member"), "\(error)")
        }
    }

    /// Two nodes found no pool; one that joins names only itself.
    @Test func aPoolIsFoundedByAnOddNumber() throws {
        let two = try load(Self.good.replacingOccurrences(of: Self.member(3) + "\n", with: "")).get()
        #expect(two.members.count == 2)
        #expect(throws: ConfigurationError.self) { try two.checkFounders() }
        let three = try load(Self.good).get()
        #expect(throws: Never.self) { try three.checkFounders() }
    }

    @Test func anAuthorityOfStoresThatCannotBeReadIsAMistakeInTheFile() throws {
        let hosts = "blob_hosts: [b.example]\n"
        for places in [hosts + "  authority_file: none.crt\n", hosts, "directory: backups\n"] {
            let configuration = try load(Self.good + "backups:\n  \(places)").get()
            guard places.contains("none.crt") else {
                #expect(throws: Never.self, "\(places)") { try configuration.backupStores() }
                continue
            }
            let error = #expect(throws: ConfigurationError.self) { try configuration.backupStores() }
            #expect(error?.problem.contains("none.crt can't be read as PEM certificates") == true)
            #expect(error?.file == configuration.file && error?.cure.contains("authority_file") == true)
        }
    }

    private static func joinFile(_ change: (String) -> String = { $0 }) -> String {
        change(
            """
            {"pool":"pool-1","poolId":"000102030405060708090a0b0c0d0e0f","id":1,"name":"node-1","expires":1,\
            "endpoints":["https://a:1"],"ticket":"\(String(repeating: "A", count: 43))","authority":"PEM"}
            """)
    }

    private func loadJoin(_ text: String, mode: UInt32 = 0o600) throws -> Result<JoinFile, ConfigurationError> {
        let folder = try TemporaryFolder()
        let file = try folder.write("join.json", text, mode: mode)
        defer { withExtendedLifetime(folder) {} }
        do throws(ConfigurationError) {
            return .success(try JoinFile.load(file: file))
        } catch {
            return .failure(error)
        }
    }

    @Test func aTicketIsForOneNodeOfOnePool() throws {
        let configuration = try load(Self.good).get()
        try loadJoin(Self.joinFile()).get().check(against: configuration)
        for (from, to) in [("\"id\":1", "\"id\":2"), ("000102", "ff0102")] {
            let other = try loadJoin(Self.joinFile { $0.replacing(from, with: to) }).get()
            #expect(throws: ConfigurationError.self) { try other.check(against: configuration) }
        }
    }

    @Test(arguments: ["\"ticket\"", "\"id\"", "\"poolId\"", "\"endpoints\"", "\"authority\"", "AAAA", "{"])
    func spoiledTicketFiles(part: String) throws {
        let spoiled = Self.joinFile { $0.replacingOccurrences(of: part, with: "") }
        #expect(throws: ConfigurationError.self) { try loadJoin(spoiled).get() }
        #expect(throws: ConfigurationError.self) { try loadJoin(Self.joinFile(), mode: 0o640).get() }
    }

    @Test func wholeFiles() throws {
        for (text, problem) in [
            ("", "must be a mapping"), ("- a\n- b\n", "must be a mapping"), ("text", "must be a mapping"),
            ("node: {", "not readable as YAML"), ("a: *b\n", "not readable as YAML"), ("{}", "'node' is missing"),
            ("---\nnode: 1\n---\nnode: 2\n", "not readable as YAML"),
            (String(repeating: "# filler\n", count: 120_000), "larger than"),
        ] {
            guard case .failure(let error) = try load(text) else {
                Issue.record("accepted: \(text.prefix(20))")
                continue
            }
            #expect(error.problem.contains(problem), "\(error)")
        }
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o660, 0o666, 0o700 | 0o010] as [UInt32])
    func othersMayNotReachTheFile(mode: UInt32) throws {
        guard case .failure(let error) = try load(Self.good, mode: mode) else {
            Issue.record("accepted")
            return
        }
        #expect(error.problem.contains("mode 0\(String(mode, radix: 8))") && error.cure.contains("chmod 600"))
    }

    @Test func theFileItself() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("node.yaml", Self.good)
        let link = folder.path + "/link.yaml"
        #expect(symlink(file, link) == 0)
        for (path, problem) in [
            (folder.path + "/none.yaml", "No such file"), (folder.path, "isn't a regular file"),
            (link, "isn't a regular file"),
        ] {
            #expect(throws: ConfigurationError.self) { try NodeConfiguration.load(file: path) }
            do throws(ConfigurationError) {
                _ = try NodeConfiguration.load(file: path)
            } catch {
                #expect(error.file == path && error.problem.contains(problem) && !error.cure.isEmpty)
            }
        }
    }

    static let initialization = """
        tenant_id: 11111111-1111-1111-1111-111111111111
        administrators:
          - display_name: Administrator
            object_id: 22222222-2222-2222-2222-222222222222
            client_id: 33333333-3333-3333-3333-333333333333
            secret_sha256: \(String(repeating: "ab", count: 32))
        officer_fingerprints: ["\(fingerprint("AB"))", "\(fingerprint("CD"))", "\(fingerprint("EF"))"]

        """

    private static func fingerprint(_ byte: String) -> String {
        Array(repeating: byte, count: 32).joined(separator: ":")
    }

    @Test func initializationFiles() throws {
        let folder = try TemporaryFolder()
        let good = try PoolInitialization.load(file: folder.write("good.yaml", Self.initialization))
        #expect(good.administrators.map(\.displayName) == ["Administrator"])
        #expect(good.administrators[0].secretDigest == [UInt8](repeating: 0xAB, count: 32))
        #expect(good.officerFingerprints == [0xAB, 0xCD, 0xEF].map { [UInt8](repeating: $0, count: 32) })
        #expect(good.retentionDays == 90 && !good.purgeProtection)
        let strict = try PoolInitialization.load(
            file: folder.write("strict.yaml", Self.initialization + "retention_days: 7\npurge_protection: true\n"))
        #expect(strict.retentionDays == 7 && strict.purgeProtection)
        #expect(good.reads == .lease)
        for (text, policy) in [
            ("lease", ReadPolicy.lease), ("read-index", .readIndex),
            ("bounded-staleness(1s)", .boundedStaleness(seconds: 1)),
            ("bounded-staleness(900s)", .boundedStaleness(seconds: 900)),
        ] {
            let file = try folder.write("reads.yaml", Self.initialization + "reads: \(text)\n")
            #expect(try PoolInitialization.load(file: file).reads == policy)
        }
        #expect(good.refusedAlgorithms == [])
        let without = try folder.write("refused.yaml", Self.initialization + "refused_algorithms: [RSA1_5, RSNULL]\n")
        #expect(try PoolInitialization.load(file: without).refusedAlgorithms == [.rsNull, .rsa15])
        for (extra, problem) in [
            ("refused_algorithms: [RS256]", "has 'RS256', which no pool can refuse"),
            ("retention_days: 6", "from 7 to 90"), ("retention_days: 91", "from 7 to 90"),
            ("retention_days: long", "from 7 to 90"), ("purge_protection: maybe", "true or false"),
            ("reads: leases", "is 'leases'"), ("reads: bounded-staleness(0s)", "bounded-staleness"),
            ("reads: bounded-staleness(901s)", "bounded-staleness"), ("reads: bounded-staleness(-1s)", "bounded"),
            ("reads: bounded-staleness(1)", "bounded-staleness"), ("reads: bounded-staleness(s)", "bounded-staleness"),
        ] {
            let file = try folder.write("bad.yaml", Self.initialization + extra + "\n")
            do throws(ConfigurationError) {
                _ = try PoolInitialization.load(file: file)
                Issue.record("accepted: \(extra)")
            } catch {
                #expect(error.problem.contains(problem) && !error.cure.isEmpty, "\(error)")
            }
        }
        for (from, to, problem, line) in [
            ("tenant_id: 1", "tenant_id: x", "'tenant_id' is", 1), ("object_id: 2", "object_id: x", "not a GUID", 4),
            ("client_id: 3", "client_id: x", "not a GUID", 5),
            ("secret_sha256: ab", "secret_sha256: ", "isn't a SHA-256", 6),
            ("secret_sha256: ab", "secret: ab", "unknown key 'administrators[0].secret'", 6),
            ("[\"AB:", "[\"", "isn't a SHA-256", 7), ("tenant_id", "tenant", "unknown key 'tenant'", 1),
            (", \"EF:", "] # \"", "has 2 elements", 7), ("CD", "AB", "names a certificate twice", 7),
        ] {
            let file = try folder.write("bad.yaml", Self.initialization.replacing(from, with: to))
            do throws(ConfigurationError) {
                _ = try PoolInitialization.load(file: file)
                Issue.record("accepted: \(to)")
            } catch {
                #expect(error.problem.contains(problem) && error.line == line && !error.cure.isEmpty, "\(error)")
            }
        }
    }

    /// Whose word counts when keys are released: issuers, and their keys from a file.
    @Test func releaseAuthorities() throws {
        let folder = try TemporaryFolder()
        let coordinate = Base64URL.encode([UInt8](repeating: 1, count: 32))
        let set = #"{"keys":[{"kty":"EC","kid":"k1","crv":"P-256","x":"\#(coordinate)","y":"\#(coordinate)"}]}"#
        let keys = try folder.write("keys.json", set)
        let (broken, open) = (
            try folder.write("broken.json", "{}"), try folder.write("open.json", set, mode: 0o644)
        )
        func load(_ issuer: String, _ file: String) throws(ConfigurationError) -> PoolInitialization {
            let text = """
                release_authorities:
                  - issuer: \(issuer)
                    keys_file: \(file)

                """
            do {
                return try PoolInitialization.load(file: try folder.write("init.yaml", Self.initialization + text))
            } catch let error as ConfigurationError {
                throw error
            } catch {
                throw ConfigurationError(file: "", problem: "\(error)", cure: "")
            }
        }
        let good = try load("https://attest.example", keys)
        #expect(good.releaseAuthorities.map(\.issuer) == ["https://attest.example"])
        #expect(good.releaseAuthorities[0].keys.map(\.keyID) == ["k1"])
        let beside = try load("https://attest.example", "keys.json")
        #expect(beside.releaseAuthorities[0].keys.map(\.keyID) == ["k1"])
        let none = try PoolInitialization.load(file: folder.write("none.yaml", Self.initialization))
        #expect(none.releaseAuthorities.isEmpty)
        for (issuer, file, problem) in [
            ("http://attest.example", keys, "not an https address"), ("https://a", broken, "can't be used"),
            ("https://a", open, "may use it"), ("https://a", folder.path + "/none.json", "can't be opened"),
        ] {
            do throws(ConfigurationError) {
                _ = try load(issuer, file)
                Issue.record("accepted: \(issuer) \(file)")
            } catch {
                #expect(error.problem.contains(problem) && !error.cure.isEmpty, "\(error)")
            }
        }
    }
}
