/// The header fields of a request, names in lower case, in the order of arrival.
///
/// Names and values lie one after the other in one buffer, so that a request costs two allocations however many
/// fields it has. `authorization` is kept apart from the others: it is long, it is secret, and the next one to read it
/// wants bytes, not text.
public struct HTTPFields: Sendable {
    private struct Entry {
        var start: UInt32
        var nameCount: UInt32
        var valueCount: UInt32
    }

    private var storage: [UInt8] = []
    private var entries: [Entry] = []

    /// The value of the first `authorization` field, exactly as it was received.
    public private(set) var authorization: [UInt8]?
    /// How many `authorization` fields there were. The transport refuses requests with more than one.
    public private(set) var authorizationCount = 0

    /// Makes an empty list.
    public init() {}

    /// Makes a list of the given fields; names may be in any case.
    public init(_ fields: [(String, String)]) {
        for (name, value) in fields { append(name: name, value: value) }
    }

    /// The number of fields, each `authorization` field included.
    public var count: Int { entries.count + authorizationCount }

    /// Adds one field; the name is lower-cased.
    public mutating func append(name: String, value: String) {
        let lowered = name.utf8.map(HTTPFields.lowercased)
        var value = value
        lowered.withUnsafeBytes { nameBytes in
            value.withUTF8 { append(name: nameBytes, value: UnsafeRawBufferPointer($0)) }
        }
    }

    /// The first value of the named field as text; bytes that are not UTF-8 are replaced.
    /// - Parameter name: the field's name in lower case.
    public func first(_ name: String) -> String? {
        withBytes(of: name) { bytes in bytes.map { String(decoding: $0, as: UTF8.self) } }
    }

    /// The first value of the named field as it was received.
    /// - Parameter name: the field's name in lower case.
    public func bytes(_ name: String) -> [UInt8]? {
        withBytes(of: name) { bytes in bytes.map { [UInt8]($0) } }
    }

    /// Whether there is a field of that name, which must be in lower case.
    public func contains(_ name: String) -> Bool {
        withBytes(of: name) { $0 != nil }
    }

    /// How many fields have the name, which must be in lower case.
    public func count(of name: String) -> Int {
        if name == HTTPFields.authorizationName { return authorizationCount }
        var found = 0
        forEachMatch(name) { _ in
            found += 1
            return true
        }
        return found
    }

    /// Calls `body` with the bytes of the first value of the named field, or nil where there is none.
    ///
    /// The bytes are valid only during the call.
    public func withBytes<Result>(of name: String, _ body: (UnsafeRawBufferPointer?) throws -> Result) rethrows
        -> Result
    {
        if name == HTTPFields.authorizationName {
            guard let authorization else { return try body(nil) }
            return try authorization.withUnsafeBytes { try body($0) }
        }
        var range: Range<Int>?
        forEachMatch(name) {
            range = $0
            return false
        }
        guard let range else { return try body(nil) }
        return try storage.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// Calls `body` with each field but `authorization`, in order.
    public func forEach(_ body: (_ name: String, _ value: String) throws -> Void) rethrows {
        for entry in entries {
            let nameEnd = Int(entry.start + entry.nameCount)
            try body(
                String(decoding: storage[Int(entry.start)..<nameEnd], as: UTF8.self),
                String(decoding: storage[nameEnd..<nameEnd + Int(entry.valueCount)], as: UTF8.self))
        }
    }

    private func forEachMatch(_ name: String, _ body: (Range<Int>) -> Bool) {
        var name = name
        name.withUTF8 { wanted in
            storage.withUnsafeBytes { bytes in
                for entry in entries where Int(entry.nameCount) == wanted.count {
                    let nameStart = Int(entry.start)
                    let nameEnd = nameStart + Int(entry.nameCount)
                    guard bytes[nameStart..<nameEnd].elementsEqual(wanted) else { continue }
                    if !body(nameEnd..<nameEnd + Int(entry.valueCount)) { return }
                }
            }
        }
    }
}

extension HTTPFields {
    static let authorizationName = "authorization"
    private static let authorizationBytes: StaticString = "authorization"

    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }

    /// Whether the bytes are the given text of lower-case letters, in any case.
    static func equal(_ bytes: some Collection<UInt8>, _ lowered: String) -> Bool {
        bytes.count == lowered.utf8.count && zip(bytes, lowered.utf8).allSatisfy { lowercased($0) == $1 }
    }

    static func isAuthorization(_ name: UnsafeRawBufferPointer) -> Bool {
        name.count == authorizationBytes.utf8CodeUnitCount
            && authorizationBytes.withUTF8Buffer { name.elementsEqual($0) }
    }

    /// Makes room for a header block of a common size, so that the fields that follow don't grow the buffers.
    mutating func reserve(bytes: Int, fields: Int) {
        storage.reserveCapacity(bytes)
        entries.reserveCapacity(fields)
    }

    /// Adds an `authorization` field.
    mutating func append(authorization value: [UInt8]) {
        authorizationCount += 1
        if authorization == nil { authorization = value }
    }

    /// Adds one field; `name` must be in lower case already.
    mutating func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        if HTTPFields.isAuthorization(name) { return append(authorization: [UInt8](value)) }
        let start = UInt32(truncatingIfNeeded: storage.count)
        storage.append(contentsOf: name)
        storage.append(contentsOf: value)
        entries.append(
            Entry(
                start: start, nameCount: UInt32(truncatingIfNeeded: name.count),
                valueCount: UInt32(truncatingIfNeeded: value.count)))
    }
}

extension HTTPFields: CustomStringConvertible {
    /// Names only: values may be secret.
    public var description: String {
        var names: [String] = []
        forEach { name, _ in names.append(name) }
        return "HTTPFields(\(names.joined(separator: ", ")), authorization: \(authorizationCount))"
    }
}
