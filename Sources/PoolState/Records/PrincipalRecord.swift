public import AccessControl

/// What kind of caller a principal is.
public enum PrincipalKind: UInt8, Hashable, CaseIterable, Sendable {
    case user = 1
    case servicePrincipal = 2
    case group = 3
}

/// A principal of the pool's directory. A role may be assigned to an id that no record has: it gives nobody anything.
public struct PrincipalRecord: Hashable, Sendable {
    /// What role assignments name.
    public let objectID: GUID
    /// The application id of a service principal, by which it asks for tokens.
    public let clientID: GUID?
    public let kind: PrincipalKind
    /// For people: 1 to 256 bytes of UTF-8, which others may have, too.
    public internal(set) var displayName: String
    /// A principal that is disabled gets no tokens, and those that it has aren't honoured. A disabled group gives its
    /// members no roles.
    public internal(set) var enabled: Bool
    /// SHA-256 of the generated 32-byte client secret; `nil` while there is none.
    public internal(set) var secretHash: [UInt8]?
    /// Raised with each change of the credential; a token of an earlier generation is no longer good.
    public internal(set) var credentialGeneration: UInt32
    /// The object ids of the groups that the principal is a direct member of, in order.
    public internal(set) var groups: [GUID]
    /// Unix time in seconds.
    public let created: Int64
}
