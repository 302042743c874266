/// The shape of an endpoint's path, such as `/keys/{name}/{version?}/sign`.
///
/// Words compare without case, as clients vary it. `{x}` takes one non-empty segment. `{x?}` takes one segment that may
/// be empty or missing: both mean "latest". An empty segment before a word is skipped: some clients send
/// `/keys//restore`.
struct PathPattern: Sendable {
    enum Part: Hashable, Sendable {
        case word(String)
        case parameter(String)
        case optionalParameter(String)
    }

    let parts: [Part]
    /// More words match before fewer, so that `/keys/{name}/versions` wins over `/keys/{name}/{version?}`.
    let wordCount: Int

    init(_ text: String) {
        parts = text.split(separator: "/").map { part in
            guard part.hasPrefix("{"), part.hasSuffix("}") else { return .word(part.lowercased()) }
            let name = part.dropFirst().dropLast()
            return name.hasSuffix("?") ? .optionalParameter(String(name.dropLast())) : .parameter(String(name))
        }
        wordCount = parts.count { if case .word = $0 { true } else { false } }
    }

    /// The word at the end; `nil` where a parameter stands there.
    var lastWord: String? {
        if case .word(let word)? = parts.last { word } else { nil }
    }

    func match(_ segments: [String]) -> PathParameters? {
        guard mayEnd(with: segments.last) else { return nil }
        var parameters = PathParameters()
        var next = 0
        for index in parts.indices {
            switch parts[index] {
            case .word(let word):
                if next < segments.count, segments[next].isEmpty { next += 1 }
                guard next < segments.count, Self.equal(segments[next], word) else { return nil }
                next += 1
            case .parameter(let name):
                guard next < segments.count, !segments[next].isEmpty else { return nil }
                parameters.set(name, segments[next])
                next += 1
            case .optionalParameter(let name):
                guard segments.count - next > parts.count - index - 1 else { continue }
                if !segments[next].isEmpty { parameters.set(name, segments[next]) }
                next += 1
            }
        }
        return next == segments.count ? parameters : nil
    }

    /// Most patterns are told apart by their last word: nothing else is looked at then.
    private func mayEnd(with segment: String?) -> Bool {
        guard let lastWord else { return true }
        guard let segment else { return false }
        return Self.equal(segment, lastWord)
    }

    /// - Parameter word: in lower case.
    private static func equal(_ segment: String, _ word: String) -> Bool {
        segment == word || (segment.utf8.count == word.utf8.count && segment.lowercased() == word)
    }
}

/// What a pattern's parameters matched.
public struct PathParameters: Hashable, Sendable {
    private var pairs: [Pair] = []

    private struct Pair: Hashable, Sendable {
        let name: String
        let value: String
    }

    init() {}

    mutating func set(_ name: String, _ value: String) { pairs.append(Pair(name: name, value: value)) }

    /// What the parameter matched, never empty; `nil` for an optional one whose segment is empty or missing.
    public subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }
}
