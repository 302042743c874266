import CryptographicModule
import Foundation
import ManagementAPI
import PoolState
import RequestTesting
import Testing

@testable import HSMService
@testable import SecurityDomain

/// What officers have begun at a node and not finished doesn't stay in its memory.
@Suite struct OpenCeremoniesTests {
    private static let now: Int64 = 1_800_000_000

    private let nodeKey: FileSigningKey
    private let file: [UInt8]
    private let officers: OfficerUnsealing
    private let ceremonies = OpenCeremonies()

    init() throws {
        let keyring = try TestKeys.shared().keyring
        let folder = try TemporaryFolder()
        let pem = String(decoding: try Self.vector("node1.key"), as: UTF8.self)
        nodeKey = try FileSigningKey(path: try folder.write("node.key", pem))
        let certificates = try (1...3).map { number in
            try OfficerCertificate(der: try X509Certificate(pem: try Self.vector("officer\(number).cer")).der)
        }
        let made = try SecurityDomainFile.make(
            root: keyring.root, formerRoots: [], identity: keyring.identity,
            officers: try Officers(certificates: certificates, required: 2))
        file = made.file.json()
        let test = try TestPool([], phase: .provisioned)
        for command: PoolCommand in [
            .securityDomainPrepared(
                PreparedSecurityDomain(
                    generation: 0, keyring: nil, required: 2, officers: certificates.map(\.der),
                    commitments: made.commitments.map(\.digest), encryptedData: made.file.encryptedItems.json(),
                    capabilityDigest: [UInt8](repeating: 9, count: 32))),
            .securityDomainActivated(generation: 0),
        ] {
            let outcome = try test.pool.submitNow(command).get().outcome
            guard outcome == .applied else { throw TestFailure("\(outcome)") }
        }
        let state = test.pool.latestView.state
        officers = OfficerUnsealing(
            purpose: .unseal, stored: { OfficerUnsealing.Stored(state) }, nodeKey: nodeKey, obstacle: { nil },
            opened: { _ in true })
        ceremonies.watch([officers])
    }

    private static func vector(_ name: String) throws -> [UInt8] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return Array(try Data(contentsOf: tests.appending(path: "SecurityDomainTests/Vectors/\(name)")))
    }

    /// How many shares are in with this officer's.
    private func give(_ officer: Int, _ invitation: CeremonyInvitation) async throws -> Int {
        let key = try RSAPrivateKey(pem: try Secret(copying: try Self.vector("officer\(officer).key"))) {
            throw TestFailure("this key has no pass phrase")
        }
        let envelope = try OfficerTool.seal(
            file: file, certificate: try Self.vector("officer\(officer).cer"), privateKey: key,
            invitation: try UnsealInvitation.decode(invitation.bytes),
            nodeKeyDigest: Digest.sha256(nodeKey.spkiDER), now: Self.now)
        return try await officers.accept(envelope.encode(), now: Self.now).officers
    }

    @Test func sharesGoWhenTheNodeIsOpenedAnotherWay() async throws {
        let invitation = try officers.invitation(now: Self.now)
        #expect(invitation.isNew)
        #expect(try await give(1, invitation) == 1)
        ceremonies.cancel()
        let refusal = await #expect(throws: UnsealRequestRefusal.self) { try await give(2, invitation) }
        #expect(refusal?.message.contains("No ceremony is under way") == true)
        // Sealed again, the node begins with nothing.
        let next = try officers.invitation(now: Self.now)
        #expect(next.isNew && next.bytes != invitation.bytes)
        #expect(try await give(2, next) == 1)
        #expect(try await give(1, next) == 2)
    }

    @Test func anUnfinishedCeremonyEndsWithItsTime() async throws {
        let invitation = try officers.invitation(now: Self.now)
        #expect(try await give(1, invitation) == 1)
        ceremonies.expire(now: Self.now + ExchangeKey.lifetime - 1)
        #expect(try officers.invitation(now: Self.now).bytes == invitation.bytes)
        ceremonies.expire(now: Self.now + ExchangeKey.lifetime)
        // By an earlier clock, so that only the end itself can tell.
        await #expect(throws: UnsealRequestRefusal.self) { try await give(2, invitation) }
        #expect(try officers.invitation(now: Self.now).isNew)
    }
}
