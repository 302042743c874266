import Raft

/// Reads that a node answers under its leases: what the threads beside the node's own do, at any time, also while the
/// node itself stands still or is cut off.
struct LeaseReader {
    private struct Read {
        /// What was released when it arrived, by whichever node.
        let needed: LogIndex
        let loadsViewAt: UInt64
        let checksAt: UInt64
        var view: LogIndex?
    }

    /// The published view: it holds everything through here.
    var view: LogIndex = 0
    /// What the node handed over last.
    var leases = LeaseHolder()
    /// Until when the node publishes nothing.
    var slowUntil: UInt64 = 0
    private var reads: [Read] = []

    mutating func begin(needing released: LogIndex, clock: UInt64, pauses: (UInt64, UInt64)) {
        reads.append(Read(needed: released, loadsViewAt: clock + pauses.0, checksAt: clock + pauses.1))
    }

    /// Does what is due: loads the view, samples the clock and asks the leases, in the order that came out. The leases
    /// are loaded with the sampling.
    ///
    /// - Returns: The views that reads are answered from, with what each of them had to hold.
    mutating func advance(clock: UInt64, now: Instant) -> [(view: LogIndex, needed: LogIndex)] {
        var served: [(view: LogIndex, needed: LogIndex)] = []
        var left: [Read] = []
        for var read in reads {
            if read.view == nil, clock >= read.loadsViewAt { read.view = view }
            guard clock >= read.checksAt, let loaded = read.view else {
                left.append(read)
                continue
            }
            if leases.serves(viewIndex: loaded, now: now) { served.append((loaded, read.needed)) }
        }
        reads = left
        return served
    }
}
