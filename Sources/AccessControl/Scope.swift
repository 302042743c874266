/// What a role assignment covers, and what a request is checked at.
///
/// `/` covers everything. `/keys` covers every key and what is done to the collection of keys (list, create). It does
/// not cover what concerns the HSM itself (roles, security domain, backup), which is checked at `/`.
public enum Scope: Hashable, Sendable {
    case root
    case keys
    /// All versions of the key with this name, whether the key exists or not.
    case key(String)

    /// Parses `/`, `/keys` or `/keys/{name}`. The empty path is `/`, as in a request path that begins with
    /// `/providers`; one trailing slash is tolerated. `nil` for anything else.
    public init?(path: some StringProtocol) {
        var segments = path.split(separator: "/", omittingEmptySubsequences: false)[...]
        if segments.count > 1, segments.last?.isEmpty == true {
            segments.removeLast()
        }
        guard segments.first?.isEmpty == true else { return nil }
        segments.removeFirst()
        guard let collection = segments.popFirst() else {
            self = .root
            return
        }
        guard collection == "keys" else { return nil }
        guard let name = segments.popFirst() else {
            self = .keys
            return
        }
        guard segments.isEmpty, KeyName.isValid(name) else { return nil }
        self = .key(String(name))
    }

    /// The scope of one key; `nil` for a name that no key can have.
    public init?(keyNamed name: String) {
        guard KeyName.isValid(name) else { return nil }
        self = .key(name)
    }

    /// The canonical path.
    public var path: String {
        switch self {
        case .root: "/"
        case .keys: "/keys"
        case .key(let name): "/keys/" + name
        }
    }

    /// Whether an assignment at this scope covers what is checked at `other`.
    public func contains(_ other: Scope) -> Bool {
        switch (self, other) {
        case (.root, _), (.keys, .keys), (.keys, .key): true
        case (.key(let own), .key(let name)): own == name
        default: false
        }
    }

    /// Whether the scope is the whole HSM, for limits and listings: `/` and `/keys`, not one key.
    public var isWholeHSM: Bool {
        if case .key = self { false } else { true }
    }
}

extension Scope: CustomStringConvertible {
    public var description: String { path }
}

/// The grammar of key names: `[0-9A-Za-z-]{1,127}`.
public enum KeyName {
    public static let maximumLength = 127

    /// Whether a key can have the name, whether or not there is one.
    public static func isValid(_ name: some StringProtocol) -> Bool { isValid(String(name)) }

    public static func isValid(_ name: String) -> Bool {
        let utf8 = name.utf8
        guard !utf8.isEmpty, utf8.count <= maximumLength else { return false }
        return utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"):
                true
            default:
                false
            }
        }
    }
}
