/// The messages with entries that one follower has not answered yet: what bounds the memory and the network that a slow
/// follower can take.
struct InflightWindow: Sendable {
    private struct Message: Sendable {
        let last: LogIndex
        let bytes: Int
        let round: UInt64
    }

    private var messages: [Message] = []
    private var bytes = 0

    var count: Int { messages.count }

    func isFull(maxMessages: Int, maxBytes: Int) -> Bool {
        messages.count >= maxMessages || (bytes >= maxBytes && !messages.isEmpty)
    }

    mutating func add(last: LogIndex, bytes size: Int, round: UInt64) {
        messages.append(Message(last: last, bytes: size, round: round))
        bytes += size
    }

    mutating func free(through index: LogIndex) {
        let answered = messages.prefix { $0.last <= index }
        guard !answered.isEmpty else { return }
        bytes -= answered.reduce(0) { $0 + $1.bytes }
        messages.removeFirst(answered.count)
    }

    mutating func clear() {
        messages = []
        bytes = 0
    }

    /// Whether something was sent before `round` began and is still unanswered. Links and followers keep their order,
    /// so once `round` was answered it must have been lost.
    func holdsUnanswered(before round: UInt64) -> Bool {
        messages.first.map { $0.round < round } ?? false
    }
}
