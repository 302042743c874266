/// Something that is done to a node during a run.
public struct Fault: Hashable, Sendable {
    /// Which node it is done to; it has to run on this machine.
    public enum Target: Hashable, Sendable {
        /// Whichever leads at that moment.
        case leader
        /// The first that doesn't.
        case follower
        /// By name, or by its position from 1.
        case node(String)
    }

    /// What is done to the node's process.
    public enum Action: Hashable, Sendable {
        /// Ends the process at once.
        case kill
        /// Stops the process for as many seconds.
        case pause(seconds: Double)
    }

    public let action: Action
    public let target: Target
    /// After measuring has begun.
    public let second: Double

    /// Reads `leader@30s`, `follower@5s`, `node-2@10s` or `2@10s`; a pause as `leader@30s+2s`.
    public init?(_ text: String, isPause: Bool) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        let times = parts[1].split(separator: "+", omittingEmptySubsequences: false)
        guard times.count == (isPause ? 2 : 1), let second = Self.seconds(times[0]) else { return nil }
        if isPause {
            guard let length = Self.seconds(times[1]), length > 0 else { return nil }
            action = .pause(seconds: length)
        } else {
            action = .kill
        }
        self.second = second
        target =
            switch parts[0] {
            case "leader": .leader
            case "follower": .follower
            default: .node(String(parts[0]))
            }
    }

    private static func seconds(_ text: Substring) -> Double? {
        guard text.hasSuffix("s"), let value = Double(text.dropLast()), value >= 0, value < 1e6 else { return nil }
        return value
    }
}
