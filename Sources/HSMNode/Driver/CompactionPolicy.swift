import Raft

/// How much of the log a node keeps: enough for members that are a little behind, never more than a bound, and nothing
/// for ever. Each node cuts for itself.
///
/// A member that is down holds nothing up: it gets a snapshot when it is back. One that is alive and behind is waited
/// for as long as the log stays small.
struct CompactionPolicy {
    /// What is known when the question is asked.
    struct Situation {
        /// Applied and saved; nothing behind it can be cut.
        var saved: LogIndex
        var compacted: LogIndex
        var bytes: Int
        /// The least that a living member has applied.
        var living: LogIndex
        /// Where those begin who are reading a snapshot.
        var readers: LogIndex
        var now: Instant
        /// Finds the index that leaves half of the bytes that may stay. Asked only where there are more, and some may
        /// go: it takes the longer the larger the log is.
        var byteCut: () -> LogIndex
    }

    /// When an index was reached, noted every so often.
    private struct Note {
        let index: LogIndex
        let at: Instant
    }

    private let options: NodeOptions
    private var notes: [Note] = []
    /// More could go than went with the last cut.
    private var hasLeftSome = false
    /// The last cut has found no room. May be past.
    private var notBefore = Instant(nanoseconds: 0)

    init(options: NodeOptions) {
        self.options = options
    }

    /// The index to cut at; nil if it isn't worth while.
    mutating func cut(_ situation: Situation) -> LogIndex? {
        hasLeftSome = false
        note(situation)
        // The bound holds whoever is behind.
        let isLarge = situation.bytes > options.logBytesHeld
        let most = isLarge ? situation.saved : min(situation.saved, situation.living, situation.readers)
        guard most > situation.compacted else { return nil }
        var through = situation.saved - min(situation.saved, options.logEntriesKept)
        if situation.bytes > options.logBytesKept {
            through = max(through, situation.byteCut())
        }
        let old = notes.last { situation.now.since($0.at) >= options.logAgeKept }?.index ?? 0
        through = min(max(through, old), most)
        // What is too large or too old doesn't wait for more to go with it: a pool at rest would keep it for days.
        let isPressing = situation.bytes > options.logBytesKept || old > situation.compacted
        guard through >= situation.compacted + (isPressing ? 1 : options.compactionStep) else { return nil }
        return through
    }

    /// Not all is cut that could be: the rest is looked at in the next step.
    mutating func leftSome() { hasLeftSome = true }

    /// There was no room to cut the log: it is tried again after a pause.
    mutating func foundNoRoom(now: Instant) { notBefore = now.advanced(by: options.refusalPause) }

    /// Whether it makes sense to look closer. Cheap, for it is asked at every step.
    func isDue(saved: LogIndex, compacted: LogIndex, bytes: Int, now: Instant) -> Bool {
        guard now >= notBefore else { return false }
        if hasLeftSome || saved >= compacted + options.logEntriesKept + options.compactionStep
            || bytes > options.logBytesKept
        {
            return true
        }
        guard let last = notes.last else { return true }
        return now.since(last.at) >= options.logAgeKept / 8
    }

    private mutating func note(_ situation: Situation) {
        if let last = notes.last, situation.now.since(last.at) < options.logAgeKept / 8 { return }
        notes.append(Note(index: situation.saved, at: situation.now))
        // What is too old stands for everything before it.
        while notes.count > 2, situation.now.since(notes[1].at) >= options.logAgeKept { notes.removeFirst() }
    }
}
