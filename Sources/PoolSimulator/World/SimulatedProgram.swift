import PoolState

/// Two programs of one product, by the commands that they know.
///
/// The simulated nodes are one program, which can read every command. What it takes for a command of a later version
/// than it knows is a matter of its catalog; with the former one it does with such a command what a real former program
/// does with bytes that it can't read.
enum SimulatedProgram {
    static let former = CommandCatalog(newest: .first, since: since)
    static let later = CommandCatalog(newest: PoolVersion(rawValue: 2), since: since)

    /// Secrets came with the second version.
    private static let since: @Sendable (PoolCommand) -> PoolVersion = { command in
        if case .setPrincipalSecret = command { PoolVersion(rawValue: 2) } else { .first }
    }
}
