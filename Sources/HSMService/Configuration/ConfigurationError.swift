/// A configuration that can't be used: which file and line, what is wrong, what to write instead.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// As it was named to the program.
    public let file: String
    /// 1-based; `nil` where the file as a whole is meant.
    public let line: Int?
    /// What is wrong, in words that go on after the file's name.
    public let problem: String
    /// What to write instead, as a sentence.
    public let cure: String

    public init(file: String, line: Int? = nil, problem: String, cure: String) {
        self.file = file
        self.line = line
        self.problem = problem
        self.cure = cure
    }

    /// File, line, problem and cure.
    public var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return "\(place): \(problem)\n  cure: \(cure)"
    }
}
