/// A permission string of a role: the name of a data action, in which `*` stands for any run of characters.
///
/// Letter case is ignored. A pattern that names nothing known matches nothing: it grants nothing.
public struct DataActionPattern: Hashable, Sendable {
    /// The pattern as it was given. Patterns that differ in case match the same and are not equal.
    public let text: String

    /// Takes any text: one that is no pattern of a data action matches nothing.
    public init(_ text: String) {
        self.text = text
    }

    public var hasWildcard: Bool { text.utf8.contains(UInt8(ascii: "*")) }

    /// The data actions that the pattern matches.
    public var actions: DataActionSet {
        let pattern = Array(text.utf8)
        return DataActionSet(
            DataAction.allCases.filter { DataActionPattern.matches(pattern, Array($0.name.utf8)) })
    }

    /// Greedy matching with one point to fall back to: linear in the pattern for each character of the name, whatever
    /// the number of wildcards.
    private static func matches(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
        var patternIndex = 0
        var nameIndex = 0
        var resume: (pattern: Int, name: Int)?
        while nameIndex < name.count {
            if patternIndex < pattern.count, pattern[patternIndex] == UInt8(ascii: "*") {
                patternIndex += 1
                resume = (patternIndex, nameIndex)
            } else if patternIndex < pattern.count, folded(pattern[patternIndex]) == folded(name[nameIndex]) {
                patternIndex += 1
                nameIndex += 1
            } else if let last = resume {
                patternIndex = last.pattern
                nameIndex = last.name + 1
                resume = (last.pattern, nameIndex)
            } else {
                return false
            }
        }
        return pattern[patternIndex...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
