import Glibc
import Synchronization

/// A value that one thread replaces now and then, and many threads read with every request.
///
/// Each reader takes a lock that, as a rule, nobody else takes: threads are spread over several copies of the value,
/// and the writer replaces one after the other, holding each lock for one assignment. An atomic reference would make
/// all readers write to the same word, its count of readers; a lock of each copy's own is written by one thread only.
///
/// When ``replace(with:)`` returns, no later ``value`` is an earlier one. While it runs, two threads may see
/// different ones.
final class Published<Value: Sendable>: Sendable {
    /// A copy, with room around it, so that no two locks share a cache line.
    private final class Copy: Sendable {
        private let before: Padding = (0, 0, 0, 0, 0, 0, 0, 0)
        let value: Mutex<Value>
        private let after: Padding = (0, 0, 0, 0, 0, 0, 0, 0)

        init(_ value: Value) { self.value = Mutex(value) }
    }

    private typealias Padding = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

    private let copies: [Copy]

    /// - Parameter copies: a power of two; as many as threads read, or more.
    init(_ value: Value, copies: Int = 32) {
        precondition(copies > 0 && copies & (copies - 1) == 0, "not a power of two")
        self.copies = (0..<copies).map { _ in Copy(value) }
    }

    var value: Value { copies[place].value.withLock { $0 } }

    func replace(with value: Value) {
        for copy in copies { copy.value.withLock { $0 = value } }
    }

    /// Threads are told apart by where their stacks are. Two that fall on one copy share its lock, nothing worse.
    private var place: Int {
        let thread = UInt64(pthread_self()) &* 0x9E37_79B9_7F4A_7C15
        return Int(thread >> 40) & (copies.count - 1)
    }
}
