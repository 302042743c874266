import Synchronization

/// Counts refusals of callers who were not authenticated, instead of recording each one.
///
/// Every client's first call is an anonymous one, and a flood of them must not fill the log: there is one record for
/// each minute in which there were any, with the total and the busiest sources. Memory is bounded whatever the number
/// of sources.
public final class AnonymousSampler: Sendable {
    /// How many sources are told apart within a minute; further ones are counted together.
    public static let maximumSources = 1024
    /// How many sources a record names.
    public static let namedSources = 16
    /// Minutes by which a clock may be set back within a count.
    private static let mostSetBack: Int64 = 60

    private struct Minute {
        var number: Int64 = 0
        var total: UInt64 = 0
        var others: UInt64 = 0
        var bySource: [String: UInt64] = [:]
    }

    private let minute = Mutex(Minute())

    public init() {}

    /// Counts a refusal. Returns the record of an earlier minute when this is the first refusal of a new one.
    ///
    /// - Parameters:
    ///   - source: the caller's address, without a port.
    ///   - time: Unix milliseconds.
    public func count(source: String, time: Int64) -> AuditEvent? {
        minute.withLock { minute in
            let finished = Self.finish(&minute, at: time)
            minute.total += 1
            if let count = minute.bySource[source] {
                minute.bySource[source] = count + 1
            } else if minute.bySource.count < Self.maximumSources {
                minute.bySource[source] = 1
            } else {
                minute.others += 1
            }
            return finished
        }
    }

    /// The record of an earlier minute that no later refusal has brought out; `nil` when there is none. To be called
    /// now and then.
    public func flush(time: Int64) -> AuditEvent? {
        minute.withLock { Self.finish(&$0, at: time) }
    }

    /// The record of what was counted so far, even if its minute is not over: for the end of the process.
    public func drain() -> AuditEvent? {
        minute.withLock { minute in
            defer { minute = Minute(number: minute.number) }
            return minute.total == 0 ? nil : Self.event(of: minute)
        }
    }

    private static func finish(_ minute: inout Minute, at time: Int64) -> AuditEvent? {
        let number = time / 60_000
        // A clock that was set back a little stays in the minute it was in: counts are never split. One that had gone
        // far ahead would keep the count back until that time comes.
        guard number > minute.number || number < minute.number - mostSetBack else { return nil }
        defer { minute = Minute(number: number) }
        return minute.total == 0 ? nil : event(of: minute)
    }

    private static func event(of minute: Minute) -> AuditEvent {
        let busiest = minute.bySource.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        var extra = [
            AuditDetails.Extra("count", String(minute.total)),
            AuditDetails.Extra("sources", String(minute.bySource.count)),
        ]
        if minute.others > 0 { extra.append(AuditDetails.Extra("fromFurtherSources", String(minute.others))) }
        for (source, count) in busiest.prefix(namedSources) {
            extra.append(AuditDetails.Extra("source \(source)", String(count)))
        }
        return AuditEvent(
            time: minute.number * 60_000, operationName: "Authentication", status: 401,
            resultDescription: "Unauthenticated requests within one minute", details: AuditDetails(extra: extra))
    }
}
