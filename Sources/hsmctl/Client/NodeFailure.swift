/// Why one node did not serve a request that another node might.
struct NodeFailure: Error, Hashable {
    enum Cause: Hashable {
        /// There is no connection to it.
        case unreachable(String)
        /// Its certificate isn't the authority's.
        case untrusted(String)
        /// The connection ended before the answer was complete.
        case interrupted(String)
        /// It answered that it can't serve now.
        case unavailable(String)
    }

    let endpoint: String
    let cause: Cause

    /// How much a cause tells about the pool: what a node says of itself, then what is wrong with a connection, then
    /// that there is none.
    private var weight: Int {
        switch cause {
        case .unavailable: 3
        case .interrupted: 2
        case .untrusted: 1
        case .unreachable: 0
        }
    }

    private var text: String {
        switch cause {
        case .unreachable(let reason): "\(endpoint) can't be reached: \(reason)"
        case .untrusted(let reason), .interrupted(let reason): "\(endpoint): \(reason)"
        case .unavailable(let reason): "\(endpoint) answers: \(reason)"
        }
    }

    /// The most telling failure first, then the others, each with its node.
    static func summary(_ failures: [NodeFailure]) -> String {
        guard let first = failures.max(by: { $0.weight < $1.weight }) else { return "no endpoint was asked" }
        let others = failures.filter { $0 != first }.map(\.text)
        return ([first.text] + others).joined(separator: "\n        ")
    }

    static func error(_ failures: [NodeFailure]) -> ClientError { .unavailable(summary(failures)) }
}
