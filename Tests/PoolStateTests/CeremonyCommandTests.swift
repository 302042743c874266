import AccessControl
import CryptographicModule
import PoolState
import Testing

@Suite struct CeremonyCommandTests {
    // MARK: Genesis

    @Test func genesisMakesThePool() throws {
        var replica = Replica()
        #expect(replica.state.phase == .uninitialized && replica.state.pool == nil)
        #expect(replica.apply(.initializePool(Fixture.genesis())) == .applied)
        let pool = try #require(replica.state.pool)
        #expect(pool.phase == .provisioned && pool.poolID == Fixture.poolID && pool.epoch == 1)
        #expect(pool.created == Fixture.start / 1000)
        #expect(replica.state.members.map(\.node) == [1, 2, 3])
        let decision = replica.state.permissions.decide(
            principal: Fixture.administrator, action: .securityDomainDownload, scope: .root)
        #expect(decision.isAllowed)
        #expect(replica.apply(.initializePool(Fixture.genesis())) == .refused(.alreadyInitialized))
    }

    static let spoiled: [(String, Refusal, @Sendable (inout Genesis) -> Void)] = [
        ("pool id", .invalidGenesis, { $0.poolID = [1] }),
        ("short name", .invalidGenesis, { $0.name = "ab" }),
        ("long name", .invalidGenesis, { $0.name = String(repeating: "a", count: 25) }),
        ("odd name", .invalidGenesis, { $0.name = "a b c" }),
        ("no epoch", .invalidGenesis, { $0.epoch = 0 }),
        ("no audience", .invalidGenesis, { $0.audiences = [] }),
        ("no member", .invalidGenesis, { $0.members = [] }),
        ("member twice", .invalidGenesis, { $0.members = [Fixture.member(1), Fixture.member(1)] }),
        ("member 0", .invalidGenesis, { $0.members = [Fixture.member(0)] }),
        ("no keyring", .invalidGenesis, { $0.keyring = [] }),
        ("fingerprint", .invalidGenesis, { $0.pinnedOfficers = [[1]] }),
        ("retention", .invalidGenesis, { $0.settings.recoverableDays = 6 }),
        ("nobody administers", .lastAdministrator, { $0.roleAssignments = [] }),
        ("disabled administrator", .lastAdministrator, { $0.principals[0].enabled = false }),
        ("principal twice", .principalExists, { $0.principals.append($0.principals[0]) }),
        ("assignment twice", .roleAssignmentExists, { $0.roleAssignments.append($0.roleAssignments[0]) }),
    ]

    @Test func spoiledGenesisLeavesNothing() {
        var replica = Replica()
        for (what, refusal, spoil) in Self.spoiled {
            var genesis = Fixture.genesis()
            spoil(&genesis)
            #expect(replica.apply(.initializePool(genesis)) == .refused(refusal), "\(what)")
            #expect(replica.state.pool == nil && replica.state.principals.isEmpty && replica.state.members.isEmpty)
        }
    }

    /// A pool begins with the first version, which doesn't ask whether its administrators can log in.
    @Test func theFirstAdministratorNeedsNoRecord() {
        var genesis = Fixture.genesis()
        genesis.principals = []
        var replica = Replica()
        #expect(replica.apply(.initializePool(genesis)) == .applied)
        #expect(replica.state.version == .first)
    }

    @Test func nothingIsDoneBeforeGenesis() throws {
        var replica = Replica()
        let principal = NewPrincipal(objectID: Fixture.administrator, kind: .user, displayName: "a")
        #expect(replica.apply(.createPrincipal(principal)) == .refused(.notInitialized))
        #expect(try replica.reloaded().root == replica.state.root)
    }

    // MARK: Security domain

    private func provisioned(_ edit: (inout Genesis) -> Void = { _ in }) -> Replica {
        var genesis = Fixture.genesis()
        edit(&genesis)
        var replica = Replica()
        replica.apply(.initializePool(genesis))
        return replica
    }

