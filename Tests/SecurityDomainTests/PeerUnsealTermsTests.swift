import CryptographicModule
import Testing

@testable import SecurityDomain

/// What officers sign where nodes are to be unsealed more easily, and what a sealed node is told.
@Suite struct PeerUnsealTermsTests {
    private func terms(_ edit: (inout [Int]) -> Void = { _ in }) -> PeerUnsealTerms {
        var values = [1, 2, 0, 1, 3, 100, 1, 60]
        edit(&values)
        return PeerUnsealTerms(
            poolID: TestWorld.identifier(UInt8(values[0])), securityDomainID: TestWorld.identifier(UInt8(values[1])),
            generation: UInt32(values[2]), epoch: UInt64(values[3]), orderID: TestWorld.identifier(UInt8(values[4])),
            expiresAt: Int64(values[5]), mode: UInt8(values[6]), maxAbsence: Int64(values[7]))
    }

    @Test func anApprovalIsBoundToAllOfIt() throws {
        let publicKey = try TestWorld.officer(1).publicKey
        let signature = try OfficerTool.approve(terms(), as: 1, privateKey: try TestWorld.officerKey(1))
        #expect(terms().isApproved(by: 1, publicKey: publicKey, signature: signature))
        #expect(!terms().isApproved(by: 2, publicKey: publicKey, signature: signature))
        #expect(!terms().isApproved(by: 1, publicKey: try TestWorld.officer(2).publicKey, signature: signature))
        for place in 0..<8 {
            let other = terms { $0[place] += 1 }
            #expect(!other.isApproved(by: 1, publicKey: publicKey, signature: signature), "place \(place)")
        }
    }

    @Test func aNoticeSaysOneOfTheReasons() throws {
        for reason in PeerUnsealNotice.Reason.allCases {
            let notice = PeerUnsealNotice(transcript: [UInt8](repeating: 5, count: 32), reason: reason)
            #expect(try PeerUnsealNotice.decode(notice.encode()) == notice)
            #expect(reason.canBeApproved == (reason != .off))
        }
        let good = PeerUnsealNotice(transcript: [UInt8](repeating: 5, count: 32), reason: .off).encode()
        for length in 0..<good.count {
            #expect(throws: SecurityDomainError.self) { try PeerUnsealNotice.decode(Array(good[..<length])) }
        }
        for bad in [good + [0], Array(good.dropLast()) + [0], Array(good.dropLast()) + [7]] {
            #expect(throws: SecurityDomainError.self) { try PeerUnsealNotice.decode(bad) }
        }
        let long = PeerUnsealNotice(transcript: [1], reason: .off).encode()
        #expect(throws: SecurityDomainError.self) { try PeerUnsealNotice.decode(long) }
    }
}
