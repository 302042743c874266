/// The replicated state as one node has applied it: immutable, shared by all requests that read it.
public final class PoolView: Sendable {
    /// Without what ``PoolState/forReaders`` leaves out.
    public let state: PoolState
    /// That of `state`, found without a copy of it.
    public let phase: PoolPhase
    /// The last log entry that `state` contains.
    public let appliedIndex: UInt64

    public init(state: PoolState, appliedIndex: UInt64) {
        self.state = state
        phase = state.phase
        self.appliedIndex = appliedIndex
    }
}

/// A command that has been applied here and that every member honours.
public struct Committed: Sendable {
    /// May be a refusal.
    public let outcome: CommandOutcome
    /// The state as the command left it: the last entry that it contains is the command's.
    public let view: PoolView
    /// The log entry of the command.
    public let index: UInt64

    public init(outcome: CommandOutcome, view: PoolView, index: UInt64) {
        self.outcome = outcome
        self.view = view
        self.index = index
    }
}

/// A view that is current, with what may be told of it.
public struct CurrentView: Sendable {
    public let view: PoolView
    /// Whether all that the scope holds is honoured by every member. Else nothing that depends on the view may be told
    /// yet; but a command that was decided on it may be submitted: its answer comes after all that the view holds.
    public let isReleased: Bool

    public init(view: PoolView, isReleased: Bool) {
        self.view = view
        self.isReleased = isReleased
    }
}

/// Why the pool can't be asked just now. Not final: the same may succeed later or on another node.
public enum PoolUnavailable: Error, Hashable, Sendable {
    case noLeader
    /// With `maybeApplied` the command may still be applied.
    case timedOut(maybeApplied: Bool)
    case sealed
    case overloaded
    case shuttingDown
    /// There is no room on this node's disk. Until there is, it takes part in nothing, or shows nothing new.
    case diskFull
    /// The command had no effect: this node, which has stamped it, has another time than the leader.
    case clockSkew
    /// The command came with a later version of the pool than it has. It is raised once the members named, each of
    /// which runs an older program or wasn't heard of lately, know that version too.
    case commandTooNew(heldBackBy: [UInt64])
}

/// The pool as the handlers of requests see it: they know neither consensus nor which node they run on.
public protocol Pool: Sendable {
    /// Gives a view that is current at the time of the call (linearizable), and may be looked at within `scope`.
    ///
    /// `body` is called once, on an unspecified thread, possibly before this returns.
    func read(_ scope: ReadScope, _ body: @escaping @Sendable (Result<PoolView, PoolUnavailable>) -> Void)

    /// A view to decide a command on that is current at the time of the call, without waiting; nil where the node has
    /// to ask others for it.
    func current(for scope: ReadScope) -> CurrentView?

    /// Submits a command and reports once it is applied here and honoured everywhere.
    ///
    /// `body` is called once, on an unspecified thread, possibly before this returns.
    func submit(
        _ command: PoolCommand, origin: ProposalOrigin,
        _ body: @escaping @Sendable (Result<Committed, PoolUnavailable>) -> Void)

    /// The newest view that this node has, however old. For status pages and public keys of tokens, not for decisions.
    var latestView: PoolView { get }
}

extension Pool {
    /// As ``read(_:_:)``, for asynchronous callers.
    public func read(_ scope: ReadScope = .everything) async throws(PoolUnavailable) -> PoolView {
        try await withCheckedContinuation { continuation in
            read(scope) { continuation.resume(returning: $0) }
        }.get()
    }

    /// As ``submit(_:origin:_:)``, for asynchronous callers.
    public func submit(_ command: PoolCommand, origin: ProposalOrigin) async throws(PoolUnavailable) -> Committed {
        try await withCheckedContinuation { continuation in
            submit(command, origin: origin) { continuation.resume(returning: $0) }
        }.get()
    }
}
