import NodeEnvironment
import PoolState
import Raft

/// Snapshots: giving them, getting them, and making one the node's state.
///
/// A snapshot is the stored rows at one index, with the applied mark whose tag vouches for them. Whoever gets one keeps
/// it beside its own state. Only an unsealed node can tell whether it is genuine, so only an unsealed node installs it;
/// until then its own state stays as it is.
extension NodeDriver {
    // MARK: Giving

    /// Any member may have it: it holds nothing that the log doesn't bring it otherwise.
    func lend(_ request: SnapshotRequest, to node: NodeID) {
        guard stalled == nil, raft.configuration.isMember(node) else { return }
        do throws(StorageFailure) {
            let storage = environment.storage
            let reader = try lending.reader(for: request.mark, behind: raft.compactedIndex, now: now) {
                () throws(StorageFailure) in try storage.openSnapshot()
            }
            guard let reader else { return }
            let after = reader.mark == request.mark ? request.after : .beginning
            let chunk = try reader.chunk(after: after, byteLimit: options.snapshotChunkBytes)
            environment.network.send(.snapshotChunk(chunk), to: node)
        } catch .full {
            return
        } catch {
            // Another one leads then, and lends. Where there is none the pool would be sealed with this node, which
            // goes by what is in its memory.
            guard isLastUnsealedVoter else { return halt(error) }
            // One that stays open would meet the damage after it is mended, too, and keep the write-ahead log growing.
            lending.removeAll()
            environment.observer.alarm(.stateDamaged(error))
        }
    }

    private var isLastUnsealedVoter: Bool {
        !seal.isSealed && peers.unsealedVoters(of: raft.configuration, besides: id, now: now).isEmpty
    }

    // MARK: Getting

    /// The leader no longer has what this node lacks. It says so at every heartbeat, until that has changed.
    func offered(_ offer: SnapshotOffer) {
        guard fetch.isDue(from: offer.from, now: now, retry: options.retryInterval * 2) else { return }
        let staged = environment.storage.staged
        let isUseful = staged.map { $0.mark.index >= offer.descriptor.index } ?? false
        // Whole, and waiting for the keys to be checked with.
        if let staged, isUseful, staged.isComplete { return }
        ask(offer.from, isUseful ? staged : nil)
    }

    private func ask(_ node: NodeID, _ staged: StagedSnapshot?) {
        fetch.ask(node, now: now)
        let request = SnapshotRequest(mark: staged?.mark, after: staged?.received ?? .beginning)
        environment.network.send(.snapshotRequest(request), to: node)
    }

    func receive(_ chunk: SnapshotChunk, from sender: NodeID) {
        guard stalled == nil, fetch.isFrom(sender), chunk.mark.index > raft.commitIndex else { return }
        let staged = environment.storage.staged
        let isKnown = staged?.mark == chunk.mark
        if isKnown {
            // Anything but the next piece has come before.
            guard let staged, !staged.isComplete, staged.received == chunk.after else { return }
        } else {
            guard chunk.after == .beginning else { return }
        }
        fetch.genuine = nil
        do {
            try environment.storage.stage(chunk)
        } catch .full {
            // Asked for again at a later offer.
            return environment.observer.alarm(.storageFull)
        } catch .corrupted {
            // What had come before is gone: a later offer begins anew.
            return environment.observer.alarm(.damagedSnapshot(index: chunk.mark.index))
        } catch {
            return halt(error)
        }
        if chunk.isLast { fetch.end() } else { ask(sender, environment.storage.staged) }
    }

    // MARK: Installing

    /// Makes a whole snapshot the node's state, if it is genuine and brings the node forward. Runs when all output of
    /// the step is written.
    func installSnapshot() {
        guard now >= installationDue else { return }
        guard halted == nil, stalled == nil, case .unsealed(let authenticator) = seal,
            let staged = environment.storage.staged, staged.isComplete
        else { return }
        do throws(StorageFailure) {
            guard staged.mark.index > raft.commitIndex else { return try discardStaged() }
            let (index, term) = (staged.mark.index, staged.mark.term)
            guard raft.mayInstall(index: index, term: term), !raft.hasUnwrittenLog else { return }
            // What has found no room before is not read and checked again: that would hold the driver's thread up.
            let isKnown = fetch.genuine?.mark == staged.mark
            let found: GenuineSnapshot?
            do throws(StorageFailure) {
                found = try isKnown ? fetch.genuine : verified(staged, authenticator)
            } catch {
                guard case .corrupted = error else { throw error }
                // A later offer brings it again.
                return environment.observer.alarm(.damagedSnapshot(index: staged.mark.index))
            }
            guard let genuine = found else {
                guard halted == nil else { return }
                environment.observer.alarm(.forgedSnapshot(index: staged.mark.index))
                return try discardStaged()
            }
            fetch.genuine = genuine
            try environment.storage.installStaged(configuration: genuine.configuration)
            fetch.genuine = nil
            install(genuine.applied, configuration: genuine.configuration)
        } catch .full {
            // Nothing was written: the snapshot stays where it is.
            if installationDue.nanoseconds == 0 || now.since(installationDue) > options.statusInterval {
                environment.observer.alarm(.storageFull)
            }
            installationDue = now.advanced(by: options.refusalPause)
        } catch {
            halt(error)
        }
    }

    private func discardStaged() throws(StorageFailure) {
        fetch.genuine = nil
        try environment.storage.discardStaged()
    }

    /// When an installation is tried again that this step, or one before, found no room for.
    var nextInstallation: Instant { installationDue > now ? installationDue : .distantFuture }

    /// The state that the staged rows make; nil unless the mark is genuine, the rows have its root, all key material is
    /// there, and the state says which configuration was in force.
    private func verified(
        _ staged: StagedSnapshot, _ authenticator: any StateAuthenticator
    ) throws(StorageFailure) -> GenuineSnapshot? {
        let check = StoredStateCheck(authenticator: authenticator, raft: raft, newest: options.catalog.newest)
        let rows = try environment.storage.stagedRows()
        let applied: AppliedState
        do throws(UnsealRefusal) {
            applied = try check.genuine(mark: staged.mark, rows: rows)
        } catch {
            if case .poolIsNewer(let version) = error { halt(.poolIsNewer(version, known: options.catalog.newest)) }
            return nil
        }
        guard let configuration = applied.state.membership.map(PoolConfiguration.init) else { return nil }
        let digests = try environment.storage.stagedDigests()
        guard applied.state.recordDigests.allSatisfy(digests.contains) else { return nil }
        return GenuineSnapshot(mark: staged.mark, applied: applied, configuration: configuration)
    }

    private func install(_ snapshot: AppliedState, configuration: PoolConfiguration) {
        let position = snapshot.position
        raft.installed(
            SnapshotDescriptor(index: position.index, term: position.term, configuration: configuration),
            tag: position.tag, now: now)
        compactedConfiguration = configuration
        applied = snapshot
        savedIndex = position.index
        savingDue = .distantFuture
        unsaved.wereSaved()
        unsaved.removedRecords = []
        decoded.clear()
        // Which entries it came from can't be told any more: what isn't released of it may touch anything.
        effects.addUnknown(through: position.index)
        expectWholeLog()
        publish()
        environment.observer.materialRemoved(.unknown)
        membershipApplied()
    }
}
