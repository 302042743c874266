import CryptographicModule
import Testing

@testable import SecurityDomain

@Suite("The officers' ceremony")
struct CeremonyTests {
    private func refusal(
        _ ceremony: UnsealCeremony, _ envelope: ShareEnvelope, now: Int64 = TestWorld.now
    ) -> CeremonyRefusal? {
        #expect(throws: CeremonyRefusal.self) { try ceremony.accept(envelope.encode(), now: now) }
    }

    private func openedRoot(_ step: UnsealCeremony.Step) -> RootKey? {
        if case .opened(let domain) = step { domain.root } else { nil }
    }

    @Test(
        "Any quorum opens the root, in any order; one key is protected by a pass phrase", arguments: [[1, 2], [3, 1]])
    func quorum(numbers: [Int]) throws {
        let domain = try TestWorld.domain()
        let ceremony = try TestWorld.ceremony(domain)
        var last: UnsealCeremony.Step?
        for number in numbers {
            #expect(last.flatMap(openedRoot) == nil)
            let envelope = try TestWorld.envelope(number, file: domain.file, for: ceremony)
            last = try ceremony.accept(try ShareEnvelope.decode(envelope.encode()).encode(), now: TestWorld.now)
        }
        let root = try #require(last.flatMap(openedRoot))
        let keyring = try Keyring.unseal(root: root, material: domain.keyring.sealed)
        #expect(keyring.kek.id == domain.keyring.kek.id)
        #expect(ceremony.progress == nil)
        #expect(refusal(ceremony, try TestWorld.envelope(2, file: domain.file, for: ceremony)) == .over)
    }