    @Test func activation() throws {
        var replica = provisioned()
        #expect(replica.apply(.securityDomainActivated(generation: 0)) == .refused(.securityDomainNotPrepared))
        #expect(replica.apply(.securityDomainPrepared(Fixture.securityDomain())) == .applied)
        #expect(replica.state.phase == .activating && replica.state.securityDomain?.activated == nil)
        #expect(replica.state.pool?.keyring == [1, 2, 3])
        #expect(replica.apply(.securityDomainActivated(generation: 1)) == .refused(.rootGenerationMismatch))
        replica.time += 2000
        #expect(replica.apply(.securityDomainActivated(generation: 0)) == .applied)
        #expect(replica.state.phase == .activated)
        let domain = try #require(replica.state.securityDomain)
        #expect(domain.prepared == Fixture.start / 1000 && domain.activated == Fixture.start / 1000 + 2)
        // Noticed twice: no harm, no change.
        replica.time += 2000
        #expect(replica.apply(.securityDomainActivated(generation: 0)) == .applied)
        #expect(replica.state.securityDomain == domain)
        let again = Fixture.securityDomain(generation: 1, keyring: [4])
        #expect(
            replica.apply(.securityDomainPrepared(again)) == .refused(.securityDomainAlreadyActivated))
    }

    @Test func aFirstFileThatWasLostIsMadeAgainForTheSameOfficersOnly() {
        var replica = provisioned()
        replica.apply(.securityDomainPrepared(Fixture.securityDomain()))
        var again = Fixture.securityDomain()
        again.encryptedData += [7]
        #expect(replica.apply(.securityDomainPrepared(again)) == .applied)
        #expect(replica.state.securityDomain?.encryptedData == again.encryptedData)
        var others = Fixture.securityDomain()
        others.officers[0] += [1]
        #expect(replica.apply(.securityDomainPrepared(others)) == .refused(.rootGenerationMismatch))
        var fewer = Fixture.securityDomain()
        fewer.required -= 1
        #expect(replica.apply(.securityDomainPrepared(fewer)) == .refused(.rootGenerationMismatch))
        #expect(replica.state.securityDomain?.encryptedData == again.encryptedData)
    }

    @Test func aSecondFileHasANewRoot() {
        var replica = provisioned()
        replica.apply(.securityDomainPrepared(Fixture.securityDomain()))
        #expect(
            replica.apply(.securityDomainPrepared(Fixture.securityDomain(generation: 0, keyring: [4])))
                == .refused(.rootGenerationMismatch))
        let second = Fixture.securityDomain(generation: 1, keyring: [4])
        #expect(replica.apply(.securityDomainPrepared(second)) == .applied)
        #expect(replica.state.pool?.rootGeneration == 1 && replica.state.pool?.keyring == [4])
        // Of two files made at the same time the second is refused.
        #expect(replica.apply(.securityDomainPrepared(second)) == .refused(.rootGenerationMismatch))
        #expect(replica.apply(.securityDomainActivated(generation: 0)) == .refused(.rootGenerationMismatch))
        #expect(replica.apply(.securityDomainActivated(generation: 1)) == .applied)
    }

    static let spoiledDomains: [(String, @Sendable (inout PreparedSecurityDomain) -> Void)] = [
        ("no officer", { ($0.officers, $0.commitments) = ([], []) }),
        ("more required than there are", { $0.required = 4 }),
        ("none required", { $0.required = 0 }),
        ("officer twice", { $0.officers = [[1], [2], [2]] }),
        ("empty certificate", { $0.officers = [[1], [2], []] }),
        ("commitment missing", { $0.commitments.removeLast() }),
        ("short commitment", { $0.commitments[0] = [1] }),
        ("no data", { $0.encryptedData = [] }),
        ("short capability", { $0.capabilityDigest = [1] }),
        ("empty keyring", { ($0.generation, $0.keyring) = (1, []) }),
        ("eleven officers", { domain in
            domain.officers = (0..<11).map { [$0] }
            domain.commitments = [[UInt8]](repeating: domain.commitments[0], count: 11)
        }),
    ]

    @Test func spoiledSecurityDomains() {
        var replica = provisioned()
        for (what, spoil) in Self.spoiledDomains {
            var domain = Fixture.securityDomain()
            spoil(&domain)
            #expect(
                replica.apply(.securityDomainPrepared(domain)) == .refused(.invalidSecurityDomain), "\(what)")
        }
        #expect(replica.state.phase == .provisioned)
    }

    @Test func pinnedOfficersOnly() {
        var replica = provisioned { genesis in
            genesis.pinnedOfficers = [[3], [1], [2]].map { Digest.sha256($0) }
        }
        var other = Fixture.securityDomain()
        other.officers[2] = [4]
        #expect(replica.apply(.securityDomainPrepared(other)) == .refused(.officersNotPinned))
        #expect(replica.apply(.securityDomainPrepared(Fixture.securityDomain())) == .applied)
    }

    // MARK: Unsealing and audit

    @Test func unsealGrants() {
        var replica = provisioned()
        func grant(_ node: UInt64, by giver: UInt64 = 1, nonce: Int = 16, ticket: Int = 32) -> UnsealGrant {
            UnsealGrant(
                node: node, bootNonce: [UInt8](repeating: 1, count: nonce), grantedBy: giver,
                ticketDigest: [UInt8](repeating: 2, count: ticket))
        }
        #expect(replica.apply(.unsealGranted(grant(2))) == .applied)
        let stored = replica.rows.keys.filter { $0.first == RowTable.unsealGrant.rawValue }
        #expect(stored == [[RowTable.unsealGrant.rawValue, 0, 0, 0, 0, 0, 0, 0, 2]])
        #expect(replica.apply(.unsealGranted(grant(4))) == .refused(.memberNotFound))
        #expect(replica.apply(.unsealGranted(grant(2, by: 9))) == .refused(.memberNotFound))
        #expect(replica.apply(.unsealGranted(grant(2, nonce: 0))) == .refused(.invalidUnsealGrant))
        #expect(replica.apply(.unsealGranted(grant(2, nonce: 65))) == .refused(.invalidUnsealGrant))
        #expect(replica.apply(.unsealGranted(grant(2, ticket: 31))) == .refused(.invalidUnsealGrant))
    }

    @Test func auditHeadsNeverGoBack() {
        var replica = provisioned()
        func head(_ count: UInt64, _ hash: UInt8, node: UInt64 = 2) -> PoolCommand {
            .auditHead(AuditHead(node: node, count: count, hash: [UInt8](repeating: hash, count: 32), time: 1))
        }
        #expect(replica.apply(head(5, 1)) == .applied)
        #expect(replica.apply(head(5, 1)) == .applied)
        #expect(replica.apply(head(5, 2)) == .refused(.auditHeadRegressed))
        #expect(replica.apply(head(4, 1)) == .refused(.auditHeadRegressed))
        #expect(replica.apply(head(6, 2)) == .applied)
        #expect(replica.apply(head(1, 1, node: 4)) == .refused(.memberNotFound))
        #expect(
            replica.apply(.auditHead(AuditHead(node: 1, count: 1, hash: [], time: 1))) == .refused(.invalidAuditHead))
        #expect(replica.state.auditHeads.map(\.count) == [6])
    }

    @Test func authoritiesOfReleaseAreFixedByTheFirstCommand() throws {
        var genesis = Fixture.genesis()
        genesis.releaseAuthorities = Fixture.authorities
        var replica = Replica()
        #expect(replica.apply(.initializePool(genesis)) == .applied)
        #expect(replica.state.pool?.releaseAuthorities == Fixture.authorities)
        #expect(try replica.reloaded().pool?.releaseAuthorities == Fixture.authorities)
        for change: (inout [ReleaseAuthority]) -> Void in [
            { $0[1].issuer = $0[0].issuer }, { $0[0].issuer = "" }, { $0[0].keys = [] },
            { $0[1].keys[1].id = $0[1].keys[0].id }, { $0[0].keys[0].id = "" },
            { $0[0].keys[0].id = String(repeating: "x", count: 257) },
            { $0[0].keys = [ReleaseAuthority.Key](repeating: $0[0].keys[0], count: 17) },
            { authorities in
                authorities = (0..<17).map { ReleaseAuthority(issuer: "https://\($0)", keys: authorities[0].keys) }
            },
        ] {
            genesis.releaseAuthorities = Fixture.authorities
            change(&genesis.releaseAuthorities)
            var other = Replica()
            #expect(other.apply(.initializePool(genesis)) == .refused(.invalidGenesis))
        }
    }

    @Test func ed25519KeysAreStored() throws {
        var replica = Replica.activated()
        let key = Fixture.ed25519Key("a")
        #expect(replica.apply(.createKeyVersion(key)) == .key(name: "a", version: Fixture.version(1)))
        #expect(try replica.reloaded().key("a")?.latest.publicKey == key.publicKey)
        for (name, change): (String, (inout NewKeyVersion) -> Void) in [
            ("other key", { $0.publicKey = .ed25519(x: Digest.sha256([9])) }),
            ("short", { $0.publicKey = .ed25519(x: [1]) }), ("none", { $0.publicKey = nil }),
            ("curve", { $0.header.curve = .p256 }), ("type", { $0.header.keyType = .ecHSM }),
        ] {
            var wrong = Fixture.ed25519Key("b")
            change(&wrong)
            #expect(replica.apply(.createKeyVersion(wrong)) == .refused(.invalidKeyHeader), "\(name)")
        }
        let twin = Fixture.ed25519Key("a", version: 2)
        var again = twin
        again.header.name = "c"
        again.record = [7]
        #expect(replica.apply(.createKeyVersion(again)) == .refused(.duplicateKeyMaterial))
    }
}
