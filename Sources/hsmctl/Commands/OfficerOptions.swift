import ArgumentParser
import CryptographicModule
import Foundation
import NIOHTTP1
import SecurityDomain
import StrictJSON

/// Who comes together for a ceremony, and by which security domain.
struct OfficerOptions: ParsableArguments {
    @Option(
        name: .long, help: ArgumentHelp("The security domain file.", valueName: "file"), completion: .file())
    var securityDomain: String
    @Option(
        name: .customLong("officer"), parsing: .singleValue,
        help: ArgumentHelp(
            "The PEM files of one officer; repeat it where one person holds several.",
            valueName: "certificate:key"),
        completion: .file())
    var officers: [String]
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The PEM certificate that this node shows to its peers: a node with another key is refused.",
            valueName: "file"),
        completion: .file())
    var nodeCertificate: String?

    func validate() throws {
        guard !officers.isEmpty else { throw ValidationError("Name an officer.") }
        for officer in officers where officer.split(separator: ":").count != 2 {
            throw ValidationError("'\(officer)' isn't CERTIFICATE:KEY.")
        }
    }

    /// Reads what all officers' shares have in common.
    func open() throws -> OfficerShares {
        OfficerShares(
            path: securityDomain, file: try Files.read(securityDomain),
            pinned: try nodeCertificate.map { Digest.sha256(try Files.certificate($0).spkiDER) })
    }
}

/// Takes part in a ceremony at a node.
struct OfficerShares {
    /// Of the security domain file.
    let path: String
    let file: [UInt8]
    /// SHA-256 of the node's key, where it is known.
    let pinned: [UInt8]?
    private let keys = OfficerKeys()

    /// The invitation to the ceremony at `path` of a node. A share for one purpose is never given for another.
    ///
    /// - Parameter officer: where officers of two generations can open the node, the one whose share decides which
    ///   invitation it is; `certificate:key`.
    func invitation(
        _ client: PoolClient, _ endpoint: String, _ path: String, for purpose: CeremonyPurpose, officer: String
    ) async throws -> UnsealInvitation {
        let answer = try PoolClient.check(await client.send(.GET, path, to: endpoint))
        let own = try invitation(answer.body.text("invitation"), endpoint, purpose)
        guard let text = answer.body.text("otherInvitation") else { return own }
        let other = try invitation(text, endpoint, purpose)
        // A key that doesn't open says nothing about which officers its owner is one of.
        _ = try keys.key(Self.keyFile(of: officer))
        return (try? seal(officer, other)) == nil ? own : other
    }

    func invitation(
        _ client: PoolClient, _ endpoint: String, _ path: String, for purpose: CeremonyPurpose
    ) async throws -> UnsealInvitation {
        try invitation(
            PoolClient.check(await client.send(.GET, path, to: endpoint)).body.text("invitation"), endpoint, purpose)
    }

    private func invitation(
        _ text: String?, _ endpoint: String, _ purpose: CeremonyPurpose
    ) throws -> UnsealInvitation {
        guard let text, let bytes = Base64URL.decode(text),
            let invitation = try? UnsealInvitation.decode(bytes)
        else {
            throw ClientError.refused("The invitation of \(endpoint) is malformed: is it a node of this version?")
        }
        guard invitation.terms.purpose == purpose else {
            throw ClientError.refused("\(endpoint) invites to another ceremony than it was asked for: give it nothing.")
        }
        if pinned == nil {
            let shown = Hexadecimal.encode(Digest.sha256(invitation.nodeKey))
            Terminal.note("The node's key is \(shown) (SHA-256); --node-certificate makes this tool check it.")
        }
        return invitation
    }

    /// Of `certificate:key`.
    static func certificateFile(of officer: String) -> String {
        officer.split(separator: ":").first.map(String.init) ?? officer
    }

    /// Of `certificate:key`.
    static func keyFile(of officer: String) -> String {
        officer.split(separator: ":").last.map(String.init) ?? officer
    }

