import CryptographicModule
import PoolState

extension PoolInitialization {
    /// Refuses what the pool would refuse once it is made, and a number of founders that no pool has.
    ///
    /// - Throws: ``ConfigurationError`` that says what is wrong in one of the two files.
    public func check(for configuration: NodeConfiguration) throws {
        try configuration.checkFounders()
        // Keys aren't made for a trial.
        _ = try GenesisMaker.genesis(configuration, self, keyring: [0])
    }
}

/// What a pool would refuse of its first command: it would never open then, and say nothing of why.
enum GenesisCheck {
    private typealias Finding = (problem: String, cure: String)

    /// - Parameter file: the initialisation file.
    static func check(_ genesis: Genesis, file: String) throws(ConfigurationError) {
        let envelope = ProposalEnvelope(
            proposalID: Random.bytes(16), proposer: 1, principal: nil, authentication: .localOperator, stampedAt: 0,
            command: .initializePool(genesis))
        var state = PoolState()
        guard case .refused(let refusal) = state.apply(index: 1, term: 1, envelope).outcome else { return }
        let found = finding(refusal, genesis)
        throw ConfigurationError(file: file, problem: found.problem, cure: found.cure)
    }

    private static func finding(_ refusal: Refusal, _ genesis: Genesis) -> Finding {
        let other = "Give each a credential of its own: hsmctl credential generate"
        switch refusal {
        case .principalExists: return ("two elements of 'administrators' have the same object_id", other)
        case .clientIDExists: return ("two elements of 'administrators' have the same client_id", other)
        case .invalidPrincipal: return ("a 'display_name' is longer than 256 bytes", "Shorten it.")
        case .tooManyRoleAssignments:
            return (
                "'administrators' has \(genesis.principals.count) elements",
                "At most \(PoolLimits.roleAssignmentsForHSM) roles are given at '/' and '/keys'."
            )
        case .invalidGenesis: return audiences(genesis) ?? authorities(genesis) ?? unknown(refusal)
        default: return unknown(refusal)
        }
    }

    private static func audiences(_ genesis: Genesis) -> Finding? {
        if genesis.audiences.count > PoolLimits.audiences {
            return (
                "with those of the members' endpoints and of 'api.hosts' in the node's file there are "
                    + "\(genesis.audiences.count) audiences",
                "A pool has at most \(PoolLimits.audiences)."
            )
        }
        guard genesis.audiences.contains(where: { $0.utf8.count > 512 }) else { return nil }
        return ("an audience is longer than 512 bytes", "Shorten it; some follow from 'api.hosts' in the node's file.")
    }

    private static func authorities(_ genesis: Genesis) -> Finding? {
        let authorities = genesis.releaseAuthorities
        if authorities.count > PoolLimits.releaseAuthorities {
            return (
                "'release_authorities' has \(authorities.count) elements",
                "A pool has at most \(PoolLimits.releaseAuthorities)."
            )
        }
        if Set(authorities.map(\.issuer)).count < authorities.count {
            return ("two elements of 'release_authorities' have the same issuer", "Put its keys into one keys_file.")
        }
        if authorities.contains(where: { $0.issuer.utf8.count > 512 }) {
            return ("an 'issuer' is longer than 512 bytes", "Take it from the authority's 'iss' claim.")
        }
        guard let large = authorities.first(where: { $0.keys.count > PoolLimits.keysPerReleaseAuthority }) else {
            return nil
        }
        return (
            "the keys_file of '\(large.issuer)' holds \(large.keys.count) keys",
            "At most \(PoolLimits.keysPerReleaseAuthority) are taken: leave out those that sign no longer."
        )
    }

    private static func unknown(_ refusal: Refusal) -> Finding {
        (
            "no pool can be made of it and the node's file (\(refusal))",
            "Compare both with docs/operations.md; texts in the node's file have at most 512 bytes."
        )
    }
}
