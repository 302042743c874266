import CryptographicModule
import Testing

@testable import SecurityDomain

/// What officers sign where a restore shall bring everything into a living pool.
@Suite struct RestoreTermsTests {
    private func terms(_ edit: (inout [Int]) -> Void = { _ in }) -> RestoreTerms {
        var values = [1, 2, 0, 1, 3, 100, 5, 6, 7, 0, 8]
        edit(&values)
        return RestoreTerms(
            subject: RestoreTerms.Subject(
                poolID: TestWorld.identifier(UInt8(values[0])),
                securityDomainID: TestWorld.identifier(UInt8(values[1])), generation: UInt32(values[2]),
                epoch: UInt64(values[3]), orderID: TestWorld.identifier(UInt8(values[4]))),
            expiresAt: Int64(values[5]), backupID: [UInt8](repeating: UInt8(values[6]), count: 32),
            headerDigest: [UInt8](repeating: UInt8(values[7]), count: 32), place: "file:///\(values[8])",
            keepsCredentials: values[9] > 0, consequences: ["a \(values[10])", "b"])
    }

    @Test func anApprovalIsBoundToAllOfIt() throws {
        let publicKey = try TestWorld.officer(1).publicKey
        let key = try TestWorld.officerKey(1)
        let signature = try OfficerTool.approve(terms(), as: 1, privateKey: key)
        #expect(terms().isApproved(by: 1, publicKey: publicKey, signature: signature))
        #expect(!terms().isApproved(by: 2, publicKey: publicKey, signature: signature))
        #expect(!terms().isApproved(by: 1, publicKey: try TestWorld.officer(2).publicKey, signature: signature))
        for place in 0..<11 {
            let other = terms { $0[place] += 1 }
            #expect(!other.isApproved(by: 1, publicKey: publicKey, signature: signature), "place \(place)")
            #expect(other.digest != terms().digest, "place \(place)")
        }
        // Two lines aren't one, and to be shown it is not to approve it.
        let line = RestoreTerms(
            subject: terms().subject, expiresAt: 100, backupID: terms().backupID,
            headerDigest: terms().headerDigest, place: terms().place, keepsCredentials: false,
            consequences: ["a 8b"])
        #expect(!line.isApproved(by: 1, publicKey: publicKey, signature: signature))
        let view = try OfficerTool.view(terms().subject, as: 1, privateKey: key)
        #expect(!terms().isApproved(by: 1, publicKey: publicKey, signature: view))
        #expect(!terms().subject.isViewed(by: 1, publicKey: publicKey, signature: signature))
    }

    @Test func onlyOfficersAreShownIt() throws {
        let publicKey = try TestWorld.officer(1).publicKey
        let view = try OfficerTool.view(terms().subject, as: 1, privateKey: try TestWorld.officerKey(1))
        #expect(terms().subject.isViewed(by: 1, publicKey: publicKey, signature: view))
        #expect(!terms().subject.isViewed(by: 2, publicKey: publicKey, signature: view))
        for place in 0..<5 {
            let other = terms { $0[place] += 1 }
            #expect(!other.subject.isViewed(by: 1, publicKey: publicKey, signature: view), "place \(place)")
        }
    }
}
