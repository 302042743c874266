import Testing

@testable import HSMService

/// The driver is called once for all that has gathered, and never not at all.
@Suite struct MailboxTests {
    private final class Loop {}

    private let loops = [Loop(), Loop()]
    private func id(_ number: Int) -> ObjectIdentifier { ObjectIdentifier(loops[number]) }

    @Test func theDriverIsCalledOnceForAll() {
        var mailbox = Mailbox<Int>()
        let calls = (1...3).map { mailbox.post($0) }
        #expect(calls == [true, false, false])
        let taken = mailbox.take()
        let again = mailbox.post(4)
        #expect(taken == [1, 2, 3] && again)
    }

    @Test func whatComesInOneTurnSharesACall() {
        var mailbox = Mailbox<Int>()
        let promises = (1...3).map { mailbox.post($0, atEndOfTurnOf: id(0)) }
        #expect(promises == [true, false, false])
        let calls = mailbox.keepPromise(of: id(0))
        let taken = mailbox.take()
        #expect(calls && taken == [1, 2, 3])
        // A new turn, a new promise.
        let promise = mailbox.post(4, atEndOfTurnOf: id(0))
        #expect(promise)
    }

    /// The other loop may be held up for a while.
    @Test func eachLoopKeepsItsOwnPromise() {
        var mailbox = Mailbox<Int>()
        let promises = (0...1).map { mailbox.post($0, atEndOfTurnOf: id($0)) }
        #expect(promises == [true, true])
        let first = mailbox.keepPromise(of: id(1))
        let second = mailbox.keepPromise(of: id(0))
        let taken = mailbox.take()
        #expect(first && !second && taken == [0, 1])
    }

    @Test func whatCanNotWaitTakesTheRestAlong() {
        var mailbox = Mailbox<Int>()
        let promise = mailbox.post(1, atEndOfTurnOf: id(0))
        let calls = mailbox.post(2)
        let needless = mailbox.post(3, atEndOfTurnOf: id(1))
        let taken = mailbox.take()
        #expect(promise && calls && !needless && taken == [1, 2, 3])
        // Nothing is left for the one who comes back.
        let callsAgain = mailbox.keepPromise(of: id(0))
        #expect(!callsAgain)
    }

    /// The driver took what was there before the turn had ended: the rest of the turn is the promise's.
    @Test func whatComesBehindTheDriverIsNotForgotten() {
        var mailbox = Mailbox<Int>()
        _ = mailbox.post(1, atEndOfTurnOf: id(0))
        _ = mailbox.post(2)
        _ = mailbox.take()
        let promise = mailbox.post(3, atEndOfTurnOf: id(0))
        #expect(!promise)
        let calls = mailbox.keepPromise(of: id(0))
        let taken = mailbox.take()
        #expect(calls && taken == [3])
    }
}
