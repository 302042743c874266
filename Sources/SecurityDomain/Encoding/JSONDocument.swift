import StrictJSON

/// Typed access to one of the few JSON documents that are exchanged with officers' tools; what is missing or of another
/// type is named in the error. None of these documents holds a secret in clear.
struct JSONDocument {
    let name: String
    private let members: JSONObject

    init(parsing bytes: [UInt8], name: String, limit: Int) throws(SecurityDomainError) {
        guard bytes.count <= limit else {
            throw .malformed(document: name, reason: "longer than \(limit) bytes")
        }
        let value: JSONValue
        do {
            value = try JSONReader.parse(bytes)
        } catch {
            throw .malformed(document: name, reason: "\(error.reason), at byte \(error.offset)")
        }
        guard case .object(let members) = value else { throw .malformed(document: name, reason: "not an object") }
        self.init(name: name, members: members)
    }

    private init(name: String, members: JSONObject) {
        self.name = name
        self.members = members
    }

    private func malformed(_ reason: String) -> SecurityDomainError {
        .malformed(document: name, reason: reason)
    }

    private func member(_ key: String) throws(SecurityDomainError) -> JSONValue {
        guard let member = members[key] else { throw malformed("\(key) is missing") }
        return member
    }

    private func array(_ key: String) throws(SecurityDomainError) -> [JSONValue] {
        guard case .array(let elements) = try member(key) else { throw malformed("\(key) is not an array") }
        return elements
    }

    func has(_ key: String) -> Bool {
        members[key] != nil
    }

    func object(_ key: String) throws(SecurityDomainError) -> JSONDocument {
        guard case .object(let inner) = try member(key) else { throw malformed("\(key) is not an object") }
        return JSONDocument(name: "\(name): \(key)", members: inner)
    }

    func string(_ key: String) throws(SecurityDomainError) -> String {
        guard case .string(let text) = try member(key) else { throw malformed("\(key) is not a string") }
        return text
    }

    func integer(_ key: String) throws(SecurityDomainError) -> Int {
        guard case .integer(let value) = try member(key) else { throw malformed("\(key) is not an integer") }
        return Int(value)
    }

    /// The elements of an array of objects.
    func objects(_ key: String) throws(SecurityDomainError) -> [JSONDocument] {
        var documents: [JSONDocument] = []
        for (index, element) in try array(key).enumerated() {
            guard case .object(let inner) = element else { throw malformed("\(key)[\(index)] is not an object") }
            documents.append(JSONDocument(name: "\(name): \(key)[\(index)]", members: inner))
        }
        return documents
    }

    func strings(_ key: String) throws(SecurityDomainError) -> [String] {
        var texts: [String] = []
        for element in try array(key) {
            guard case .string(let text) = element else { throw malformed("\(key) holds something other than strings") }
            texts.append(text)
        }
        return texts
    }
}
