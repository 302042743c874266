import CryptographicModule
import Testing

@testable import SecurityDomain

/// What a quorum opens with the file alone, without any node.
@Suite struct OfficersDomainTests {
    private func open(_ file: SecurityDomainFile, _ officers: Int...) throws -> OfficersDomain {
        try OfficerTool.open(
            file: file.json(),
            officers: try officers.map {
                (try TestWorld.vector("officer\($0).cer"), try TestWorld.officerKey($0))
            })
    }

    @Test func anyQuorumOpensTheKeyring() throws {
        let domain = try TestWorld.domain()
        for opened in [try open(domain.file, 1, 2), try open(domain.file, 3, 1), try open(domain.file, 1, 2, 3)] {
            let keyring = try opened.keyring(of: domain.keyring.sealed)
            #expect(keyring.kek.id == domain.keyring.kek.id)
        }
    }

    @Test func lessThanAQuorumOpensNothing() throws {
        let domain = try TestWorld.domain()
        #expect(throws: SecurityDomainError.sharesRejected("2 officers are needed, and 1 came")) {
            try open(domain.file, 1)
        }
        #expect(throws: SecurityDomainError.sharesRejected("officer 1 is named twice")) { try open(domain.file, 1, 1) }
        #expect(throws: SecurityDomainError.notAnOfficer) { try open(domain.file, 1, 4) }
    }

    @Test func aFormerRootOpensWhatWasSealedUnderIt() throws {
        #expect(TestWorld.isReady)
        let former = try Keyring.create(
            poolID: TestWorld.identifier(1), securityDomainID: TestWorld.identifier(2), createdAt: 1
        ).keyring
        let next = try former.underNewRoot()
        let officers = try TestWorld.officers()
        func file(with formerRoots: [RootKey]) throws -> SecurityDomainFile {
            try SecurityDomainFile.make(
                root: next.root, formerRoots: formerRoots, identity: next.identity, officers: officers
            ).file
        }
        let opened = try open(try file(with: [former.root]), 1, 2)
        #expect(try opened.keyring(of: former.sealed).backupKey.id == former.backupKey.id)
        #expect(try opened.keyring(of: next.sealed).identity.generation == 1)
        #expect(throws: SecurityDomainError.wrongGeneration(expected: 0, got: 1)) {
            try open(try file(with: []), 1, 2).keyring(of: former.sealed)
        }
    }

    /// The pool has taken over the security domain of a lost one, and then changed its root.
    @Test func theNextFileOpensWhatALostPoolHasSealed() throws {
        #expect(TestWorld.isReady)
        func made(_ pool: UInt8, _ domain: UInt8) throws -> Keyring {
            try Keyring.create(
                poolID: TestWorld.identifier(pool), securityDomainID: TestWorld.identifier(domain), createdAt: 1
            ).keyring
        }
        let (lost, own) = (try made(7, 8), try made(1, 2))
        let adoption = try own.adopting(OpenedDomain(root: lost.root, identity: lost.identity))
        let adopted = try own.following(adoption.sealed, bridge: adoption.bridge)
        let next = try adopted.underNewRoot()
        let file = try SecurityDomainFile.make(
            root: next.root, formerRoots: [adopted.root], identity: next.identity, officers: try TestWorld.officers()
        ).file
        let opened = try open(file, 1, 2)
        #expect(try opened.keyring(of: lost.sealed).backupKey.id == lost.backupKey.id)
        #expect(try opened.keyring(of: adopted.sealed).backupKey.id == own.backupKey.id)
        #expect(try opened.keyring(of: next.sealed).identity.generation == 1)
        // Of another pool of that name, under a root that the file doesn't have.
        let namesake = try made(7, 8)
        #expect(throws: SecurityDomainError.rootMismatch) { try opened.keyring(of: namesake.sealed) }
    }

    @Test func anotherPoolsKeyringIsRefused() throws {
        let opened = try open(try TestWorld.domain().file, 1, 2)
        for (pool, domain, error) in [
            (UInt8(9), UInt8(2), SecurityDomainError.rootMismatch), (1, 9, .wrongSecurityDomain), (1, 2, .rootMismatch),
        ] {
            let other = try Keyring.create(
                poolID: TestWorld.identifier(pool), securityDomainID: TestWorld.identifier(domain), createdAt: 1
            ).keyring
            #expect(throws: error) { try opened.keyring(of: other.sealed) }
        }
    }
}
