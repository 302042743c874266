import Synchronization

/// Whether the algorithms have given their known answers. A failure is final: nothing brings the module back but a new
/// process.
final class ModuleHealth: Sendable {
    /// The one of the process.
    static let shared = ModuleHealth()

    private enum State: UInt8, AtomicRepresentable {
        case untested, good, failed
    }

    private let state = Atomic<State>(.untested)
    private let failure = Mutex<String?>(nil)
    private let answers: @Sendable (SelfTest) -> [UInt8]

    /// - Parameter answers: what each test has to come to.
    init(answers: @escaping @Sendable (SelfTest) -> [UInt8] = { $0.expected }) { self.answers = answers }

    /// Runs every test, unless that was done before.
    /// - Throws: ``CryptoError/notOperational(_:)`` with the name of the test that failed, then and at every later
    ///   call.
    func runTests() throws(CryptoError) {
        let failed: String? = failure.withLock { failure in
            guard state.load(ordering: .acquiring) == .untested else { return failure }
            failure = SelfTest.allCases.first { !$0.passes(expecting: answers($0)) }?.rawValue
            state.store(failure == nil ? .good : .failed, ordering: .releasing)
            return failure
        }
        if let failed { throw .notOperational("the self-test of \(failed) failed") }
    }

    /// For everything that uses a private or secret key.
    /// - Throws: ``CryptoError/notOperational(_:)`` before the tests were run, and once one has failed.
    @inline(__always)
    func requireGood() throws(CryptoError) {
        guard state.load(ordering: .acquiring) == .good else { throw refusal() }
    }

    /// For what needs public keys only, which is possible in a process that holds no secrets and was not prepared for
    /// them.
    func requireNoFailure() throws(CryptoError) {
        guard state.load(ordering: .acquiring) != .failed else { throw refusal() }
    }

    private func refusal() -> CryptoError {
        if let failed = failure.withLock({ $0 }) { return .notOperational("the self-test of \(failed) failed") }
        return .notOperational("the process was not prepared for keys")
    }
}
