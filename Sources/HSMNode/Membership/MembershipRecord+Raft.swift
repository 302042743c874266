public import PoolState
public import Raft

extension PoolConfiguration {
    /// The configuration that the state's membership record stands for.
    public init(_ record: MembershipRecord) {
        func nodes(_ numbers: Set<UInt64>) -> Set<NodeID> { Set(numbers.map { NodeID($0) }) }
        self.init(
            voters: nodes(record.voters), outgoingVoters: nodes(record.outgoingVoters),
            learners: nodes(record.learners), outgoingLearners: nodes(record.outgoingLearners))
    }
}

extension MembershipRecord {
    /// What the state says of a configuration of the log.
    public init(_ configuration: PoolConfiguration, at index: LogIndex) {
        func numbers(_ nodes: Set<NodeID>) -> Set<UInt64> { Set(nodes.map(\.rawValue)) }
        self.init(
            index: index, voters: numbers(configuration.voters), outgoingVoters: numbers(configuration.outgoingVoters),
            learners: numbers(configuration.learners), outgoingLearners: numbers(configuration.outgoingLearners))
    }
}
