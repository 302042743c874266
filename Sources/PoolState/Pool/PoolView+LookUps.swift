public import AccessControl
import HashTreeCollections

/// What nearly every request looks up.
///
/// `view.state.key(name)` says the same, but copies the state for the call: the reference count of each of its parts
/// goes up and down again, in memory that all threads write to then. From here each part is read where it lies.
extension PoolView {
    /// The live key with this name.
    public func key(_ name: String) -> KeyRecord? {
        guard let key = state.keyRecords[name], key.deletion == nil else { return nil }
        return key
    }

    /// The principal of the pool's own directory with this object id, enabled or not.
    public func principal(_ objectID: GUID) -> PrincipalRecord? { state.principalRecords[objectID] }

    /// The groups whose roles count as the member's own: those of its groups that are enabled.
    public func enabledGroups(of member: PrincipalRecord) -> [GUID] {
        // Nearly always there is none, or all are enabled: then no list is made.
        guard member.groups.contains(where: { principal($0)?.enabled != true }) else { return member.groups }
        return member.groups.filter { principal($0)?.enabled == true }
    }

    /// Decides whether `principal`, itself or by one of `groups`, may do `action` at `scope`.
    public func decide(principal: GUID, groups: [GUID] = [], action: DataAction, scope: Scope) -> Decision {
        state.permissions.compiled.decide(principal: principal, groups: groups, action: action, scope: scope)
    }
}
