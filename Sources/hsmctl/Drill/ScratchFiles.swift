import CryptographicModule
import Foundation
import StrictJSON

/// Makes the certificates and configurations of a scratch pool, with the openssl program.
struct ScratchFiles {
    static let officers = 1...3

    private let plan: ScratchPlan
    private let programs: DrillPrograms

    init(_ plan: ScratchPlan, _ programs: DrillPrograms) {
        self.plan = plan
        self.programs = programs
    }

    /// What the drill's pools share: officers, and a place for backups.
    static func makeShared(_ folder: String, _ programs: DrillPrograms) throws {
        try makeFolder(folder + "/backups")
        try makeOfficers(folder + "/officer", programs)
    }

    /// - Parameter base: what the files' names begin with.
    static func makeOfficers(_ base: String, _ programs: DrillPrograms) throws {
        for number in officers {
            try openssl(programs, [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(base)-\(number).key", "-out",
                "\(base)-\(number).crt", "-days", "2", "-subj", "/CN=Drill officer \(number)",
            ])
        }
    }

    func make() throws {
        for number in 1...plan.nodes { try Self.makeFolder(plan.folder(of: number)) }
        for authority in ["api-ca", "node-ca"] {
            try Self.openssl(programs, [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                "\(plan.folder)/\(authority).key", "-out", "\(plan.folder)/\(authority).crt", "-days", "2", "-subj",
                "/CN=Drill \(authority)", "-addext", "basicConstraints=critical,CA:TRUE,pathlen:0", "-addext",
                "keyUsage=critical,keyCertSign,cRLSign",
            ])
        }
        for number in 1...plan.nodes {
            try issue("api-ca", "api", number, "IP:127.0.0.1", "serverAuth")
            let uri = "URI:quorate:\(plan.name)/\(plan.id(of: number))"
            try issue("node-ca", "node", number, uri, "serverAuth,clientAuth")
        }
        let members = try (1...plan.nodes).map(member).joined()
        let poolID = Hexadecimal.encode(Random.bytes(16))
        for number in 1...plan.nodes {
            let text = configuration(number, members: members, poolID: poolID)
            try write(text, to: plan.folder(of: number) + "/node.yaml")
        }
        try write(try initialization(), to: plan.initialization)
    }

    private func issue(
        _ authority: String, _ name: String, _ number: Int, _ subject: String, _ purpose: String
    ) throws {
        let base = "\(plan.folder(of: number))/\(name)"
        try Self.openssl(programs, [
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(base).key",
            "-out", "\(base).csr", "-subj", "/CN=node-\(number)",
        ])
        try write(
            """
            subjectAltName=\(subject)
            keyUsage=critical,digitalSignature
            extendedKeyUsage=\(purpose)
            subjectKeyIdentifier=hash
            authorityKeyIdentifier=keyid
            basicConstraints=critical,CA:FALSE

            """, to: "\(base).ext")
        try Self.openssl(programs, [
            "x509", "-req", "-in", "\(base).csr", "-CA", "\(plan.folder)/\(authority).crt", "-CAkey",
            "\(plan.folder)/\(authority).key", "-CAcreateserial", "-days", "2", "-out", "\(base).crt", "-extfile",
            "\(base).ext",
        ])
    }

    // MARK: Configuration

    private func member(_ number: Int) throws -> String {
        let certificate = try Files.certificate(plan.folder(of: number) + "/node.crt")
        return """
              - id: \(plan.id(of: number))
                name: node-\(number)
                endpoint: \(plan.endpoint(of: number))
                peer_address: 127.0.0.1:\(plan.peerPort(of: number))
                public_key: \(Data(certificate.spkiDER).base64EncodedString())

            """
    }

    private func configuration(_ number: Int, members: String, poolID: String) -> String {
        """
        node:
          id: \(plan.id(of: number))
          name: node-\(number)
          pool: \(plan.name)
          pool_id: '\(poolID)'
          data_folder: data
        api:
          listen: \(plan.endpoint(of: number).dropFirst("https://".count))
          certificate_file: api.crt
          key_file: api.key
        peers:
          listen: 127.0.0.1:\(plan.peerPort(of: number))
          certificate_file: node.crt
          key_file: node.key
          authority_file: \(plan.folder)/node-ca.crt
        members:
        \(members)
        backups:
          directory: \(plan.backups)

        """
    }

    private func initialization() throws -> String {
        let pinned = try Self.officers.map { number in
            "  - '\(Hexadecimal.encode(Digest.sha256(try Files.certificate(plan.officer(number) + ".crt").der)))'\n"
        }.joined()
        return """
            tenant_id: \(UUID().uuidString.lowercased())
            administrators:
              - display_name: Drill
                object_id: \(plan.administrator.objectID)
                client_id: \(plan.administrator.clientID)
                secret_sha256: '\(plan.administrator.digest)'
            \(plan.pinsOfficers ? "officer_fingerprints:\n\(pinned)" : "")
            """
    }

    // MARK: Files and programs

    static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ClientError.unreadable("\(path) can't be made: \(error.localizedDescription)")
        }
    }

    private func write(_ text: String, to path: String) throws {
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else { throw ClientError.unreadable("\(path) can't be written.") }
    }

    private static func openssl(_ programs: DrillPrograms, _ arguments: [String]) throws {
        let outcome = try programs.run("/usr/bin/env", ["openssl"] + arguments, environment: [:])
        guard outcome.status == 0 else {
            throw ClientError.unreadable(
                "openssl, which makes the scratch pool's certificates, failed: \(outcome.error.suffix(300))")
        }
    }
}
