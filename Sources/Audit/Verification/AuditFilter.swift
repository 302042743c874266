import StrictJSON

/// Which records of a log somebody looks for.
public struct AuditFilter: Sendable {
    private let key: String?
    private let caller: String?
    private let operation: String?

    /// - Parameters:
    ///   - key: a key's name, whatever its version; refused requests and restores of it, too.
    ///   - caller: a principal's object id.
    ///   - operation: as in `operationName`; upper and lower case are the same.
    public init(key: String? = nil, caller: String? = nil, operation: String? = nil) {
        (self.key, self.caller, self.operation) = (key, caller?.lowercased(), operation?.lowercased())
    }

    /// Whether every record is let through.
    public var isEmpty: Bool { key == nil && caller == nil && operation == nil }

    /// Whether this line of a log is a record that is looked for.
    public func lets(_ line: [UInt8]) -> Bool {
        guard case .object(let record)? = try? JSONReader.parse(line), record["header"] == nil else { return false }
        if let operation, AuditTail.text(record, "operationName").lowercased() != operation { return false }
        if let caller, AuditTail.caller(record).lowercased() != caller { return false }
        guard let key else { return true }
        // A refusal names the key by its address only, and the end of a restore by its name.
        if Self.keyName(AuditTail.text(record, "requestUri")) == key { return true }
        guard case .object(let properties)? = record["properties"] else { return false }
        return Self.keyName(AuditTail.text(properties, "id")) == key || AuditTail.text(properties, "key") == key
    }

    /// Of an identifier such as `https://host/keys/NAME/VERSION`, of a deleted key, too.
    private static func keyName(_ identifier: String) -> String? {
        let parts = identifier.split(separator: "/").map(String.init)
        guard let place = parts.firstIndex(where: { $0 == "keys" || $0 == "deletedkeys" }), place + 1 < parts.count
        else { return nil }
        return parts[place + 1]
    }
}
