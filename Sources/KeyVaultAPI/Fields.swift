import CryptographicModule
import RequestPipeline
import StrictJSON

/// Reads members of a request's body; every refusal names the parameter.
struct Fields {
    let object: JSONObject
    /// Prefix for messages, such as `attributes.`.
    var path = ""

    private func wrongType(_ name: String, _ expected: String) -> APIError {
        .badParameter("The parameter '\(path)\(name)' must be \(expected), not \(object[name]?.typeName ?? "null").")
    }

    func string(_ name: String) throws(APIError) -> String? {
        guard let value = object[name] else { return nil }
        guard case .string(let text) = value else { throw wrongType(name, "a string") }
        return text
    }

    func requiredString(_ name: String) throws(APIError) -> String {
        guard let text = try string(name) else { throw .badParameter("The parameter '\(path)\(name)' is required.") }
        return text
    }

    func integer(_ name: String) throws(APIError) -> Int64? {
        guard let value = object[name] else { return nil }
        guard case .integer(let number) = value else { throw wrongType(name, "a whole number") }
        return number
    }

    func bool(_ name: String) throws(APIError) -> Bool? {
        guard let value = object[name] else { return nil }
        guard case .bool(let flag) = value else { throw wrongType(name, "true or false") }
        return flag
    }

    func section(_ name: String) throws(APIError) -> Fields? {
        guard let value = object[name] else { return nil }
        guard case .object(let inner) = value else { throw wrongType(name, "an object") }
        return Fields(object: inner, path: "\(path)\(name).")
    }

    func strings(_ name: String) throws(APIError) -> [String]? {
        guard let value = object[name] else { return nil }
        guard case .array(let elements) = value else { throw wrongType(name, "an array of strings") }
        var texts: [String] = []
        for element in elements {
            guard case .string(let text) = element else { throw wrongType(name, "an array of strings") }
            texts.append(text)
        }
        return texts
    }

    func sections(_ name: String) throws(APIError) -> [Fields]? {
        guard let value = object[name] else { return nil }
        guard case .array(let elements) = value else { throw wrongType(name, "an array of objects") }
        var sections: [Fields] = []
        for (offset, element) in elements.enumerated() {
            guard case .object(let inner) = element else { throw wrongType(name, "an array of objects") }
            sections.append(Fields(object: inner, path: "\(path)\(name)[\(offset)]."))
        }
        return sections
    }

    /// Bytes in base64url; padding is accepted, as some clients send it.
    func bytes(_ name: String) throws(APIError) -> [UInt8] {
        try decode(try requiredString(name), name)
    }

    /// The same of a text that stands elsewhere in the body, at `place`.
    func decode(_ text: String, _ place: String) throws(APIError) -> [UInt8] {
        var text = text
        let bytes = text.withUTF8 { digits in
            var count = digits.count
            while count > 0, digits.count - count < 2, digits[count - 1] == UInt8(ascii: "=") { count -= 1 }
            return Base64URL.decode(UnsafeBufferPointer(rebasing: digits[..<count]))
        }
        guard let bytes else { throw .badParameter("The parameter '\(path)\(place)' isn't base64url.") }
        return bytes
    }

    /// `nil` where the member is absent.
    func optionalBytes(_ name: String) throws(APIError) -> [UInt8]? {
        guard object[name] != nil else { return nil }
        return try bytes(name)
    }

    /// As ``bytes(_:)``, for what shall not lie about in memory.
    func sensitiveBytes(_ name: String) throws(APIError) -> SensitiveBytes {
        var text = try requiredString(name)
        var padding = 0
        while padding < 2, text.utf8.last == UInt8(ascii: "=") {
            text.removeLast()
            padding += 1
        }
        guard let bytes = SensitiveBytes(base64URL: text) else {
            throw .badParameter("The parameter '\(path)\(name)' isn't base64url.")
        }
        return bytes
    }

    /// The end of the year 9999, in seconds since 1970: clients' date types hold no later time.
    static let latestTime: Int64 = 253_402_300_799

    /// Seconds since 1970-01-01T00:00:00Z, within what a client's date type holds.
    func time(_ name: String) throws(APIError) -> Int64? {
        guard let seconds = try integer(name) else { return nil }
        guard (0...Self.latestTime).contains(seconds) else {
            throw .badParameter("The parameter '\(path)\(name)' must be a time in seconds since 1970.")
        }
        return seconds
    }

    /// Tags: at most 15, names and values of at most 256 characters.
    func tags() throws(APIError) -> [String: String]? {
        guard let section = try section("tags") else { return nil }
        guard section.object.members.count <= 15 else {
            throw .badParameter("The parameter 'tags' has more than 15 members.")
        }
        var tags: [String: String] = [:]
        for member in section.object.members {
            guard case .string(let value) = member.value else {
                throw .badParameter("The parameter 'tags' must hold strings only.")
            }
            // Counted in UTF-16 units, as clients do: a grapheme cluster can be of any length.
            guard !member.name.isEmpty, member.name.utf16.count <= 256, value.utf16.count <= 256 else {
                throw .badParameter(
                    "The parameter 'tags' has an empty name, or a name or value of more than 256 characters.")
            }
            tags[member.name] = value
        }
        return tags
    }
}

extension RequestContext {
    func fields() throws(APIError) -> Fields { Fields(object: try jsonBody()) }
}
