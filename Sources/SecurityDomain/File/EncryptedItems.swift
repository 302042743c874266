public import CryptographicModule
import StrictJSON

/// One thing that a security domain file keeps: opaque bytes under a tag that the clients carry along.
public final class SecurityDomainItem: Sendable {
    /// Names the item and is the label in the derivation of its key. Where it comes from a text it is 1 to 64 of `a-z`,
    /// `0-9` and `_`.
    public let tag: String
    /// What is encrypted under the key that derives from master key and tag.
    public let plaintext: Secret

    public init(tag: String, plaintext: consuming Secret) {
        self.tag = tag
        self.plaintext = plaintext
    }
}

/// The `EncData` member of a security domain file or restore blob: items, each encrypted under its own key derived from
/// one master key.
///
/// The pool's state stores this part (never the shares), so that a quorum needs to bring nothing but its shares.
public struct EncryptedItems: Hashable, Sendable {
    /// An item: its tag and the compact text of its encryption.
    public struct Item: Hashable, Sendable {
        /// No other item of the file has it.
        public let tag: String
        /// JWE in compact form (RFC 7516), `dir` with A256CBC-HS512. Whether it is one shows when it is opened.
        public let compactText: String
    }

    /// 1 to 16, in the order of the text.
    public let items: [Item]

    static let masterKeyLength = 32
    private static let derivation = "sp108_kdf"
    private static let maximumItems = 16
    private static let maximumLength = 1024 * 1024
    private static let maximumTagLength = 64

    // MARK: Making and opening

    /// Encrypts each item under KDF(master, tag).
    static func seal(_ items: [SecurityDomainItem], master: borrowing Secret) throws -> EncryptedItems {
        var sealed: [Item] = []
        for item in items {
            let key = try derive(master, tag: item.tag)
            let text = try CompactJWE.direct(key: key, tag: item.tag, plaintext: item.plaintext)
            sealed.append(Item(tag: item.tag, compactText: text))
        }
        return EncryptedItems(items: sealed)
    }

    /// Decrypts every item.
    ///
    /// - Throws: `SecurityDomainError.authenticationFailed` naming the item whose tag is wrong, `.malformed` for a bad
    ///   form.
    func open(master: borrowing Secret) throws -> [SecurityDomainItem] {
        var opened: [SecurityDomainItem] = []
        for item in items {
            let text = try CompactJWE(parsing: item.compactText, document: "item \(item.tag)")
            let plaintext = try text.openDirect(key: try Self.derive(master, tag: item.tag), tag: item.tag)
            opened.append(SecurityDomainItem(tag: item.tag, plaintext: plaintext))
        }
        return opened
    }

    /// SP 800-108 in counter mode with HMAC-SHA-512, the tag as label and no context: the derivation of the published
    /// file format.
    static func derive(_ master: borrowing Secret, tag: String) throws -> Secret {
        try KeyDerivation.deriveRawContext(master, label: tag, contextBytes: [], bits: 8 * CompactJWE.contentKeyLength)
    }

    // MARK: Text form

    /// The text of the `EncData` member alone, as pool state keeps it.
    public func json() -> [UInt8] {
        var writer = JSONWriter(capacity: 8192)
        write(to: &writer)
        return writer.bytes
    }

    /// Reads the text of an `EncData` member.
    public init(parsing bytes: [UInt8]) throws {
        try self.init(from: JSONDocument(parsing: bytes, name: "EncData", limit: Self.maximumLength))
    }

    init(items: [Item]) {
        self.items = items
    }

    init(from document: JSONDocument) throws {
        func malformed(_ reason: String) -> SecurityDomainError { .malformed(document: document.name, reason: reason) }
        guard try document.string("kdf") == Self.derivation else { throw malformed("kdf is not \(Self.derivation)") }
        let elements = try document.objects("data")
        guard (1...Self.maximumItems).contains(elements.count) else { throw malformed("\(elements.count) items") }
        var items: [Item] = []
        for element in elements {
            let tag = try element.string("tag")
            guard Self.isTag(tag) else { throw malformed("a tag with other characters than a-z, 0-9 and _") }
            items.append(Item(tag: tag, compactText: try element.string("compact_jwe")))
        }
        guard Set(items.map(\.tag)).count == items.count else { throw malformed("a tag twice") }
        self.items = items
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("data") { writer in
                writer.array { writer in
                    for item in items {
                        writer.object { writer in
                            writer.member("compact_jwe", item.compactText)
                            writer.member("tag", item.tag)
                        }
                    }
                }
            }
            writer.member("kdf", Self.derivation)
        }
    }

    /// Clients edit the header text around `": `, so tags keep to characters that survive it.
    private static func isTag(_ text: String) -> Bool {
        (1...maximumTagLength).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "_")
            }
    }
}
