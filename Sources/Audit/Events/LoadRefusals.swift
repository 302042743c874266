import Synchronization

/// Counts refusals for load of callers who were authenticated, instead of recording each one: what is refused because
/// there is too much of it must cost little.
///
/// There is one record a second for each caller and operation of which any were refused, with their number and where
/// they came from. It is written a second after the first of them, and no answer waits for it. Memory is bounded: where
/// more callers and operations are told apart than fit, what was counted is recorded sooner. What couldn't be recorded
/// is counted again.
public final class LoadRefusals: Sendable {
    /// How many pairs of caller and operation are told apart before they are recorded.
    public static let maximumCounts = 1024
    /// How many sources are told apart for each; further ones are counted together.
    public static let maximumSources = 16
    /// What the records say of their result.
    public static let description = "Requests refused for load within one second"

    fileprivate struct Subject: Hashable {
        let caller: AuditCaller
        let operation: String
    }

    fileprivate struct Count {
        var total: UInt64 = 0
        var others: UInt64 = 0
        var bySource: [String: UInt64] = [:]
        var first: Int64
        var last: Int64
        var policyIndex: UInt64
    }

    private struct State {
        var counts: [Subject: Count] = [:]
        /// Whether what is counted will be recorded without anybody asking.
        var isAwaited = false
    }

    private let log: AuditLog
    private let interval: Duration
    private let state = Mutex(State())
    /// Held while what was counted is handed to the log: who closes the log waits for that.
    private let handOver = Mutex<Void>(())

    /// - Parameters:
    ///   - log: where the records go.
    ///   - interval: how long refusals gather for a record.
    public init(log: AuditLog, interval: Duration = .seconds(1)) {
        self.log = log
        self.interval = interval
    }

    /// Counts a refusal.
    ///
    /// - Parameters:
    ///   - source: the caller's address, without a port.
    ///   - time: receipt of the request, Unix milliseconds.
    ///   - policyIndex: the log index of the policy by which the caller was admitted.
    public func count(_ caller: AuditCaller, operation: String, source: String, time: Int64, policyIndex: UInt64) {
        let subject = Subject(caller: caller, operation: operation)
        let (isFirst, isFull) = state.withLock { state in
            state.counts[
                subject, default: Count(first: time, last: time, policyIndex: policyIndex)
            ].add(1, from: source, first: time, last: time, policyIndex: policyIndex)
            defer { state.isAwaited = true }
            return (!state.isAwaited, state.counts.count >= Self.maximumCounts)
        }
        if isFull { record() }
        if isFirst { recordLater() }
    }

    /// Hands what was counted so far to the log. To be called before the log is closed.
    public func record() {
        handOver.withLock { _ in
            let counts = state.withLock { state in
                defer { state.counts = [:] }
                return state.counts
            }
            for (subject, count) in counts {
                log.append(Self.event(subject, count)) { [self] result in
                    if case .failure(let failure) = result { putBack(subject, count, failure) }
                }
            }
        }
    }

    /// How many pairs of caller and operation wait for their record.
    var waiting: Int { state.withLock { $0.counts.count } }

    private func recordLater() {
        Task { [self] in
            try? await Task.sleep(for: interval)
            state.withLock { $0.isAwaited = false }
            record()
        }
    }

    /// The log may take it later, if it isn't lost for good.
    private func putBack(_ subject: Subject, _ count: Count, _ failure: AuditFailure) {
        let isFirst = state.withLock { state in
            if state.counts[subject]?.add(count) == nil { state.counts[subject] = count }
            guard failure.isTemporary, !state.isAwaited else { return false }
            state.isAwaited = true
            return true
        }
        if isFirst { recordLater() }
    }

    private static func event(_ subject: Subject, _ count: Count) -> AuditEvent {
        var extra = [
            AuditDetails.Extra("count", String(count.total)),
            AuditDetails.Extra("until", Timestamp.text(count.last)),
        ]
        if count.others > 0 { extra.append(AuditDetails.Extra("fromFurtherSources", String(count.others))) }
        for (source, number) in count.bySource.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            extra.append(AuditDetails.Extra("source \(source)", String(number)))
        }
        return AuditEvent(
            time: count.first, operationName: subject.operation, status: 429, resultDescription: description,
            caller: subject.caller, details: AuditDetails(extra: extra), policyIndex: count.policyIndex)
    }
}

extension LoadRefusals.Count {
    fileprivate mutating func add(
        _ number: UInt64, from source: String, first: Int64, last: Int64, policyIndex: UInt64
    ) {
        total += number
        if let known = bySource[source] {
            bySource[source] = known + number
        } else if bySource.count < LoadRefusals.maximumSources {
            bySource[source] = number
        } else {
            others += number
        }
        widen(first: first, last: last, policyIndex: policyIndex)
    }

    /// Adds what was counted elsewhere, of the same caller and operation.
    fileprivate mutating func add(_ other: LoadRefusals.Count) {
        for (source, number) in other.bySource {
            add(number, from: source, first: other.first, last: other.last, policyIndex: other.policyIndex)
        }
        total += other.others
        others += other.others
    }

    private mutating func widen(first: Int64, last: Int64, policyIndex: UInt64) {
        self.first = min(self.first, first)
        self.last = max(self.last, last)
        self.policyIndex = max(self.policyIndex, policyIndex)
    }
}