    @Test("A repeated share is named and spends no other")
    func duplicate() throws {
        let domain = try TestWorld.domain([1, 2, 3], required: 3)
        let ceremony = try TestWorld.ceremony(domain)
        let first = try TestWorld.envelope(1, file: domain.file, for: ceremony)
        guard case .waiting(let progress) = try ceremony.accept(first.encode(), now: TestWorld.now) else {
            Issue.record("one share must not open anything")
            return
        }
        #expect(progress == .init(officers: [1], required: 3))
        #expect(refusal(ceremony, first) == .duplicate(officer: 1))
        #expect(
            refusal(ceremony, try TestWorld.envelope(1, file: domain.file, for: ceremony)) == .duplicate(officer: 1))
        #expect(ceremony.progress == .init(officers: [1], required: 3))
        _ = try ceremony.accept(
            try TestWorld.envelope(2, file: domain.file, for: ceremony).encode(), now: TestWorld.now)
        let last = try ceremony.accept(
            try TestWorld.envelope(3, file: domain.file, for: ceremony).encode(), now: TestWorld.now)
        #expect(openedRoot(last) != nil)
    }

    @Test("An envelope changed in any field is refused, and the field's meaning is named")
    func tampering() throws {
        let domain = try TestWorld.domain()
        let ceremony = try TestWorld.ceremony(domain)
        let bytes = try TestWorld.envelope(1, file: domain.file, for: ceremony).encode()
        for index in fieldRanges(bytes).indices {
            let changed = try #require(flippingField(index, of: bytes))
            let refused = #expect(throws: CeremonyRefusal.self) { try ceremony.accept(changed, now: TestWorld.now) }
            switch index {
            case 0: #expect(refused == .malformed("share envelope: does not begin with QSE1"))
            case 1: #expect(refused == .wrongPool)
            case 2: #expect(refused == .wrongGeneration(expected: 0, got: 1))
            case 3: #expect(refused == .wrongCeremony)
            case 4: #expect(refused == .malformed("share envelope: unknown purpose"))
            case 5: #expect(refused == .wrongExchangeKey)
            case 6: #expect(refused == .wrongExpiry)
            case 7: #expect(refused == .unknownOfficer(0))
            default: #expect(refused == .badSignature(officer: 1))
            }
            #expect(ceremony.progress == .init(officers: [], required: 2))
        }
        _ = try ceremony.accept(bytes, now: TestWorld.now)
        #expect(ceremony.progress?.officers == [1])
    }

    @Test("Shares of another ceremony, node, purpose, pool or generation are named")
    func foreignTerms() throws {
        let domain = try TestWorld.domain()
        let ceremony = try TestWorld.ceremony(domain)
        let earlier = try TestWorld.ceremony(domain)
        #expect(refusal(ceremony, try TestWorld.envelope(1, file: domain.file, for: earlier)) == .wrongCeremony)

        func refused(_ change: (CeremonyTerms) -> CeremonyTerms) throws -> CeremonyRefusal? {
            let share = try domain.file.openShare(of: try TestWorld.officer(1)) {
                try TestWorld.officerKey(1).decrypt($0)
            }
            let envelope = try ShareEnvelope.seal(
                share, commitment: domain.record.commitments[0], terms: change(ceremony.terms),
                exchangeKey: try ceremony.invitation.verify(nodeKeyDigest: nil)
            ) { try TestWorld.officerKey(1).signPSS($0) }
            return refusal(ceremony, envelope)
        }
        #expect(try refused { $0.with(purpose: .restore) } == .wrongPurpose)
        #expect(try refused { $0.with(poolID: TestWorld.identifier(9)) } == .wrongPool)
        #expect(try refused { $0.with(generation: 7) } == .wrongGeneration(expected: 0, got: 7))
        #expect(try refused { $0.with(exchangeKeyDigest: Digest.sha256([1])) } == .wrongExchangeKey)
        #expect(try refused { $0.with(expiresAt: $0.expiresAt + 1) } == .wrongExpiry)
        #expect(ceremony.progress == .init(officers: [], required: 2))
    }

    @Test("What is sealed to another exchange key under these terms does not open")
    func otherExchangeKey() throws {
        let domain = try TestWorld.domain()
        let (ceremony, other) = (try TestWorld.ceremony(domain), try TestWorld.ceremony(domain))
        let share = try domain.file.openShare(of: try TestWorld.officer(1)) { try TestWorld.officerKey(1).decrypt($0) }
        let envelope = try ShareEnvelope.seal(
            share, commitment: domain.record.commitments[0], terms: ceremony.terms,
            exchangeKey: try other.invitation.verify(nodeKeyDigest: nil)
        ) { try TestWorld.officerKey(1).signPSS($0) }
        #expect(refusal(ceremony, envelope) == .doesNotOpen(officer: 1))
    }

    @Test("An officer can't pass off another share, nor sign for another officer")
    func wrongShare() throws {
        let domain = try TestWorld.domain()
        let stranger = try TestWorld.domain()
        let ceremony = try TestWorld.ceremony(domain)
        let exchangeKey = try ceremony.invitation.verify(nodeKeyDigest: nil)
        func envelope(share number: Int, of source: TestWorld.Domain, commitment: Int, signer: Int) throws
            -> ShareEnvelope
        {
            let key = try TestWorld.officerKey(number)
            let share = try source.file.openShare(of: try TestWorld.officer(number)) { try key.decrypt($0) }
            return try ShareEnvelope.seal(
                share, commitment: domain.record.commitments[commitment - 1], terms: ceremony.terms,
                exchangeKey: exchangeKey
            ) { try TestWorld.officerKey(signer).signPSS($0) }
        }
        #expect(
            refusal(ceremony, try envelope(share: 1, of: stranger, commitment: 1, signer: 1))
                == .commitmentMismatch(officer: 1))
        #expect(
            refusal(ceremony, try envelope(share: 1, of: domain, commitment: 2, signer: 1))
                == .commitmentMismatch(officer: 1))
        #expect(
            refusal(ceremony, try envelope(share: 1, of: domain, commitment: 1, signer: 2)) == .badSignature(officer: 1)
        )
        #expect(ceremony.progress == .init(officers: [], required: 2))
    }

    @Test("After its time the ceremony takes nothing and is gone")
    func expiry() throws {
        let domain = try TestWorld.domain()
        let ceremony = try TestWorld.ceremony(domain)
        let envelope = try TestWorld.envelope(1, file: domain.file, for: ceremony)
        let end = TestWorld.now + ExchangeKey.lifetime
        #expect(throws: CeremonyRefusal.expired) {
            try TestWorld.envelope(2, file: domain.file, for: ceremony, now: end)
        }
        _ = try ceremony.accept(envelope.encode(), now: end - 1)
        #expect(refusal(ceremony, envelope, now: end) == .expired)
        #expect(refusal(ceremony, envelope) == .over)
        #expect(ceremony.progress == nil)
    }

    @Test("A cancelled ceremony takes nothing")
    func cancelled() throws {
        let domain = try TestWorld.domain()
        let ceremony = try TestWorld.ceremony(domain)
        let envelope = try TestWorld.envelope(1, file: domain.file, for: ceremony)
        ceremony.expire(now: ceremony.terms.expiresAt - 1)
        #expect(ceremony.progress != nil)
        ceremony.cancel()
        #expect(refusal(ceremony, envelope) == .over)
        let forgotten = try TestWorld.ceremony(domain)
        forgotten.expire(now: forgotten.terms.expiresAt)
        #expect(forgotten.progress == nil)
    }

    @Test("A security domain that does not fit the pool's check value is not opened")
    func checkValue() throws {
        let domain = try TestWorld.domain()
        let real = domain.keyring.identity
        let doctored = PoolIdentity(
            poolID: real.poolID, securityDomainID: real.securityDomainID, generation: 0,
            keyCheckValue: TestWorld.identifier(0), identityKey: real.identityKey, createdAt: real.createdAt)
        let record = try SecurityDomainRecord(
            identity: doctored, officers: domain.record.officers, commitments: domain.record.commitments,
            encryptedItems: domain.record.encryptedItems)
        let ceremony = try UnsealCeremony(
            domain: record, purpose: .unseal, nodeKey: try TestWorld.nodeKey(1), now: TestWorld.now)
        _ = try ceremony.accept(
            try TestWorld.envelope(1, file: domain.file, for: ceremony).encode(), now: TestWorld.now)
        #expect(
            refusal(ceremony, try TestWorld.envelope(2, file: domain.file, for: ceremony))
                == .domainDoesNotOpen(.rootMismatch))
    }

    @Test("An invitation changed in any field, or of another node, is refused by the officer's tool")
    func invitation() throws {
        let domain = try TestWorld.domain()
        let ceremony = try TestWorld.ceremony(domain)
        let bytes = ceremony.invitation.encode()
        #expect(try UnsealInvitation.decode(bytes) == ceremony.invitation)
        for index in fieldRanges(bytes).indices {
            let changed = try #require(flippingField(index, of: bytes))
            #expect(throws: SecurityDomainError.self, "field \(index)") {
                try UnsealInvitation.decode(changed).verify(nodeKeyDigest: nil)
            }
        }
        #expect(throws: SecurityDomainError.authenticationFailed("the node that invites")) {
            try ceremony.invitation.verify(nodeKeyDigest: Digest.sha256(try TestWorld.nodeKey(2).spkiDER))
        }
    }

    @Test("The officer's tool refuses files and keys that do not belong")
    func toolRefusals() throws {
        let domain = try TestWorld.domain()
        let other = try TestWorld.domain()
        let ceremony = try TestWorld.ceremony(domain)
        #expect(throws: SecurityDomainError.commitmentMismatch(officer: 1)) {
            try TestWorld.envelope(1, file: other.file, for: ceremony)
        }
        #expect(throws: SecurityDomainError.notAnOfficer) {
            try TestWorld.envelope(4, file: domain.file, for: ceremony)
        }
        #expect(throws: SecurityDomainError.authenticationFailed("share 1")) {
            try OfficerTool.seal(
                file: domain.file.json(), certificate: try TestWorld.vector("officer1.cer"),
                privateKey: try TestWorld.officerKey(2), invitation: ceremony.invitation, nodeKeyDigest: nil,
                now: TestWorld.now)
        }
    }

    @Test("By the file alone a quorum opens the domain for another pool, each officer known by his certificate")
    func outline() throws {
        let domain = try TestWorld.domain()
        let pool = TestWorld.identifier(0x77)
        let outline = try DomainOutline(parsing: domain.file.outline.json())
        #expect(outline == domain.file.outline)
        func ceremony() throws -> UnsealCeremony {
            try UnsealCeremony(outline: outline, poolID: pool, nodeKey: try TestWorld.nodeKey(1), now: TestWorld.now)
        }
        let first = try ceremony()
        #expect(first.terms.poolID == pool && first.terms.purpose == .restore && first.invitation.commitments.isEmpty)
        func share(_ number: Int, _ ceremony: UnsealCeremony) throws -> [UInt8] {
            try TestWorld.envelope(number, file: domain.file, for: ceremony).encode()
        }
        let one = try TestWorld.certificateDER("officer1.cer")
        for certificate in [nil, try TestWorld.certificateDER("officer2.cer")] {
            #expect(throws: CeremonyRefusal.wrongCertificate(officer: 1)) {
                try first.accept(try share(1, first), certificate: certificate, now: TestWorld.now)
            }
        }
        #expect(openedRoot(try first.accept(try share(1, first), certificate: one, now: TestWorld.now)) == nil)
        #expect(throws: CeremonyRefusal.duplicate(officer: 1)) {
            try first.accept(try share(1, first), certificate: one, now: TestWorld.now)
        }
        let step = try first.accept(
            try share(3, first), certificate: try TestWorld.certificateDER("officer3.cer"), now: TestWorld.now)
        guard case .opened(let opened) = step else { throw SecurityDomainError.sealed }
        #expect(opened.identity == domain.keyring.identity)
        #expect(try opened.root.exposed() == domain.keyring.root.exposed())

        // An officer who holds another file gives nothing.
        let other = try TestWorld.domain()
        let second = try ceremony()
        #expect(throws: SecurityDomainError.wrongSecurityDomain) {
            try TestWorld.envelope(1, file: other.file, for: second)
        }
    }
}

extension CeremonyTerms {
    func with(
        poolID: [UInt8]? = nil, generation: UInt32? = nil, purpose: CeremonyPurpose? = nil,
        exchangeKeyDigest: [UInt8]? = nil, expiresAt: Int64? = nil
    ) -> CeremonyTerms {
        CeremonyTerms(
            poolID: poolID ?? self.poolID, generation: generation ?? self.generation, ceremonyID: ceremonyID,
            purpose: purpose ?? self.purpose, exchangeKeyDigest: exchangeKeyDigest ?? self.exchangeKeyDigest,
            expiresAt: expiresAt ?? self.expiresAt)
    }
}
