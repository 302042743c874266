import StrictJSON

extension JSONObject {
    func text(_ name: String) -> String? {
        if case .string(let text)? = self[name] { text } else { nil }
    }

    func number(_ name: String) -> Int64? {
        if case .integer(let number)? = self[name] { number } else { nil }
    }

    func flag(_ name: String) -> Bool? {
        if case .bool(let flag)? = self[name] { flag } else { nil }
    }

    func object(_ name: String) -> JSONObject? {
        if case .object(let object)? = self[name] { object } else { nil }
    }

    func objects(_ name: String) -> [JSONObject] {
        guard case .array(let elements)? = self[name] else { return [] }
        return elements.compactMap { if case .object(let object) = $0 { object } else { nil } }
    }

    func texts(_ name: String) -> [String] {
        guard case .array(let elements)? = self[name] else { return [] }
        return elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    /// An object of members that `body` writes.
    static func make(_ body: (inout JSONWriter) -> Void) -> JSONObject {
        var writer = JSONWriter()
        writer.object(body)
        // What the writer made is within the reader's limits unless a list is longer than any this tool prints.
        guard case .object(let object)? = try? JSONReader.parse(
            writer.bytes, limits: .init(depth: 64, members: 1 << 20, numberLength: 64))
        else { return JSONObject() }
        return object
    }
}
