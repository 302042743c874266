import StrictJSON

/// The form in which a plan goes to another process of the generator.
extension LoadPlan {
    /// Why a document is no plan.
    public struct Malformed: Error, Hashable, Sendable {}

    private static let limits = JSONReader.Limits(depth: 8, members: 1 << 20)

    /// One line of text. It holds the access tokens in clear, so it goes through a pipe and into no file.
    public var json: [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        writer.object { writer in
            writer.member("nodes") { $0.array { writer in for node in nodes { Self.write(node, &writer) } } }
            if let authorityFile { writer.member("authorityFile", authorityFile) }
            writer.member("tokens", array: tokens)
            writer.member("operations") { writer in
                writer.array { writer in for operation in operations { Self.write(operation, &writer) } }
            }
            if case .open(let from, let to, let spacing) = arrival {
                writer.member("from") { $0.value(.double(from)) }
                writer.member("to") { $0.value(.double(to)) }
                writer.member("spacing", spacing.rawValue)
                writer.member("firstArrival") { $0.value(.double(firstArrival)) }
            }
            writer.member("connections", connections)
            writer.member("streams", streams)
            writer.member("warmUp", warmUp)
            writer.member("duration", duration)
            writer.member("timeout", timeout)
            writer.member("maximumOutstanding", maximumOutstanding)
            writer.member("seed", Int64(bitPattern: seed))
        }
        return writer.bytes
    }

    private static func write(_ node: Node, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("name", node.name)
            writer.member("host", node.host)
            writer.member("port", node.port)
        }
    }

    private static func write(_ operation: Operation, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("name", operation.name)
            writer.member("weight", operation.weight)
            switch operation.choice {
            case .hot: writer.member("choice", "hot")
            case .uniform: writer.member("choice", "uniform")
            case .zipf(let exponent): writer.member("zipf") { $0.value(.double(exponent)) }
            }
            writer.member("paths", array: operation.requests.map(\.path))
            writer.member("bodies", array: operation.requests.map { String(decoding: $0.body, as: UTF8.self) })
        }
    }

    /// Reads what ``json`` wrote.
    public init(json: [UInt8]) throws {
        guard case .object(let object) = try JSONReader.parse(json, limits: Self.limits) else { throw Malformed() }
        let fields = Record(object)
        arrival = .closed
        if let from = object["from"].flatMap(Record.double), let to = object["to"].flatMap(Record.double) {
            guard let spacing = Spacing(rawValue: try fields.text("spacing")) else { throw Malformed() }
            arrival = .open(from: from, to: to, spacing: spacing)
            firstArrival = object["firstArrival"].flatMap(Record.double) ?? 1
        }
        nodes = try fields.records("nodes").map { node in
            Node(name: try node.text("name"), host: try node.text("host"), port: Int(try node.number("port")))
        }
        authorityFile = try? fields.text("authorityFile")
        tokens = try fields.texts("tokens")
        operations = try fields.records("operations").map(Self.operation)
        connections = Int(try fields.number("connections"))
        streams = Int(try fields.number("streams"))
        warmUp = UInt64(clamping: try fields.number("warmUp"))
        duration = UInt64(clamping: try fields.number("duration"))
        timeout = UInt64(clamping: try fields.number("timeout"))
        maximumOutstanding = Int(try fields.number("maximumOutstanding"))
        seed = UInt64(bitPattern: try fields.number("seed"))
    }

    private static func operation(_ record: Record) throws -> Operation {
        let (paths, bodies) = (try record.texts("paths"), try record.texts("bodies"))
        guard paths.count == bodies.count, !paths.isEmpty else { throw Malformed() }
        let choice: KeyChoice
        if let exponent = record.object["zipf"].flatMap(Record.double) {
            choice = .zipf(exponent: exponent)
        } else {
            choice = try record.text("choice") == "hot" ? .hot : .uniform
        }
        return Operation(
            name: try record.text("name"), weight: Int(try record.number("weight")), choice: choice,
            requests: zip(paths, bodies).map { Request(path: $0, body: Array($1.utf8)) })
    }
}

/// The form in which new tokens go to a process that has its plan.
extension LoadPlan {
    /// One line of text, with the tokens in clear.
    public static func encode(tokens: [String]) -> [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        writer.object { $0.member("tokens", array: tokens) }
        return writer.bytes
    }

    /// Reads what ``encode(tokens:)`` wrote.
    ///
    /// - Throws: what isn't that.
    public static func tokens(json: [UInt8]) throws -> [String] {
        guard case .object(let object) = try JSONReader.parse(json, limits: limits) else { throw Malformed() }
        return try Record(object).texts("tokens")
    }
}

/// A JSON object whose members must be there.
struct Record {
    let object: JSONObject

    init(_ object: JSONObject) { self.object = object }

    static func double(_ value: JSONValue) -> Double? {
        switch value {
        case .double(let number): number
        case .integer(let number): Double(number)
        default: nil
        }
    }

    func text(_ name: String) throws -> String {
        guard case .string(let text)? = object[name] else { throw LoadPlan.Malformed() }
        return text
    }

    func number(_ name: String) throws -> Int64 {
        guard case .integer(let number)? = object[name] else { throw LoadPlan.Malformed() }
        return number
    }

    func numbers(_ name: String) throws -> [UInt64] {
        try elements(name).map { element in
            guard case .integer(let number) = element, number >= 0 else { throw LoadPlan.Malformed() }
            return UInt64(number)
        }
    }

    func texts(_ name: String) throws -> [String] {
        try elements(name).map { element in
            guard case .string(let text) = element else { throw LoadPlan.Malformed() }
            return text
        }
    }

    func records(_ name: String) throws -> [Record] {
        try elements(name).map { element in
            guard case .object(let object) = element else { throw LoadPlan.Malformed() }
            return Record(object)
        }
    }

    private func elements(_ name: String) throws -> [JSONValue] {
        guard case .array(let elements)? = object[name] else { throw LoadPlan.Malformed() }
        return elements
    }
}
