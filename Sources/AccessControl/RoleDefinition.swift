/// A named set of permissions. Only data actions are enforced; `actions` and `notActions` belong to the management
/// plane of the original service and are kept because clients read them back.
public struct RoleDefinition: Hashable, Sendable {
    /// Whether the role comes with every pool or was made in this one.
    public enum Kind: Hashable, Sendable {
        case builtIn
        case custom

        /// The value of `type` on the wire.
        public var wireName: String {
            switch self {
            case .builtIn: "AKVBuiltInRole"
            case .custom: "CustomRole"
            }
        }
    }

    /// What assignments name the role by: `name` on the wire.
    public let id: GUID
    /// The display name (`roleName` on the wire); may be empty for a custom role.
    public var name: String
    public var description: String
    public let kind: Kind
    /// Names of data actions, in which `*` is a wildcard.
    public var dataActions: [String]
    /// Taken away from `dataActions`; not a denial of what another role grants.
    public var notDataActions: [String]
    public var actions: [String]
    public var notActions: [String]
    /// Shown to clients and not enforced: every role can be assigned at every scope.
    public var assignableScopes: [Scope]

    public init(
        id: GUID, name: String, description: String = "", kind: Kind = .custom, dataActions: [String],
        notDataActions: [String] = [], actions: [String] = [], notActions: [String] = [],
        assignableScopes: [Scope] = [.root]
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.kind = kind
        self.dataActions = dataActions
        self.notDataActions = notDataActions
        self.actions = actions
        self.notActions = notActions
        self.assignableScopes = assignableScopes
    }

    /// The data actions that the role grants: those matched by `dataActions` less those matched by `notDataActions`.
    public var effectiveDataActions: DataActionSet {
        var granted = DataActionSet()
        for pattern in dataActions {
            granted.formUnion(DataActionPattern(pattern).actions)
        }
        for pattern in notDataActions {
            granted.subtract(DataActionPattern(pattern).actions)
        }
        return granted
    }
}

/// The grant of one role to one principal at one scope. Immutable: a change is a deletion and a new assignment.
public struct RoleAssignment: Hashable, Sendable {
    /// Chosen by whoever makes the assignment; there is one of each name in a pool.
    public let name: GUID
    public let scope: Scope
    /// The object id of a user, service principal or group.
    public let principal: GUID
    /// The id of a role that need not exist any more: then the assignment grants nothing.
    public let roleDefinition: GUID

    public init(name: GUID, scope: Scope, principal: GUID, roleDefinition: GUID) {
        self.name = name
        self.scope = scope
        self.principal = principal
        self.roleDefinition = roleDefinition
    }
}
