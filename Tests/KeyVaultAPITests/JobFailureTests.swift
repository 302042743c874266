import CryptographicModule
import PoolState
import RequestPipeline
import Testing

@testable import KeyVaultAPI

/// What clients read of a job that failed.
@Suite struct JobFailureTests {
    @Test(arguments: Refusal.allCases)
    func noRefusalIsCalledByItsName(_ refusal: Refusal) {
        let failure = JobFailure(JobRefused.refused(refusal))
        #expect(!failure.message.contains("\(refusal)"), "\(failure.message)")
        #expect((1...64).contains(failure.code.utf8.count) && failure.message.utf8.count <= 1024)
    }

    @Test func refusalsSayCauseAndCure() {
        let refusals: [(Refusal, String, String)] = [
            (.lastAdministrator, "Forbidden", "Assign the role at '/'"),
            (.retiredKeyEncryption, "ServiceUnavailable", "start the restore again"),
            (.jobOfOtherNode, "Conflict", "Another one has gone on"),
            (.invalidProposal, "InternalServerError", "The node's log has the cause"),
        ]
        for (refusal, code, says) in refusals {
            let failure = JobFailure(JobRefused.refused(refusal))
            #expect(failure.code == code && failure.message.contains(says), "\(refusal): \(failure)")
        }
    }

    /// A backup isn't called bad where the node lacked something.
    @Test func aNodeThatHasNoRoomSaysSo() {
        let causes: [(any Error, String)] = [
            (APIError.tooManyRequests, "too much to do"), (CryptoError.secureMemoryExhausted, "protected memory"),
        ]
        for (cause, says) in causes {
            let failure = JobFailure(cause)
            #expect(failure.code == "ServiceUnavailable" && failure.message.contains(says), "\(failure)")
        }
        #expect(JobFailure(CryptoError.authenticationFailed).code == "BackupRejected")
    }

    @Test func aPoolThatDoesNotAnswerIsDescribed() {
        let failure = JobFailure(JobRefused.unavailable(.timedOut(maybeApplied: true)))
        #expect(failure.code == "ServiceUnavailable" && failure.message.contains("did not confirm"))
    }
}
