import Synchronization

@testable import HTTPTransport

/// Responders that a sink put aside, to be answered by the test.
final class Kept: Sendable {
    private let responders = Mutex<[Responder]>([])

    func keep(_ responder: Responder) { responders.withLock { $0.append(responder) } }

    var count: Int { responders.withLock { $0.count } }

    func take() -> [Responder] {
        responders.withLock { kept in
            defer { kept = [] }
            return kept
        }
    }
}
