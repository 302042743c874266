/// Stored bytes that aren't what was written.
struct DiskDamage: Hashable {
    /// What can be drawn.
    enum Kind: CaseIterable {
        /// A bit flips in term, vote or commit index; in a log entry; in a row of the state.
        case hardState, entry, row
        /// A sector shows what it held before: an older entry, or a state without a row that was written.
        case staleEntry, staleRow
        /// The mark that vouches for the rows is another one.
        case mark
    }

    enum Part: Hashable {
        case hardState
        /// Counted from the beginning of the stored log.
        case entry(position: Int)
        case rows
        case mark

        /// Whether the store itself finds it when it reads. What it doesn't find, the driver does when it is unsealed.
        var isChecksummed: Bool {
            switch self {
            case .hardState, .entry: true
            case .rows, .mark: false
            }
        }
    }

    let part: Part
}
