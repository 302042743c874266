import PoolState
import Raft

/// Linearizable reads that wait for a confirmed index.
///
/// Reads that have arrived when a round begins share it; later ones join the next round, for a round proves only what
/// was committed before it began (Ongaro 2014, section 6.4). A round that fails or stays silent gives its reads back.
struct ReadRounds {
    private struct Waiting {
        let deadline: Instant
        let request: ReadRequest
    }
    private struct Round {
        let id: UInt64
        let begunAt: Instant
        var reads: [Waiting]
    }
    private struct Confirmed {
        let index: LogIndex
        var reads: [Waiting]
        /// The index is of an entry that may never be committed.
        var isExpected = false
    }

    private var arrivals: [Waiting] = []
    private var rounds: [Round] = []
    private var confirmed: [Confirmed] = []
    private var nextID: UInt64
    /// No round begins before this: a pool without a leader isn't asked without a pause.
    private var notBefore = Instant(nanoseconds: 0)
    private let options: NodeOptions
    private(set) var count = 0

    /// `firstID` is random, so that a late answer to a former life of this node meets no read of this one.
    init(options: NodeOptions, firstID: UInt64) {
        self.options = options
        nextID = firstID
    }

    /// Takes a read in.
    mutating func add(_ request: ReadRequest, now: Instant) {
        arrivals.append(Waiting(deadline: now.advanced(by: options.readTimeout), request: request))
        count += 1
    }

    /// Takes a read in that needs no round but, if the entry at `index` comes to be applied, a view that holds it.
    mutating func expect(_ request: ReadRequest, index: LogIndex, now: Instant) {
        let waiting = Waiting(deadline: now.advanced(by: options.readTimeout), request: request)
        count += 1
        if let last = confirmed.last, last.isExpected, last.index == index {
            confirmed[confirmed.count - 1].reads.append(waiting)
        } else {
            confirmed.append(Confirmed(index: index, reads: [waiting], isExpected: true))
        }
    }

    /// The entries from `index` on are gone: what waits for one of them takes part in the next round.
    mutating func entriesGone(from index: LogIndex) {
        for group in confirmed where group.isExpected && group.index >= index { arrivals += group.reads }
        confirmed.removeAll { $0.isExpected && $0.index >= index }
        arrivals.sort { $0.deadline < $1.deadline }
    }

    /// Begins a round for the reads that have arrived, if there are any and it may. The id to ask Raft with.
    mutating func begin(now: Instant) -> UInt64? {
        takeBackSilent(now: now)
        guard !arrivals.isEmpty, rounds.count < options.maximumReadRounds, now >= notBefore else { return nil }
        nextID &+= 1
        rounds.append(Round(id: nextID, begunAt: now, reads: arrivals))
        arrivals.removeAll(keepingCapacity: true)
        return nextID
    }

    /// Raft has confirmed the round: its reads may be answered at `index`.
    mutating func confirm(id: UInt64, index: LogIndex) {
        guard let position = rounds.firstIndex(where: { $0.id == id }) else { return }
        let round = rounds.remove(at: position)
        confirmed.append(Confirmed(index: index, reads: round.reads))
    }

    /// Raft has lost the round: its reads are asked for again after a pause.
    mutating func fail(id: UInt64, now: Instant) {
        guard let position = rounds.firstIndex(where: { $0.id == id }) else { return }
        takeBack(rounds.remove(at: position))
        notBefore = now.advanced(by: options.refusalPause)
    }

    /// There is somebody new to ask.
    mutating func leaderChanged() {
        notBefore = Instant(nanoseconds: 0)
    }

    /// The reads that the state, applied through `index`, can answer.
    mutating func takeAnswerable(through index: LogIndex) -> [ReadRequest] {
        guard confirmed.contains(where: { $0.index <= index }) else { return [] }
        var answerable: [ReadRequest] = []
        for group in confirmed where group.index <= index { answerable += group.reads.map(\.request) }
        confirmed.removeAll { $0.index <= index }
        count -= answerable.count
        return answerable
    }

    /// The reads whose time is up.
    mutating func takeExpired(now: Instant) -> [ReadCompletion] {
        guard let deadline = earliestDeadline, deadline <= now else { return [] }
        var expired: [ReadCompletion] = []
        func sift(_ reads: inout [Waiting]) {
            expired += reads.filter { $0.deadline <= now }.map(\.request.completion)
            reads.removeAll { $0.deadline <= now }
        }
        for position in confirmed.indices { sift(&confirmed[position].reads) }
        for position in rounds.indices { sift(&rounds[position].reads) }
        sift(&arrivals)
        confirmed.removeAll { $0.reads.isEmpty }
        rounds.removeAll { $0.reads.isEmpty }
        count -= expired.count
        return expired
    }

    /// Every read there is.
    mutating func takeAll() -> [ReadCompletion] {
        let all = confirmed.flatMap(\.reads) + rounds.flatMap(\.reads) + arrivals
        confirmed = []
        rounds = []
        arrivals = []
        count = 0
        return all.map(\.request.completion)
    }

    /// When something has to be done though nothing else happens.
    var nextDeadline: Instant {
        var deadline = earliestDeadline ?? .distantFuture
        if let silent = rounds.first?.begunAt { deadline = min(deadline, silent.advanced(by: options.retryInterval)) }
        if !arrivals.isEmpty && rounds.count < options.maximumReadRounds { deadline = min(deadline, notBefore) }
        return deadline
    }

    /// Each list is in the order of deadlines.
    private var earliestDeadline: Instant? {
        var earliest = arrivals.first?.deadline
        for round in rounds { earliest = Self.earlier(earliest, round.reads.first?.deadline) }
        for group in confirmed { earliest = Self.earlier(earliest, group.reads.first?.deadline) }
        return earliest
    }

    private static func earlier(_ left: Instant?, _ right: Instant?) -> Instant? {
        guard let left, let right else { return left ?? right }
        return min(left, right)
    }

    private mutating func takeBackSilent(now: Instant) {
        while let oldest = rounds.first, now.since(oldest.begunAt) >= options.retryInterval {
            rounds.removeFirst()
            takeBack(oldest)
        }
    }

    private mutating func takeBack(_ round: Round) {
        arrivals += round.reads
        arrivals.sort { $0.deadline < $1.deadline }
    }
}
