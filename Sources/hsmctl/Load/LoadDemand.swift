import Foundation
import LoadGenerator
import Yams

/// What the person asked for, before anything is known of the pool.
struct LoadDemand: Equatable {
    enum Operation: String, CaseIterable {
        case sign, verify, encrypt, decrypt, wrapKey, unwrapKey, get

        /// What has to be done once to have the input of this operation.
        var preparation: Operation? {
            switch self {
            case .verify: .sign
            case .decrypt: .encrypt
            case .unwrapKey: .wrapKey
            case .sign, .encrypt, .wrapKey, .get: nil
            }
        }
    }

    /// How a missing key is made.
    struct Creation: Equatable {
        var type: String
        var curve: String?
        var size: Int?
    }

    struct Part: Equatable {
        var operation: Operation
        /// Not for `get`.
        var algorithm: String?
        var keys: [String]
        var choice = KeyChoice.uniform
        var weight = 1
        var creation: Creation?

        var name: String { [operation.rawValue, algorithm].compactMap { $0 }.joined(separator: " ") }
    }

    var parts: [Part] = []
    /// Requests a second at the start and at the end of an open loop; `nil` for a closed one.
    var rate: (from: Double, to: Double)?
    var spacing = LoadPlan.Spacing.even
    var connections = 8
    var streams = 16
    var warmUp = 2.0
    var duration = 10.0
    var timeout = 10.0
    var processes = 1

    /// At one rate, with the gaps that were asked for.
    func arrival(at rate: Double) -> LoadPlan.Arrival { .open(from: rate, to: rate, spacing: spacing) }

    static func == (one: LoadDemand, other: LoadDemand) -> Bool {
        one.parts == other.parts && one.rate?.from == other.rate?.from && one.rate?.to == other.rate?.to
            && one.spacing == other.spacing && one.connections == other.connections && one.streams == other.streams
            && one.warmUp == other.warmUp && one.duration == other.duration && one.timeout == other.timeout
            && one.processes == other.processes
    }

    /// - Throws: ``ClientError`` that names the value and what it may be.
    func check() throws {
        guard !parts.isEmpty else {
            throw ClientError.usage("No operation is given. Name a key with --key, or a profile with --profile.")
        }
        for part in parts { try Self.check(part) }
        try Self.check("connections", connections, 1...1000)
        try Self.check("streams", streams, 1...1000)
        try Self.check("processes", processes, 1...64)
        guard connections >= processes else {
            throw ClientError.usage("Each process needs a connection: \(connections) are too few for \(processes).")
        }
        guard warmUp >= 0, warmUp <= 3600, (1...86_400).contains(duration), (0.01...300).contains(timeout) else {
            throw ClientError.usage(
                "The warm-up is 0 to 3600 s, the duration 1 to 86400 s, the timeout 0.01 to 300 s.")
        }
        if let rate {
            guard rate.from > 0, rate.to >= 0, max(rate.from, rate.to) <= 1e6 else {
                throw ClientError.usage("A rate is more than 0 and at most 1000000 requests a second.")
            }
        }
    }

    /// - Parameter isSearch: whether the same run is made again and again.
    /// - Throws: ``ClientError`` where one of the faults couldn't happen, or would spoil what comes after it.
    func check(_ faults: [Fault], isSearch: Bool) throws {
        for fault in faults {
            guard fault.second < duration else {
                throw ClientError.usage(
                    "A fault \(Figures.decimal(fault.second)) s after the beginning never happens: the run takes "
                        + "\(Figures.decimal(duration)) s.")
            }
            if isSearch, fault.action == .kill {
                throw ClientError.usage(
                    "After a trial with --kill the next one misses the node: --find-max goes with --pause only.")
            }
        }
    }

    private static func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw ClientError.usage("'\(name)' is \(range.lowerBound) to \(range.upperBound), not \(value).")
        }
    }

    private static func check(_ part: Part) throws {
        guard !part.keys.isEmpty else { throw ClientError.usage("'\(part.name)' names no key.") }
        guard part.weight > 0, part.weight <= 1_000_000 else {
            throw ClientError.usage("A weight is 1 to 1000000, not \(part.weight).")
        }
        if case .zipf(let exponent) = part.choice, !(exponent > 0 && exponent <= 10) {
            throw ClientError.usage("The exponent of a Zipf distribution is more than 0 and at most 10.")
        }
        guard (part.algorithm == nil) == (part.operation == .get) else {
            throw ClientError.usage(
                part.operation == .get ? "'get' has no algorithm." : "'\(part.operation)' needs an algorithm.")
        }
    }
}

/// `30s`, `5m`, `1h`, `250ms`; a bare number means seconds.
enum Span {
    static func seconds(_ text: String) throws -> Double {
        let units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]
        let unit = units.first { text.hasSuffix($0.0) }
        guard let number = Double(text.dropLast(unit?.0.count ?? 0)), number >= 0, number.isFinite else {
            throw ClientError.usage("'\(text)' isn't a time such as 30s, 5m or 250ms.")
        }
        return number * (unit?.1 ?? 1)
    }
}

/// A load in a file, in YAML. Unknown members are refused.
enum LoadProfile {
    static func read(_ path: String) throws -> LoadDemand {
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        do {
            return try parse(text)
        } catch let error as ClientError {
            throw ClientError.usage("\(path): \(error.message)")
        }
    }

