/// One node of a Raft group, as a value.
public struct Raft: Sendable {
}
