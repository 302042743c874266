/// A parsed JSON document (RFC 8259), as small as the API needs it.
///
/// Objects keep their members in the order received; a name occurs once, since ``JSONReader`` refuses duplicates.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// An integer that fits 64 bits. With a fraction or an exponent (`7.0`, `7e0`) only one below 2^53 is one.
    case integer(Int64)
    /// Any other number.
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// The name of the value's type, for error messages.
    public var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .integer, .double: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

/// The members of a JSON object in the order received.
///
/// Look-up is linear: requests have a handful of members and ``JSONReader`` bounds them.
public struct JSONObject: Hashable, Sendable {
    /// In the order received, no name twice. A member that is `null` is here, and absent to the subscript.
    public private(set) var members: [Member]

    /// A name and its value.
    public struct Member: Hashable, Sendable {
        public let name: String
        public let value: JSONValue
    }

    /// An object without members.
    public init() { members = [] }

    mutating func append(name: String, value: JSONValue) {
        members.append(Member(name: name, value: value))
    }

    /// The value of a member, or `nil` where it is absent. An explicit `null` reads as absent, as the API's clients
    /// expect.
    public subscript(name: String) -> JSONValue? {
        for member in members where member.name == name {
            if case .null = member.value { return nil }
            return member.value
        }
        return nil
    }

    func contains(_ name: String) -> Bool {
        members.contains { $0.name == name }
    }
}

extension JSONObject {
    /// The same object without a member.
    public func without(_ name: String) -> JSONObject {
        var rest = JSONObject()
        for member in members where member.name != name { rest.append(name: member.name, value: member.value) }
        return rest
    }
}