    /// The shares of all officers, each `certificate:key`, before any is given away: the node refuses one that it has
    /// already when the command is repeated, because the key behind it didn't open.
    func seal(_ officers: [String], _ invitation: UnsealInvitation) throws -> [ShareEnvelope] {
        try officers.map { try seal($0, invitation) }
    }

    /// An officer's share, sealed to the node. `officer` is `certificate:key`.
    func seal(_ officer: String, _ invitation: UnsealInvitation) throws -> ShareEnvelope {
        let parts = officer.split(separator: ":").map(String.init)
        let key = try keys.key(parts[1])
        do {
            return try OfficerTool.seal(
                file: file, certificate: try Files.read(parts[0]), privateKey: key, invitation: invitation,
                nodeKeyDigest: pinned, now: Int64(Date().timeIntervalSince1970))
        } catch let error as SecurityDomainError {
            throw Self.explained(error, certificate: parts[0], key: parts[1], domain: path)
        } catch let error as CryptoError {
            throw ClientError.refused("\(parts[0]): \(error). Is \(parts[1]) the key of this certificate?")
        }
    }

    /// Opens the whole security domain here, with these officers' files, each `certificate:key`.
    static func open(_ path: String, _ officers: [String]) throws -> OfficersDomain {
        let file = try Files.read(path)
        var keys: [(certificate: [UInt8], privateKey: RSAPrivateKey)] = []
        for officer in officers {
            let parts = officer.split(separator: ":").map(String.init)
            keys.append((try Files.read(parts[0]), try privateKey(parts[1])))
        }
        do {
            return try OfficerTool.open(file: file, officers: keys)
        } catch let error as SecurityDomainError {
            throw ClientError.refused(
                "\(path): \(error). Name as many officers as its quorum needs, each with the certificate that the "
                    + "file was made for and its own key.")
        } catch let error as CryptoError {
            throw ClientError.refused("\(path): \(error). Is each key the one of its certificate?")
        }
    }

    /// Reads an officer's private key, and asks for its pass phrase where it has one.
    static func privateKey(_ path: String) throws -> RSAPrivateKey {
        do {
            return try RSAPrivateKey(pem: try Files.secret(path)) { try Passphrase.read(for: path) }
        } catch let error as CryptoError {
            throw ClientError.usage(
                "\(path) can't be opened: \(error). It must be an RSA private key (PEM), and the pass phrase its own.")
        }
    }

    /// The failure with the file that it concerns, and what to do.
    static func explained(
        _ error: SecurityDomainError, certificate: String, key: String, domain: String
    ) -> ClientError {
        switch error {
        case .officerRejected(_, let reason): .usage("\(certificate): \(reason).")
        case .malformed: .usage("\(domain): \(error). Is it the security domain file?")
        case .notAnOfficer:
            .refused("\(certificate): \(error). Use the certificate that \(domain) was made for, and this pool's file.")
        case .authenticationFailed(let what) where what.hasPrefix("share"):
            .refused("\(certificate): \(error). Is \(key) the key of this certificate, and \(domain) undamaged?")
        case .authenticationFailed:
            .refused("\(error). The node isn't the one that --node-certificate names, or somebody stands in between.")
        case .commitmentMismatch, .wrongPool, .wrongSecurityDomain, .wrongGeneration:
            .refused(
                "\(domain): \(error). It is from before the pool's last new root (take the file that was made with "
                    + "it), it isn't this pool's, or it is damaged (take another copy).")
        default: .refused("\(certificate): \(error).")
        }
    }
}

/// Officers' private keys, each opened when it is first needed: whoever protects his by a pass phrase is asked for that
/// once, however many shares are tried with it.
final class OfficerKeys {
    private let open: (String) throws -> RSAPrivateKey
    private var opened: [String: RSAPrivateKey] = [:]

    /// - Parameter open: reads a key's file.
    init(_ open: @escaping (String) throws -> RSAPrivateKey = { try OfficerShares.privateKey($0) }) {
        self.open = open
    }

    func key(_ path: String) throws -> RSAPrivateKey {
        if let known = opened[path] { return known }
        let key = try open(path)
        opened[path] = key
        return key
    }
}
