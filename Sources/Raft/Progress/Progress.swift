/// What the leader knows of one other member, and what it owes it.
struct Progress: Sendable {
    enum State: Hashable, Sendable {
        /// Where the logs agree is not known: one request at a time. It carries entries, unless the last one went
        /// unanswered (`bare`), so that a dead member costs no more than heartbeats.
        case probe(awaitingAnswer: Bool, bare: Bool)
        /// The logs agree: requests are sent ahead of their answers.
        case replicate
        /// The entries that the member lacks are gone.
        case snapshot(offerDue: Bool)
    }

    let node: NodeID
    /// The member's durable log is known to equal the leader's up to here.
    private(set) var match: LogIndex = 0
    /// The next entry to send. Above `match`.
    private(set) var next: LogIndex
    private(set) var state: State = .probe(awaitingAnswer: false, bare: false)
    private(set) var inflight = InflightWindow()
    /// The commit index that the member will know if nothing is lost.
    private var toldCommit: LogIndex = 0
    /// The released index that it was told last.
    private var toldReleased: LogIndex = 0
    /// It has shown that it knows of leases; an older version would not understand what is said about them.
    var knowsLeases = false
    /// When it last answered in this term.
    private(set) var lastHeard: Instant
    /// The latest round that it answered.
    private(set) var answeredRound: UInt64 = 0
    /// A round was begun that it has not been told of.
    private(set) var heartbeatDue = false

    init(node: NodeID, next: LogIndex, now: Instant) {
        self.node = node
        self.next = next
        lastHeard = now
    }

    // MARK: What is learned

    /// It has answered `round`. Returns whether it has answered no later one yet.
    mutating func answered(_ round: UInt64, at now: Instant) -> Bool {
        lastHeard = now
        guard round >= answeredRound else { return false }
        answeredRound = round
        return true
    }

    /// The member's log equals the leader's through `index`.
    mutating func accepted(through index: LogIndex, round: UInt64, log: RaftLog) {
        match = max(match, index)
        switch state {
        case .probe:
            if index + 1 >= next { startReplicating() }
        case .snapshot:
            if log.term(at: match) != nil { startReplicating() }
        case .replicate:
            next = max(next, match + 1)
            inflight.free(through: match)
            if inflight.holdsUnanswered(before: round) { startProbing() }
        }
    }

    /// The logs agree at `hintIndex` at the latest, where the member has an entry of `hintTerm`.
    mutating func rejected(hintIndex: LogIndex, hintTerm: Term, log: RaftLog) {
        // What is older than a known agreement was overtaken by it.
        guard hintIndex >= match else { return }
        switch state {
        case .replicate:
            startProbing()
        case .probe:
            guard hintIndex + 1 < next else { return }
            next = max(match, log.latestAgreement(with: hintIndex, term: hintTerm)) + 1
            state = .probe(awaitingAnswer: false, bare: false)
        case .snapshot:
            break
        }
    }

    /// Nothing that the member has said counts any more.
    mutating func forgetAnswers() {
        match = 0
        answeredRound = 0
        lastHeard = Instant(nanoseconds: 0)
    }

    private mutating func startReplicating() {
        state = .replicate
        restartAfterMatch()
    }

    private mutating func startProbing() {
        state = .probe(awaitingAnswer: false, bare: false)
        restartAfterMatch()
    }

    private mutating func restartAfterMatch() {
        next = match + 1
        inflight.clear()
        toldCommit = min(toldCommit, match)
    }

    // MARK: What is due

    /// A new round began.
    mutating func roundBegan() {
        heartbeatDue = true
    }

    /// The time came to try again what may have been lost.
    mutating func retry() {
        switch state {
        case .probe(let awaitingAnswer, let bare):
            state = .probe(awaitingAnswer: false, bare: awaitingAnswer || bare)
        case .snapshot:
            state = .snapshot(offerDue: true)
        case .replicate:
            break
        }
    }

