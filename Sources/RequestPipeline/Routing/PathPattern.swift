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

    func match(_ segments: [String]) -> PathParameters? {
        match(segments[...], parts[...])
    }

    private func match(_ segments: ArraySlice<String>, _ parts: ArraySlice<Part>) -> PathParameters? {
        var segments = segments
        var parameters = PathParameters()
        for (offset, part) in zip(parts.indices, parts) {
            switch part {
            case .word(let word):
                if segments.first?.isEmpty == true { segments.removeFirst() }
                guard let segment = segments.popFirst(), segment == word || segment.lowercased() == word else {
                    return nil
                }
            case .parameter(let name):
                guard let segment = segments.popFirst(), !segment.isEmpty else { return nil }
                parameters.set(name, segment)
            case .optionalParameter(let name):
                let rest = parts[(offset + 1)...]
                if segments.count > rest.count, let segment = segments.popFirst(), !segment.isEmpty {
                    parameters.set(name, segment)
                }
            }
        }
        return segments.isEmpty ? parameters : nil
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

    public subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }
}
