import AccessControl
public import PoolState
import Synchronization

/// A pool of one, in memory: for tests of what stands on ``Pool``.
///
/// Commands are applied at once, on the caller's thread, after a passage through their encoding, so that what a real
/// log would refuse is refused here too. Time stands still unless ``advance(toMilliseconds:)`` moves it.
public final class InMemoryPool: Pool {
    private struct Content {
        var view: PoolView
        var rows: [RowPlace: RowChange] = [:]
        var blobs: [[UInt8]: [UInt8]] = [:]
        var time: Int64
        var proposals: UInt64 = 0
        var unavailable: PoolUnavailable?
        var lastScope: ReadScope?
        var isReleased = true
        var reads = 0
    }

    private struct RowPlace: Hashable {
        let table: UInt8
        let key: [UInt8]
    }

    private let content: Mutex<Content>

    /// - Parameters:
    ///   - state: What the pool begins with.
    ///   - milliseconds: The Unix time that commands are stamped with.
    public init(state: PoolState = PoolState(), milliseconds: Int64 = 1_700_000_000_000) {
        content = Mutex(Content(view: PoolView(state: state, appliedIndex: 0), time: milliseconds))
    }

    public var latestView: PoolView {
        content.withLock { $0.view }
    }

    public func read(_ scope: ReadScope, _ body: @escaping @Sendable (Result<PoolView, PoolUnavailable>) -> Void) {
        body(
            content.withLock { content in
                content.lastScope = scope
                content.reads += 1
                return content.unavailable.map { .failure($0) } ?? .success(content.view)
            })
    }

    public func current(for scope: ReadScope) -> CurrentView? {
        content.withLock { content in
            guard content.unavailable == nil else { return nil }
            content.lastScope = scope
            return CurrentView(view: content.view, isReleased: content.isReleased)
        }
    }

    public func submit(
        _ command: PoolCommand, origin: ProposalOrigin,
        _ body: @escaping @Sendable (Result<Committed, PoolUnavailable>) -> Void
    ) {
        body(
            content.withLock { content in
                content.unavailable.map { .failure($0) } ?? InMemoryPool.apply(command, origin, &content)
            })
    }

    /// Submits on the caller's thread and returns the outcome.
    ///
    /// - Parameter proposer: the node that proposes.
    @discardableResult
    public func submitNow(
        _ command: PoolCommand, origin: ProposalOrigin = .node, by proposer: UInt64 = 1
    ) -> Result<Committed, PoolUnavailable> {
        content.withLock { InMemoryPool.apply(command, origin, by: proposer, &$0) }
    }

    /// The time that later commands are stamped with.
    public func advance(toMilliseconds time: Int64) {
        content.withLock { $0.time = time }
    }

    /// What the last read said that it looks at.
    public var lastReadScope: ReadScope? { content.withLock { $0.lastScope } }

    /// How often somebody waited for a view that may be told of.
    public var reads: Int { content.withLock { $0.reads } }

    /// Says of views that are asked for without waiting whether they may be told of.
    public func setReleased(_ isReleased: Bool) {
        content.withLock { $0.isReleased = isReleased }
    }

    /// Makes the pool answer with this until it is set to `nil`.
    public func setUnavailable(_ reason: PoolUnavailable?) {
        content.withLock { $0.unavailable = reason }
    }

    /// The sealed record with this SHA-256 digest.
    public func blob(digest: [UInt8]) -> [UInt8]? {
        content.withLock { $0.blobs[digest] }
    }

    /// Forgets every sealed record, as a damaged disk does.
    public func loseBlobs() { content.withLock { $0.blobs = [:] } }

    /// What a disk would hold now: every row and record, with the state that they make up.
    public var stored: (view: PoolView, rows: [RowChange], blobs: [[UInt8]]) {
        content.withLock { ($0.view, Array($0.rows.values), Array($0.blobs.values)) }
    }

    private static func apply(
        _ command: PoolCommand, _ origin: ProposalOrigin, by proposer: UInt64 = 1, _ content: inout Content
    ) -> Result<Committed, PoolUnavailable> {
        content.proposals += 1
        let proposalID = origin.proposalID ?? GUID(high: 0, low: content.proposals).bytes
        let proposal = ProposalEnvelope(
            proposalID: proposalID, proposer: proposer, principal: origin.principal,
            authentication: origin.authentication, stampedAt: content.time, command: command)
        guard let decoded = try? ProposalEnvelope(decoding: proposal.encode()) else {
            return .success(
                Committed(
                    outcome: .refused(.invalidProposal), view: content.view, index: content.view.appliedIndex))
        }
        var state = content.view.state
        let index = content.view.appliedIndex + 1
        let result = state.apply(index: index, term: 1, decoded)
        for blob in result.blobs {
            content.blobs[blob.digest] = blob.bytes
        }
        for row in result.rows {
            content.rows[RowPlace(table: row.table, key: row.key)] = row.value == nil ? nil : row
        }
        content.view = PoolView(state: state, appliedIndex: index)
        return .success(Committed(outcome: result.outcome, view: content.view, index: index))
    }
}
