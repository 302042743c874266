import AccessControl
import CryptographicModule

extension PoolState {
    /// What a restore of these would change beside keys, a line for each change and in an order of its own: what
    /// officers read before they approve it, and what is compared when it takes effect. So every node has to find the
    /// same lines: **another wording is another rule**, and needs a pool version of its own.
    ///
    /// - Throws: a refusal where they could not be restored at all.
    public func consequences(ofRestoring items: [StagedPolicy]) throws(Refusal) -> [String] {
        guard items.allSatisfy({ isValid($0) }) else { throw .invalidStagedPolicy }
        var after = self
        var unused = StateChanges()
        try after.take(items, &unused)
        return RestoreConsequences(before: self, after: after).lines
    }
}

/// The difference that a restore makes, in words.
private struct RestoreConsequences {
    let before: PoolState
    let after: PoolState

    var lines: [String] { assignments + definitions + principals + settings + authorities }

    // MARK: Roles

    /// Whatever an assignment is called: who has which role where.
    private struct Grant: Hashable {
        let principal: GUID
        let role: GUID
        let scope: String
    }

    private static func grants(_ state: PoolState) -> Set<Grant> {
        Set(
            state.permissions.assignments.map {
                Grant(principal: $0.principal, role: $0.roleDefinition, scope: $0.scope.path)
            })
    }

    private var assignments: [String] {
        let (former, next) = (Self.grants(before), Self.grants(after))
        return list(former.subtracting(next), "is taken away from", before)
            + list(next.subtracting(former), "is given to", after)
    }

    private func list(_ grants: Set<Grant>, _ word: String, _ state: PoolState) -> [String] {
        grants.sorted { ($0.principal, $0.scope, $0.role) < ($1.principal, $1.scope, $1.role) }.map { grant in
            "the role \(role(grant.role, state)) \(word) \(name(grant.principal, state)) at \(grant.scope)"
        }
    }

    private var definitions: [String] {
        after.permissions.customRoleDefinitions.compactMap { definition in
            let former = before.permissions.roleDefinition(definition.id)
            guard former != definition else { return nil }
            let word = former == nil ? "is new" : "changes"
            return "the role \(role(definition.id, after)) \(word): \(Self.text(definition))"
                + (former.map { "; now \(Self.text($0))" } ?? "")
        }
    }

    private static func text(_ definition: RoleDefinition) -> String {
        func list(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }
        return "data actions \(list(definition.dataActions)) without \(list(definition.notDataActions)), "
            + "assignable at \(list(definition.assignableScopes.map(\.path)))"
    }

    // MARK: Principals

    private var principals: [String] {
        var lines: [String] = []
        for principal in after.principals {
            let former = before.principal(principal.objectID)
            if former == nil { lines.append(Self.text(principal)) }
            for group in principal.groups where former?.groups.contains(group) != true {
                lines.append("\(name(principal.objectID, after)) comes into the group \(name(group, after))")
            }
        }
        return lines
    }

    private static func text(_ principal: PrincipalRecord) -> String {
        let kind =
            switch principal.kind {
            case .user: "user"
            case .servicePrincipal: "service principal"
            case .group: "group"
            }
        return "the \(kind) \(quoted(principal.displayName)) (\(principal.objectID)) comes back, "
            + "\(principal.enabled ? "enabled" : "disabled"), \(principal.secretHash == nil ? "without" : "with") "
            + "a secret that is good"
    }

    private func name(_ id: GUID, _ state: PoolState) -> String {
        state.principal(id).map { "\(Self.quoted($0.displayName)) (\(id))" } ?? "\(id)"
    }

    private func role(_ id: GUID, _ state: PoolState) -> String {
        state.permissions.roleDefinition(id).map { "\(Self.quoted($0.name)) (\(id))" } ?? "\(id)"
    }

    // MARK: Settings

    private var settings: [String] {
        guard let former = before.pool?.settings, let next = after.pool?.settings else { return [] }
        func line(_ name: String, _ text: (PoolSettings) -> String) -> String? {
            text(former) == text(next) ? nil : "\(name): \(text(next)); now \(text(former))"
        }
        return [
            line("days that deleted keys are kept") { "\($0.recoverableDays)" },
            line("purge protection") { $0.purgeProtection ? "on" : "off" },
            line("answers wait for their audit records") { $0.strictAudit ? "yes" : "no" },
            line("reads") { Self.text($0.reads) },
            line("refused algorithms") { settings in
                let refused = RefusableAlgorithms.names.filter {
                    settings.refusedAlgorithms.isSuperset(of: RefusableAlgorithms(named: $0))
                }
                return refused.isEmpty ? "none" : refused.joined(separator: " ")
            },
        ].compactMap { $0 }
    }

    private static func text(_ reads: ReadPolicy) -> String {
        switch reads {
        case .lease: "by lease"
        case .readIndex: "by asking the leader"
        case .boundedStaleness(let seconds): "up to \(seconds) s old"
        }
    }

    private var authorities: [String] {
        let (former, next) = (before.pool?.releaseAuthorities ?? [], after.pool?.releaseAuthorities ?? [])
        return list(former.filter { !next.contains($0) }, "is taken away")
            + list(next.filter { !former.contains($0) }, "is added")
    }

    private func list(_ authorities: [ReleaseAuthority], _ word: String) -> [String] {
        authorities.map { authority in
            "the release authority \(Self.quoted(authority.issuer)) \(word), with \(authority.keys.count) keys, "
                + "SHA-256 of all \(Self.hexadecimal(Digest.sha256(authority.canonicalBytes)))"
        }
    }

    // MARK: Text

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// In quotation marks, and with nothing in it that could look like another line or turn the text round: who chose
    /// a name shall not write what officers read.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22, 0x5c: quoted += "\\" + String(scalar)
            case 0x20...0x7e, 0xa1...0xac, 0xae...0x5ff, 0x700...0x1fff, 0x2010...0x2027, 0x2030...0x205f,
                0x2070...0xd7ff, 0xf900...0xfdff, 0xfe70...0xfefc, 0xff01...0xffef, 0x1f000...0x1ffff:
                quoted.unicodeScalars.append(scalar)
            default: quoted += "\\u{" + String(scalar.value, radix: 16) + "}"
            }
        }
        return quoted + "\""
    }
}
