import Testing

@testable import Raft

@Suite struct WriteLedgerTests {
    @Test func confirmsInOrder() {
        var ledger = WriteLedger(durable: 2)
        #expect(ledger.handOver(through: 4, lastTerm: 1) == nil)
        #expect(ledger.handOver(through: 6, lastTerm: 1) == nil)
        #expect(ledger.durable == 2)
        ledger.confirm(through: 4, term: 1)
        #expect(ledger.durable == 4)
        ledger.confirm(through: 6, term: 1)
        #expect(ledger.durable == 6)
    }

    @Test func laterConfirmationCoversEarlierWrites() {
        var ledger = WriteLedger(durable: 0)
        _ = ledger.handOver(through: 1, lastTerm: 1)
        _ = ledger.handOver(through: 2, lastTerm: 1)
        ledger.confirm(through: 2, term: 1)
        #expect(ledger.durable == 2)
        ledger.confirm(through: 1, term: 1)
        #expect(ledger.durable == 2)
    }

    @Test func unknownConfirmationsProveNothing() {
        var ledger = WriteLedger(durable: 0)
        _ = ledger.handOver(through: 3, lastTerm: 2)
        ledger.confirm(through: 3, term: 1)
        ledger.confirm(through: 9, term: 2)
        #expect(ledger.durable == 0)
    }

    /// The same entry is written, cut off, and written again: the first confirmation says nothing about the last write.
    @Test func confirmationOfACutWriteProvesOnlyWhatWasKept() {
        var ledger = WriteLedger(durable: 0)
        _ = ledger.handOver(through: 5, lastTerm: 1)
        ledger.truncated(from: 3)
        #expect(ledger.handOver(through: 5, lastTerm: 2) == 3)
        ledger.truncated(from: 3)
        #expect(ledger.handOver(through: 5, lastTerm: 1) == 3)
        ledger.confirm(through: 5, term: 1)
        #expect(ledger.durable == 2)
        ledger.confirm(through: 5, term: 2)
        #expect(ledger.durable == 2)
        ledger.confirm(through: 5, term: 1)
        #expect(ledger.durable == 5)
    }

    @Test func truncationsBeforeOneWriteAddUp() {
        var ledger = WriteLedger(durable: 9)
        ledger.truncated(from: 8)
        ledger.truncated(from: 6)
        ledger.truncated(from: 7)
        #expect(ledger.durable == 5)
        #expect(ledger.handOver(through: 7, lastTerm: 3) == 6)
        #expect(ledger.handOver(through: 7, lastTerm: 3) == nil)
    }

    @Test func whatWasNeverHandedOverNeedsNoCut() {
        var ledger = WriteLedger(durable: 4)
        ledger.truncated(from: 5)
        #expect(ledger.handOver(through: 6, lastTerm: 3) == nil)
    }
}
