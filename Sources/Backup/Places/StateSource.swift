/// Where the state that is to be backed up comes from.
public protocol StateSource: Sendable {
    /// The stored state at one index, whatever is written from now on.
    func open() async throws(StateSourceFault) -> any StateCursor
}

/// The state at one index, piece by piece: rows in order of table and key, then the sealed records.
public protocol StateCursor: Sendable {
    var index: UInt64 { get }
    var term: UInt64 { get }
    /// The Merkle root over the rows.
    var root: [UInt8] { get }
    /// - Returns: nil at the end.
    func next() async throws(StateSourceFault) -> [BackupItem]?
}

/// The state can't be read. The cause is the disk's.
public struct StateSourceFault: Error, Hashable, Sendable {
    /// For operators; without secrets.
    public let cause: String

    public init(_ cause: String) { self.cause = cause }
}