    static func parse(_ text: String) throws -> LoadDemand {
        let root: Section
        do {
            root = Section(try Yams.load(yaml: text) as? [String: Any] ?? [:])
        } catch {
            throw ClientError.usage("It isn't YAML: \(error)")
        }
        try root.refuseOthers(than: [
            "duration", "warm_up", "timeout", "connections", "streams", "processes", "rate", "ramp", "arrivals",
            "operations",
        ])
        var demand = LoadDemand()
        if let text = try root.text("duration") { demand.duration = try Span.seconds(text) }
        if let text = try root.text("warm_up") { demand.warmUp = try Span.seconds(text) }
        if let text = try root.text("timeout") { demand.timeout = try Span.seconds(text) }
        if let number = try root.number("connections") { demand.connections = Int(number) }
        if let number = try root.number("streams") { demand.streams = Int(number) }
        if let number = try root.number("processes") { demand.processes = Int(number) }
        if let rate = try root.number("rate") { demand.rate = (rate, rate) }
        if let ramp = root.values["ramp"] {
            guard demand.rate == nil, let ends = ramp as? [Any], ends.count == 2 else {
                throw ClientError.usage("'ramp' is a list of two rates, and stands without 'rate'.")
            }
            demand.rate = (try Section.number(ends[0], "ramp"), try Section.number(ends[1], "ramp"))
        }
        if let text = try root.text("arrivals") {
            guard let spacing = LoadPlan.Spacing(rawValue: text) else {
                throw ClientError.usage("'arrivals' is even or random, not '\(text)'.")
            }
            demand.spacing = spacing
        }
        guard let operations = root.values["operations"] as? [Any] else {
            throw ClientError.usage("'operations' is missing, or isn't a list.")
        }
        demand.parts = try operations.map { try part(Section($0 as? [String: Any] ?? [:])) }
        return demand
    }

    private static func part(_ section: Section) throws -> LoadDemand.Part {
        try section.refuseOthers(than: [
            "operation", "algorithm", "keys", "create", "choice", "exponent", "weight",
        ])
        let name = try section.text("operation") ?? "sign"
        guard let operation = LoadDemand.Operation(rawValue: name) else {
            let known = LoadDemand.Operation.allCases.map(\.rawValue).joined(separator: ", ")
            throw ClientError.usage("'operation' is one of \(known), not '\(name)'.")
        }
        var part = LoadDemand.Part(
            operation: operation, algorithm: try section.text("algorithm"), keys: try keys(section))
        if let weight = try section.number("weight") { part.weight = Int(weight) }
        if let text = try section.text("choice") {
            part.choice = try choice(text, exponent: try section.number("exponent") ?? 1)
        }
        if let values = section.values["create"] as? [String: Any] {
            let create = Section(values)
            try create.refuseOthers(than: ["type", "curve", "size"])
            guard let type = try create.text("type") else { throw ClientError.usage("'create' needs a type.") }
            part.creation = LoadDemand.Creation(
                type: type, curve: try create.text("curve"), size: try create.number("size").map { Int($0) })
        }
        return part
    }

    static func choice(_ text: String, exponent: Double) throws -> KeyChoice {
        switch text {
        case "hot": .hot
        case "uniform": .uniform
        case "zipf": .zipf(exponent: exponent)
        default: throw ClientError.usage("The choice of keys is hot, uniform or zipf, not '\(text)'.")
        }
    }

    /// A list of names, or a prefix and a count: `{prefix: load, count: 3}` is load-1, load-2, load-3.
    private static func keys(_ section: Section) throws -> [String] {
        if let names = section.values["keys"] as? [Any] { return names.map { "\($0)" } }
        guard let values = section.values["keys"] as? [String: Any] else {
            throw ClientError.usage("'keys' is a list of names, or a prefix and a count.")
        }
        let keys = Section(values)
        try keys.refuseOthers(than: ["prefix", "count"])
        guard let prefix = try keys.text("prefix"), let count = try keys.number("count"),
            (1...100_000).contains(count)
        else { throw ClientError.usage("'keys' needs a prefix, and a count of 1 to 100000.") }
        return (1...Int(count)).map { "\(prefix)-\($0)" }
    }

    private struct Section {
        let values: [String: Any]

        init(_ values: [String: Any]) { self.values = values }

        func refuseOthers(than known: Set<String>) throws {
            if let unknown = values.keys.sorted().first(where: { !known.contains($0) }) {
                throw ClientError.usage("'\(unknown)' isn't known here.")
            }
        }

        func text(_ name: String) throws -> String? {
            guard let value = values[name] else { return nil }
            guard value is String || value is Int || value is Double else {
                throw ClientError.usage("'\(name)' must be text.")
            }
            return "\(value)"
        }

        func number(_ name: String) throws -> Double? {
            try values[name].map { try Self.number($0, name) }
        }

        static func number(_ value: Any, _ name: String) throws -> Double {
            guard let number = (value as? Int).map({ Double($0) }) ?? value as? Double, number.isFinite,
                number.magnitude < 1e15
            else {
                throw ClientError.usage("'\(name)' must be a number.")
            }
            return number
        }
    }
}
