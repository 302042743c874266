import Yams

/// One mapping of a YAML file, read strictly: unknown and repeated keys are refused, and each error names its line.
struct ConfigurationSection {
    let file: String
    /// Dotted path of the section within the file; empty for the whole file.
    let path: String
    private let mapping: Node.Mapping
    private let line: Int?

    /// Parses a whole file.
    static func parse(_ text: String, file: String) throws(ConfigurationError) -> ConfigurationSection {
        let node: Node?
        do {
            let parser = try Parser(yaml: text)
            node = try parser.singleRoot()
            // While the parser lives: nodes refer to their anchors weakly.
            if let node, let line = anchorLine(node) {
                throw ConfigurationError(
                    file: file, line: line, problem: "YAML anchors and aliases are not accepted",
                    cure: "Write the value out where it is used.")
            }
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw unreadable(error, file: file)
        }
        guard let node, case .mapping(let mapping) = node else {
            throw ConfigurationError(
                file: file, line: 1, problem: "the file must be a mapping of names to values",
                cure: "Write it like the examples in cluster-config.")
        }
        return try ConfigurationSection(file: file, path: "", mapping: mapping, line: 1)
    }

    /// The line of the first anchor. An alias needs one before it, so none is ever followed.
    private static func anchorLine(_ node: Node) -> Int? {
        if node.anchor != nil { return node.mark?.line ?? 1 }
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                if let line = anchorLine(key) ?? anchorLine(value) { return line }
            }
        case .sequence(let sequence):
            for element in sequence {
                if let line = anchorLine(element) { return line }
            }
        case .scalar, .alias: break
        }
        return nil
    }

    private static func unreadable(_ error: any Error, file: String) -> ConfigurationError {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            return ConfigurationError(
                file: file, line: mark.line, problem: "not readable as YAML: \(problem)",
                cure: "Correct the syntax at column \(mark.column).")
        case YamlError.duplicatedKeysInMapping(let names, let context):
            return ConfigurationError(
                file: file, line: context.mark.line, problem: "the key '\(names.first ?? "?")' occurs twice",
                cure: "Keep one of them.")
        default:
            return ConfigurationError(file: file, problem: "not readable as YAML", cure: "Save it as UTF-8 text.")
        }
    }

    private init(file: String, path: String, mapping: Node.Mapping, line: Int?) throws(ConfigurationError) {
        self.file = file
        self.path = path
        self.mapping = mapping
        self.line = line
        for (key, _) in mapping where key.string == nil {
            throw ConfigurationError(
                file: file, line: key.mark?.line ?? line, problem: "a key isn't a text", cure: "Write 'name: value'.")
        }
    }

    private func full(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// Refuses keys that nobody reads, naming the nearest known one: a misspelt setting must not be silently without
    /// effect.
    func allow(only known: [String]) throws(ConfigurationError) {
        for (key, _) in mapping {
            guard let name = key.string, !known.contains(name) else { continue }
            let nearest = known.min { editDistance($0, name) < editDistance($1, name) }
            let hint = nearest.flatMap { editDistance($0, name) <= 3 ? "Did you mean '\($0)'? " : nil } ?? ""
            throw ConfigurationError(
                file: file, line: key.mark?.line, problem: "unknown key '\(full(name))'",
                cure: "\(hint)Known here: \(known.joined(separator: ", ")).")
        }
    }

    /// `nil` where the file says nothing of it.
    func line(ofPresent name: String) -> Int? { mapping[Node(name)].map { $0.mark?.line ?? line ?? 1 } }

    func line(of name: String) -> Int? { mapping[Node(name)]?.mark?.line ?? line }

    func error(_ name: String, _ problem: String, cure: String) -> ConfigurationError {
        ConfigurationError(file: file, line: line(of: name), problem: "'\(full(name))' \(problem)", cure: cure)
    }

    // MARK: Values

    func optionalString(_ name: String) throws(ConfigurationError) -> String? {
        guard let node = mapping[Node(name)] else { return nil }
        guard case .scalar(let scalar) = node, !scalar.string.isEmpty else {
            throw error(name, "must be a text", cure: "Write \(name): value.")
        }
        return scalar.string
    }

    func string(_ name: String, example: String) throws(ConfigurationError) -> String {
        guard let value = try optionalString(name) else {
            throw error(name, "is missing", cure: "Add '\(name): \(example)'.")
        }
        return value
    }

    func optionalInteger(_ name: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
        guard let text = try optionalString(name) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw error(
                name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)",
                cure: "Correct '\(text)'.")
        }
        return value
    }

    func optionalBool(_ name: String) throws(ConfigurationError) -> Bool? {
        guard let text = try optionalString(name) else { return nil }
        guard text == "true" || text == "false" else {
            throw error(name, "must be true or false", cure: "Correct '\(text)'.")
        }
        return text == "true"
    }

    func integer(_ name: String, in range: ClosedRange<Int>, example: Int) throws(ConfigurationError) -> Int {
        guard let value = try optionalInteger(name, in: range) else {
            throw error(name, "is missing", cure: "Add '\(name): \(example)'.")
        }
        return value
    }

    func optionalSection(_ name: String) throws(ConfigurationError) -> ConfigurationSection? {
        guard let node = mapping[Node(name)] else { return nil }
        guard case .mapping(let inner) = node else {
            throw error(name, "must be a section", cure: "Indent its settings below '\(name):'.")
        }
        return try ConfigurationSection(file: file, path: full(name), mapping: inner, line: node.mark?.line)
    }

    func section(_ name: String) throws(ConfigurationError) -> ConfigurationSection {
        guard let section = try optionalSection(name) else {
            throw error(name, "is missing", cure: "Add a section '\(name):' as in the examples in cluster-config.")
        }
        return section
    }

    func sections(_ name: String) throws(ConfigurationError) -> [ConfigurationSection] {
        guard let node = mapping[Node(name)] else {
            throw error(name, "is missing", cure: "Add a list '\(name):'.")
        }
        guard case .sequence(let sequence) = node, !sequence.isEmpty else {
            throw error(name, "must be a list with at least one element", cure: "Write one '- ' per element.")
        }
        var sections: [ConfigurationSection] = []
        for (offset, element) in sequence.enumerated() {
            guard case .mapping(let inner) = element else {
                throw ConfigurationError(
                    file: file, line: element.mark?.line ?? line(of: name),
                    problem: "'\(full(name))' must be a list of sections",
                    cure: "Write 'key: value' pairs below each '- '.")
            }
            sections.append(
                try ConfigurationSection(
                    file: file, path: "\(full(name))[\(offset)]", mapping: inner, line: element.mark?.line))
        }
        return sections
    }

    func optionalStrings(_ name: String) throws(ConfigurationError) -> [String]? {
        guard let node = mapping[Node(name)] else { return nil }
        guard case .sequence(let sequence) = node else {
            throw error(name, "must be a list", cure: "Write '\(name): [one, two]'.")
        }
        var values: [String] = []
        for element in sequence {
            guard case .scalar(let scalar) = element, !scalar.string.isEmpty else {
                throw error(name, "must be a list of texts", cure: "Write '\(name): [one, two]'.")
            }
            values.append(scalar.string)
        }
        return values
    }
}

/// Levenshtein distance, for suggestions on short names.
private func editDistance(_ left: String, _ right: String) -> Int {
    let right = Array(right)
    var previous = Array(0...right.count)
    for (row, character) in left.enumerated() {
        var current = [row + 1]
        for column in right.indices {
            let substitution = previous[column] + (character == right[column] ? 0 : 1)
            current.append(min(substitution, previous[column + 1] + 1, current[column] + 1))
        }
        previous = current
    }
    return previous[right.count]
}