    /// What a leader sends from.
    struct Source {
        let log: RaftLog
        let commit: LogIndex
        let round: UInt64
        /// Nil where no leases are granted.
        let released: LogIndex?
        /// Whether what is committed and released is told by itself where no entries are due.
        let tellsNews: Bool
        let options: Raft.Options
        /// The configuration at the compacted index.
        let compactedConfiguration: PoolConfiguration
    }

    /// The next message that is due, or nil. It counts as sent.
    mutating func nextMessage(from source: Source) -> RaftMessage.Body? {
        switch state {
        case .probe(awaitingAnswer: false, let bare):
            guard let request = request(from: source, withEntries: !bare) else { break }
            state = .probe(awaitingAnswer: true, bare: bare)
            return .append(request)
        case .probe(awaitingAnswer: true, _):
            break
        case .replicate:
            let limits = source.options
            let open = !inflight.isFull(maxMessages: limits.maxInflightMessages, maxBytes: limits.maxInflightBytes)
            let hasEntries = open && next <= source.log.lastIndex
            let hasNews = source.tellsNews && min(source.commit, next - 1) > toldCommit
            guard hasEntries || hasNews else { break }
            guard let request = request(from: source, withEntries: hasEntries) else { break }
            return .append(request)
        case .snapshot:
            break
        }
        if case .snapshot(offerDue: true) = state {
            state = .snapshot(offerDue: false)
            return .snapshotOffer(
                SnapshotDescriptor(
                    index: source.log.compactedIndex, term: source.log.compactedTerm,
                    configuration: source.compactedConfiguration))
        }
        return heartbeatDue ? .append(heartbeat(from: source)) : nil
    }

    /// A request that follows on `next - 1`. If that entry is gone, so is what the member needs: nil, and a snapshot is
    /// due.
    private mutating func request(from source: Source, withEntries: Bool) -> AppendRequest? {
        guard let prevTerm = source.log.term(at: next - 1) else {
            state = .snapshot(offerDue: true)
            inflight.clear()
            return nil
        }
        let (entries, bytes) =
            withEntries
            ? source.log.entries(
                from: next, byteLimit: source.options.maxEntryBytesPerMessage,
                countLimit: source.options.maxEntriesPerMessage)
            : ([], 0)
        let request = AppendRequest(
            prevIndex: next - 1, prevTerm: prevTerm, entries: Array(entries), commit: source.commit,
            round: source.round, released: source.released)
        toldReleased = source.released ?? 0
        let last = next - 1 + LogIndex(entries.count)
        if state == .replicate {
            if last >= next { inflight.add(last: last, bytes: bytes, round: source.round) }
            next = last + 1
            toldCommit = max(toldCommit, min(source.commit, last))
        }
        heartbeatDue = false
        return request
    }

    /// Asks for nothing but an answer, and is never refused by a follower: it follows on what is known to agree. So it
    /// can tell the commit index only that far.
    private mutating func heartbeat(from source: Source) -> AppendRequest {
        heartbeatDue = false
        toldReleased = source.released ?? 0
        guard let term = source.log.term(at: match) else {
            return AppendRequest(
                prevIndex: 0, prevTerm: 0, entries: [], commit: 0, round: source.round, released: source.released)
        }
        return AppendRequest(
            prevIndex: match, prevTerm: term, entries: [], commit: min(source.commit, match), round: source.round,
            released: source.released)
    }

    /// The released index, if the member was not told yet. It counts as told.
    mutating func releaseNews(from source: Source) -> LogIndex? {
        guard source.tellsNews, knowsLeases, let released = source.released, released > toldReleased else {
            return nil
        }
        toldReleased = released
        return released
    }
}

extension Quorum {
    /// The highest number that a quorum has reached: the leader `own`, its peers what `number` says of them, and nobody
    /// else anything.
    func reached(
        by leader: NodeID, _ own: UInt64, and peers: [Progress], _ number: (Progress) -> UInt64
    ) -> UInt64 {
        reached { node in node == leader ? own : peers.first { $0.node == node }.map(number) ?? 0 }
    }
}
