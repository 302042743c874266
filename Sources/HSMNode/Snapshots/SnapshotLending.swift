import NodeEnvironment
import Raft

/// The snapshots that other members are reading from this node. Each is a read transaction on the stored state, so none
/// is held in memory; a few at once, each for a while.
struct SnapshotLending {
    private struct Loan {
        let reader: any SnapshotReader
        let openedAt: Instant
        var lastAsked: Instant
    }

    private static let mostLoans = 3
    /// A reader that doesn't ask for so long has gone away.
    private static let patience: Nanoseconds = 30_000_000_000
    /// How long a transfer may take: as long the stored state's write-ahead log grows.
    private static let longestLoan: Nanoseconds = 1_800_000_000_000
    /// A snapshot of this age isn't given to somebody new: he would have to catch up too much afterwards.
    private static let freshness: Nanoseconds = 10_000_000_000

    private var loans: [Loan] = []

    /// The snapshot to read from: the one that was asked for, if it is still open, else one that is behind nothing that
    /// was cut off.
    mutating func reader(
        for wanted: AppliedMark?, behind compacted: LogIndex, now: Instant,
        open: () throws(StorageFailure) -> (any SnapshotReader)?
    ) throws(StorageFailure) -> (any SnapshotReader)? {
        expire(now: now)
        let known = loans.firstIndex { $0.reader.mark == wanted && $0.reader.mark.index >= compacted }
        let fresh = loans.firstIndex {
            $0.reader.mark.index >= compacted && now.since($0.openedAt) <= Self.freshness
        }
        if let place = known ?? fresh {
            loans[place].lastAsked = now
            return loans[place].reader
        }
        guard let reader = try open(), reader.mark.index >= compacted else { return nil }
        if loans.count == Self.mostLoans {
            loans.sort { $0.lastAsked > $1.lastAsked }
            loans.removeLast()
        }
        loans.append(Loan(reader: reader, openedAt: now, lastAsked: now))
        return reader
    }

    mutating func expire(now: Instant) {
        loans.removeAll { now.since($0.lastAsked) > Self.patience || now.since($0.openedAt) > Self.longestLoan }
    }

    mutating func removeAll() {
        loans = []
    }

    /// The log must not be cut beyond this while somebody is reading: he will go on from there.
    var lowestIndex: LogIndex? { loans.map(\.reader.mark.index).min() }
}
