import Audit
import CryptographicModule
import HSMNode
import Logging
import PoolState
import Raft
import RequestPipeline
import SecurityDomain
import StrictJSON
import Synchronization

/// Carries out a change of the key-encryption key: the node that leads seals every stored key anew, lets the replaced
/// records go when nobody reads them any more, and retires the former key when nothing is sealed under it.
///
/// All of it is commands that may be repeated, and none is wrong when another node proposes it too, so that the next
/// leader goes on where this one died.
final class KeyRewrapping: Sendable {
    /// How long one call works at most: others wait for their turn.
    private static let turn = Duration.seconds(4)
    /// Versions that are looked at in one computation.
    private static let batch = 64
    /// After each batch it rests so many times as long as the batch took: those who sign have none.
    private static let rest = 2

    /// One version of a key, as it was when the pass began.
    private struct Item: Sendable {
        let name: String
        let header: KeyHeader
        let recordDigest: [UInt8]
    }

    /// From the first key to the last, over the state of one moment. What is stored later under the former key is
    /// counted by the state itself.
    private struct Pass: Sendable {
        /// Of the key that is to seal everything.
        let current: [UInt8]
        let late: UInt64
        let state: PoolState
        var isAtDeleted = false
        var last: String?
        var found = 0
        var isOver = false
    }

    private let runtime: NodeRuntime
    private let custody: any KeyCustody
    private let module: CryptographicModule
    private let computation: any ComputationPool
    private let audit: AuditLog
    private let logger: Logger
    private let pass = Mutex<Pass?>(nil)

    init(
        runtime: NodeRuntime, custody: any KeyCustody, module: CryptographicModule, computation: any ComputationPool,
        audit: AuditLog, logger: Logger
    ) {
        self.runtime = runtime
        self.custody = custody
        self.module = module
        self.computation = computation
        self.audit = audit
        self.logger = logger
    }

    /// Goes on for a while with a change that is under way.
    func tend() async {
        guard let keys = runtime.latestView.state.keyEncryption, keys.isUnderWay,
            runtime.latestStanding.role == .leader, let unsealed = custody.unsealed
        else { return pass.withLock { $0 = nil } }
        // Whoever leads now may not have followed yet.
        guard unsealed.keyring.kek.id == keys.current else { return }
        do {
            try await sweep()
            guard try await goOn(keys), !runtime.latestView.state.keepsRewrapped else { return }
            try await retire(keys, unsealed.keyring)
        } catch {
            logger.info("the change of the key-encryption key waits for the pool", metadata: ["cause": "\(error)"])
        }
    }

    // MARK: Records

    /// - Returns: whether a whole pass has found nothing under the former key.
    private func goOn(_ keys: KeyEncryption) async throws -> Bool {
        var pass = current(keys)
        let clock = ContinuousClock()
        let end = clock.now.advanced(by: Self.turn)
        while !pass.isOver, clock.now < end, !Task.isCancelled {
            let began = clock.now
            pass.found += try await rewrap(next(&pass))
            self.pass.withLock { [pass] in $0 = pass }
            if pass.found > 0 { try await Task.sleep(for: (clock.now - began) * Self.rest) }
        }
        guard pass.isOver else { return false }
        if pass.found > 0 {
            logger.notice("stored keys were sealed anew", metadata: ["records": "\(pass.found)"])
            self.pass.withLock { $0 = nil }
        }
        return pass.found == 0
    }

    /// The pass that is under way, or a new one where something has come under the former key since.
    private func current(_ keys: KeyEncryption) -> Pass {
        let state = runtime.latestView.state
        return pass.withLock { pass in
            if let pass, pass.current == keys.current, pass.late == keys.late { return pass }
            let new = Pass(current: keys.current, late: keys.late, state: state)
            pass = new
            return new
        }
    }

    /// The next versions of a pass; none at its end.
    private func next(_ pass: inout Pass) -> [Item] {
        var items: [Item] = []
        while items.count < Self.batch {
            let left = max(1, Self.batch - items.count)
            let page =
                pass.isAtDeleted
                ? pass.state.deletedKeys(after: pass.last, limit: left) : pass.state.keys(after: pass.last, limit: left)
            guard !page.isEmpty else {
                if pass.isAtDeleted {
                    pass.isOver = true
                    break
                }
                (pass.isAtDeleted, pass.last) = (true, nil)
                continue
            }
            // A key with many versions isn't split: a batch may be longer by as much.
            for key in page where items.count < Self.batch {
                pass.last = key.name
                items += key.versions.map { Item(name: $0.name, header: $0.header, recordDigest: $0.recordDigest) }
            }
        }
        return items
    }

    /// - Returns: how many were under the former key.
    private func rewrap(_ items: [Item]) async throws -> Int {
        guard !items.isEmpty else { return 0 }
        let (module, custody, runtime) = (module, custody, runtime)
        let records = try await computation.run { () throws(CryptoError) in
            var records: [RewrappedRecord] = []
            for item in items {
                do throws(CryptoError) {
                    guard
                        let record = try module.rewrap(
                            try custody.record(digest: item.recordDigest), of: item.header)
                    else { continue }
                    records.append(
                        RewrappedRecord(
                            name: item.name, version: item.header.version, former: item.recordDigest,
                            record: record.bytes))
                } catch {
                    // It may have been changed or purged since the pass began: then it isn't there any more.
                    guard runtime.latestView.state.holds(item.recordDigest, item.name) else { continue }
                    throw error
                }
            }
            return records
        }
        var rest = records[...]
        while !rest.isEmpty {
            let part = rest.prefix(PoolLimits.rewrappedAtOnce)
            rest = rest.dropFirst(part.count)
            try await submit(.rewrapRecords(Array(part)))
        }
        return records.count
    }

    // MARK: The end

    private func sweep() async throws {
        while let batch = runtime.latestView.state.batchToSweep, !Task.isCancelled {
            try await submit(.sweepRewrapped(batch: batch.number))
        }
    }

    private func retire(_ keys: KeyEncryption, _ keyring: Keyring) async throws {
        let state = runtime.latestView.state
        guard let pool = state.pool, pool.keyring == keyring.sealed.encode(), state.rootChange == nil else { return }
        let sealed = try keyring.sealedWithoutFormerKeyEncryptionKeys()
        let retirement = KeyEncryptionRetirement(
            base: Digest.sha256(pool.keyring), keyring: sealed.encode(), late: keys.late)
        let committed = try await submit(.retireKeyEncryption(retirement))
        guard committed.outcome == .applied else { return }
        logger.notice(
            "the former key-encryption key is retired", metadata: ["key": "\(Hexadecimal.encode(keys.former))"])
        let event = AuditEvent(
            time: SystemClock().unixMilliseconds(), operationName: "KeyEncryptionRetire", status: 200,
            details: AuditDetails(extra: [
                AuditDetails.Extra("former", Hexadecimal.encode(keys.former)),
                AuditDetails.Extra("current", Hexadecimal.encode(keys.current)),
            ]), policyIndex: committed.index)
        audit.append(event) { _ in }
    }

    @discardableResult
    private func submit(_ command: PoolCommand) async throws -> Committed {
        let committed = try await runtime.submit(command, origin: .node)
        if case .refused(let refusal) = committed.outcome {
            logger.info("a step of the change of the key-encryption key was refused", metadata: ["cause": "\(refusal)"])
        }
        return committed
    }
}

extension PoolState {
    /// Whether a version of the key has this record.
    fileprivate func holds(_ recordDigest: [UInt8], _ name: String) -> Bool {
        (key(name) ?? deletedKey(name))?.versions.contains { $0.recordDigest == recordDigest } ?? false
    }
}
