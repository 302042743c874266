import AccessControl
import CryptographicModule
import ProtobufCoding

// The encoding of what passes with every small write: the proposal, and of commands the change of a key's attributes.

extension ProposalEnvelope: DirectlyEncoded {
    var expectedCount: Int { 256 }

    func write(to writer: inout CanonicalWriter) {
        writer.field(1, proposalID)
        writer.field(2, proposer)
        if let principal { writer.present(3, principal.bytes) }
        writer.field(4, UInt32(authentication.rawValue))
        writer.field(5, stampedAt)
        guard case .setKeyAttributes(let change) = command else { return writer.present(6, command.canonicalBytes) }
        writer.message(6) { $0.message(11) { change.write(to: &$0) } }
    }

    /// Decodes a canonical encoding. Nil for everything else, and for proposals of other commands: there the messages
    /// decide.
    init?(decodingDirectly bytes: [UInt8]) {
        var reader = CanonicalReader(bytes)
        guard let proposalID = reader.bytes(1), proposalID.count == 16 else { return nil }
        let proposer = reader.number(2) ?? 0
        var principal: GUID?
        if let identifier = reader.bytes(3) {
            guard let guid = GUID(bytes: identifier) else { return nil }
            principal = guid
        }
        guard let authentication = reader.number(4).flatMap(UInt8.init(exactly:)).flatMap(AuthenticationKind.init)
        else { return nil }
        let stampedAt = Int64(bitPattern: reader.number(5) ?? 0)
        var change: KeyAttributeChange?
        reader.message(6) { $0.message(11) { change = KeyAttributeChange(reading: &$0) } }
        guard let change, reader.isComplete else { return nil }
        self.init(
            proposalID: proposalID, proposer: proposer, principal: principal, authentication: authentication,
            stampedAt: stampedAt, command: .setKeyAttributes(change))
        guard canonicalBytes == bytes else { return nil }
    }
}

extension KeyAttributeChange: DirectlyEncoded {
    func write(to writer: inout CanonicalWriter) {
        writer.field(1, name)
        writer.field(2, version)
        if let enabled { writer.present(3, enabled ? 1 : 0) }
        notBefore.write(4, to: &writer)
        expires.write(5, to: &writer)
        if let tags { writer.message(6) { TagList.write(tags, 1, to: &$0) } }
        if let resealed { writer.present(7, resealed.canonicalBytes) }
    }

    /// A key that was sealed anew is left over, so that the reader isn't complete.
    fileprivate init?(reading reader: inout CanonicalReader) {
        let name = reader.text(1) ?? ""
        let version = reader.bytes(2) ?? []
        let enabled = reader.number(3).map { $0 != 0 }
        let notBefore = AttributeChange(reading: &reader, 4)
        let expires = AttributeChange(reading: &reader, 5)
        var tags: [String: String]?
        if reader.message(6, { tags = TagList.read(1, from: &$0) }), tags == nil { return nil }
        self.init(
            name: name, version: version, enabled: enabled, notBefore: notBefore, expires: expires, tags: tags)
    }
}

extension AttributeChange<Int64> {
    fileprivate func write(_ field: UInt8, to writer: inout CanonicalWriter) {
        switch self {
        case .keep: break
        case .clear: writer.message(field) { _ in }
        case .set(let value): writer.message(field) { $0.present(1, UInt64(bitPattern: value)) }
        }
    }

    fileprivate init(reading reader: inout CanonicalReader, _ field: UInt8) {
        var change = AttributeChange.keep
        reader.message(field) { change = $0.number(1).map { .set(Int64(bitPattern: $0)) } ?? .clear }
        self = change
    }
}

extension TagList {
    /// In order of the name's bytes, as repeated messages.
    static func write(_ tags: [String: String], _ field: UInt8, to writer: inout CanonicalWriter) {
        // Most keys have one or none, which needs no order.
        if tags.count > 1 {
            for tag in ordered(tags) { write(tag, field, to: &writer) }
        } else if let tag = tags.first {
            write(tag, field, to: &writer)
        }
    }

    private static func write(_ tag: (key: String, value: String), _ field: UInt8, to writer: inout CanonicalWriter) {
        writer.message(field) {
            $0.field(1, tag.key)
            $0.field(2, tag.value)
        }
    }

    /// Nil if a name comes twice.
    static func read(_ field: UInt8, from reader: inout CanonicalReader) -> [String: String]? {
        var tags: [String: String] = [:]
        var (name, value) = ("", "")
        while reader.message(field, { (name, value) = ($0.text(1) ?? "", $0.text(2) ?? "") }) {
            guard tags.updateValue(value, forKey: name) == nil else { return nil }
        }
        return tags
    }
}
