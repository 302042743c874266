import CryptographicModule
import Testing

@testable import SecurityDomain

/// An officer's word counts for one change, one pool and one place, and for nothing else.
@Suite struct RootChangeTermsTests {
    private func terms(_ edit: (inout [Int]) -> Void = { _ in }) throws -> RootChangeTerms {
        var values = [1, 2, 0, 1, 3, 100, 2, 2]
        edit(&values)
        return RootChangeTerms(
            poolID: TestWorld.identifier(UInt8(values[0])), securityDomainID: TestWorld.identifier(UInt8(values[1])),
            generation: UInt32(values[2]), epoch: UInt64(values[3]), changeID: TestWorld.identifier(UInt8(values[4])),
            expiresAt: Int64(values[5]), required: values[6],
            officers: try (1...(values[7] + 1)).map { try TestWorld.certificateDER("officer\($0).cer") })
    }

    @Test func anApprovalIsBoundToAllOfIt() throws {
        let good = try terms()
        let publicKey = try TestWorld.officer(1).publicKey
        let signature = try OfficerTool.approve(good, as: 1, privateKey: try TestWorld.officerKey(1))
        #expect(good.isApproved(by: 1, publicKey: publicKey, signature: signature))
        #expect(!good.isApproved(by: 2, publicKey: publicKey, signature: signature))
        #expect(!good.isApproved(by: 1, publicKey: try TestWorld.officer(2).publicKey, signature: signature))
        for place in 0..<8 {
            let other = try terms { $0[place] += 1 }
            #expect(!other.isApproved(by: 1, publicKey: publicKey, signature: signature), "place \(place)")
        }
        // Nor does a key outside of the pool come in unseen, or one in the place of another.
        func opened(by keys: [AutoUnsealKey]) -> RootChangeTerms {
            RootChangeTerms(
                poolID: good.poolID, securityDomainID: good.securityDomainID, generation: good.generation,
                epoch: good.epoch, changeID: good.changeID, expiresAt: good.expiresAt, required: good.required,
                officers: good.officers, unsealKeys: keys)
        }
        let (one, other) = (
            try AutoUnsealKey(provider: .pkcs11, name: "a", point: try KeyAgreement.generate().publicPoint),
            try AutoUnsealKey(provider: .pkcs11, name: "a", point: try KeyAgreement.generate().publicPoint)
        )
        #expect(!opened(by: [one]).isApproved(by: 1, publicKey: publicKey, signature: signature))
        let both = try OfficerTool.approve(
            opened(by: [one, other]), as: 1, privateKey: try TestWorld.officerKey(1))
        #expect(opened(by: [one, other]).isApproved(by: 1, publicKey: publicKey, signature: both))
        for keys in [[], [one], [other], [other, one]] {
            #expect(!opened(by: keys).isApproved(by: 1, publicKey: publicKey, signature: both))
        }
        let commitment = try ShareCommitment(digest: [UInt8](repeating: 1, count: 32))
        #expect(!good.isConfirmed(by: 1, publicKey: publicKey, commitment: commitment, signature: signature))
    }

    @Test func aConfirmationNeedsTheShare() throws {
        let old = try TestWorld.keyring.get()
        let next = try old.underNewRoot()
        let officers = try TestWorld.officers()
        func made() throws -> SecurityDomainFile.Made {
            try SecurityDomainFile.make(root: next.root, formerRoots: [], identity: next.identity, officers: officers)
        }
        let (file, other) = (try made(), try made())
        let terms = RootChangeTerms(
            poolID: old.identity.poolID, securityDomainID: old.identity.securityDomainID,
            generation: old.identity.generation, epoch: 1, changeID: TestWorld.identifier(3), expiresAt: 100,
            required: 2, officers: officers.certificates.map(\.der))
        func confirm(
            _ made: SecurityDomainFile.Made, officer: Int, key: Int
        ) throws -> (officer: Int, signature: [UInt8]) {
            try OfficerTool.confirm(
                terms, file: made.file.json(), certificate: try TestWorld.vector("officer\(officer).cer"),
                privateKey: try TestWorld.officerKey(key), commitments: file.commitments.map(\.digest))
        }
        let (place, signature) = try confirm(file, officer: 2, key: 2)
        #expect(place == 2)
        let publicKey = try TestWorld.officer(2).publicKey
        #expect(
            terms.isConfirmed(by: 2, publicKey: publicKey, commitment: file.commitments[1], signature: signature))
        #expect(
            !terms.isConfirmed(by: 2, publicKey: publicKey, commitment: file.commitments[0], signature: signature))
        #expect(throws: SecurityDomainError.commitmentMismatch(officer: 2)) { try confirm(other, officer: 2, key: 2) }
        #expect(throws: SecurityDomainError.authenticationFailed("share 2")) { try confirm(file, officer: 2, key: 1) }
        #expect(throws: SecurityDomainError.notAnOfficer) { try confirm(file, officer: 4, key: 4) }
    }
}
