public import NodeEnvironment
public import PoolState
public import Raft

extension NodeDriver {
    /// Why no pool was begun on a disk.
    public enum BootstrapFailure: Error, Hashable, Sendable {
        /// The disk holds a node already.
        case notEmpty
        case storage(StorageFailure)
    }

    /// Begins a pool on an empty disk: entry 1 is its genesis, entry 2 its configuration, both of term 1 and tagged.
    ///
    /// The node that starts on this disk leads as soon as a majority of `configuration` answers; the other members
    /// start on empty disks and are told. A node campaigns only when it has been told the configuration, so that with
    /// this order of the two no node ever leads without the genesis. Call once in the life of a pool, on one node.
    public static func bootstrap(
        storage: any NodeStorage, configuration: PoolConfiguration, genesis: ProposalEnvelope,
        authenticator: any StateAuthenticator
    ) throws(BootstrapFailure) {
        do {
            let stored = try storage.load()
            guard stored.hardState == nil, stored.entries.isEmpty, stored.compactedIndex == 0 else {
                throw BootstrapFailure.notEmpty
            }
            try storage.persist(
                hardState: HardState(term: 1), truncateFrom: nil,
                entries: genesisEntries(
                    [.command(genesis.encode()), .configuration(configuration)], authenticator: authenticator))
        } catch let failure as BootstrapFailure {
            throw failure
        } catch let failure as StorageFailure {
            throw .storage(failure)
        } catch {
            throw .storage(.device("\(error)"))
        }
    }

    private static func genesisEntries(
        _ payloads: [EntryPayload], authenticator: any StateAuthenticator
    ) -> [LogEntry] {
        let chain = EntryChain(authenticator: authenticator)
        var tag = EntryChain.origin
        var entries: [LogEntry] = []
        for (index, payload) in zip(LogIndex(1)..., payloads) {
            tag = chain.tag(of: payload, term: 1, index: index, previous: tag)
            entries.append(LogEntry(index: index, term: 1, payload: payload, tag: tag))
        }
        return entries
    }
}
