import StrictJSON

/// What a pool's log has of a backup that was made: `log index N, state root HEX`.
struct BackupReport {
    let index: UInt64
    /// 32 bytes.
    let stateRoot: [UInt8]

    /// `nil` where the text isn't such a report.
    init?(_ text: String) {
        let parts = text.split(separator: ", ", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].hasPrefix("log index "), parts[1].hasPrefix("state root "),
            let index = UInt64(parts[0].dropFirst(10)),
            let root = Hexadecimal.decode(String(parts[1].dropFirst(11))), root.count == 32
        else { return nil }
        (self.index, stateRoot) = (index, root)
    }

    enum Comparison: Equatable {
        case same
        /// The log has another root at that index.
        case other([UInt8])
        /// The log has no backup at that index.
        case unknown
    }

    /// Whether a backup at `index` with this root is one of those that the log has.
    static func compare(index: UInt64, stateRoot: [UInt8], with reports: [BackupReport]) -> Comparison {
        let roots = reports.filter { $0.index == index }.map(\.stateRoot)
        guard let other = roots.first(where: { $0 != stateRoot }) else { return roots.isEmpty ? .unknown : .same }
        return .other(other)
    }
}
