/// A configuration that can't be used: which file and line, what is wrong, what to write instead.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    public let file: String
    /// 1-based; `nil` where the file as a whole is meant.
    public let line: Int?
    public let problem: String
    public let cure: String

    public init(file: String, line: Int? = nil, problem: String, cure: String) {
        self.file = file
        self.line = line
        self.problem = problem
        self.cure = cure
    }

    public var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return "\(place): \(problem)\n  cure: \(cure)"
    }
}
