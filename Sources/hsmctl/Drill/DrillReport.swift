import Foundation
import StrictJSON

/// What happened in a drill, whether it went well or not. Times are milliseconds since its begin.
struct DrillReport: Equatable {
    struct Event: Equatable {
        var at: Int64
        var text: String
        /// The command that a person would give, or what was found.
        var detail: String?
    }

    /// What the pool had promised and what became of it.
    struct Writes: Equatable {
        var answered = 0
        /// Answered, and missing at the end.
        var lost = 0
    }

    var scenario: String
    var title: String
    /// Unix time in seconds.
    var started: Int64
    var nodes: Int
    var keys: Int
    var software: String
    /// Milliseconds; nil where nothing was promised.
    var rtoTarget: Int64?
    var rpoTarget: Int64?
    /// Nil where there was no incident, or no recovery from it.
    var rto: Int64?
    /// The same, and where nothing was written.
    var rpo: Int64?
    var writes = Writes()
    var events: [Event] = []
    /// Why the drill ended before its end; nil where it didn't.
    var failure: String?
    /// The name of the pool that it ran against; nil where the drill had one of its own.
    var productionPool: String?

    /// Everything that the drill was to show that it didn't.
    var shortcomings: [String] {
        var found: [String] = []
        if let failure { found.append(failure) }
        if failure == nil, let rtoTarget {
            if let rto {
                if rto > rtoTarget {
                    found.append("recovery took \(Self.seconds(rto)), not \(Self.seconds(rtoTarget))")
                }
            } else {
                found.append("there was no incident to recover from")
            }
        }
        if failure == nil, let rpoTarget, let rpo, rpo > rpoTarget {
            found.append("writes of \(Self.seconds(rpo)) were lost, not \(Self.seconds(rpoTarget))")
        } else if failure == nil, rpoTarget == 0, writes.lost > 0 {
            // Also one that was answered after the incident, and is of no age.
            found.append("\(writes.lost) answered writes were lost, not 0")
        }
        return found
    }

    var hasPassed: Bool { shortcomings.isEmpty }

    static func seconds(_ milliseconds: Int64) -> String {
        let hundredths = (milliseconds + 5) / 10
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) s"
    }
}

extension DrillReport {
    /// Of a drill that begins now.
    init(_ scenario: DrillScenario, productionPool: String? = nil) {
        self.init(
            scenario: scenario.name, title: scenario.title, started: Int64(Date().timeIntervalSince1970),
            nodes: scenario.nodes, keys: scenario.keys, software: HSMControl.version,
            rtoTarget: scenario.targets.rto.map { Int64($0 * 1000) },
            rpoTarget: scenario.targets.rpo.map { Int64($0 * 1000) }, productionPool: productionPool)
    }
}

// MARK: JSON

extension DrillReport {
    static let format = "quorate-drill-report-1"

    /// The one form of the report, which is signed.
    var json: JSONObject {
        .make { writer in
            writer.member("format", Self.format)
            writer.member("scenario", scenario)
            writer.member("title", title)
            if let productionPool { writer.member("productionPool", productionPool) }
            writer.member("started", started)
            writer.member("nodes", nodes)
            writer.member("keys", keys)
            writer.member("software", software)
            writer.member("passed", hasPassed)
            writer.member("shortcomings", array: shortcomings)
            if let failure { writer.member("failure", failure) }
            if let rtoTarget { writer.member("rtoTargetMilliseconds", rtoTarget) }
            if let rto { writer.member("rtoMilliseconds", rto) }
            if let rpoTarget { writer.member("rpoTargetMilliseconds", rpoTarget) }
            if let rpo { writer.member("rpoMilliseconds", rpo) }
            writer.member("writesAnswered", writes.answered)
            writer.member("writesLost", writes.lost)
            writer.member("events") { writer in
                writer.array { writer in
                    for event in events {
                        writer.object { writer in
                            writer.member("at", event.at)
                            writer.member("text", event.text)
                            if let detail = event.detail { writer.member("detail", detail) }
                        }
                    }
                }
            }
        }
    }

    var bytes: [UInt8] { Self.bytes(json) }

    static func bytes(_ object: JSONObject) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(.object(object))
        return writer.bytes
    }

    /// Milliseconds and counts of a drill are below: so nothing that is computed from them is beyond a number.
    private static let limit: UInt64 = 1_000_000_000_000
    /// Seconds to the end of the year 9999, the last that is shown.
    private static let lastMoment: Int64 = 253_402_300_799

    /// - Throws: ``ClientError`` for anything that ``json`` doesn't make.
    init(_ object: JSONObject) throws {
        guard object.text("format") == Self.format, let scenario = object.text("scenario"),
            let title = object.text("title"), let started = object.number("started"),
            let nodes = object.number("nodes"), let keys = object.number("keys"),
            let software = object.text("software"), let answered = object.number("writesAnswered"),
            let lost = object.number("writesLost")
        else { throw ClientError.refused("It isn't the report of a drill.") }
        let times = ["rtoTargetMilliseconds", "rpoTargetMilliseconds", "rtoMilliseconds", "rpoMilliseconds"]
        let figures =
            [nodes, keys, answered, lost] + times.compactMap { object.number($0) }
            + object.objects("events").compactMap { $0.number("at") }
        guard (0...Self.lastMoment).contains(started), !figures.contains(where: { $0.magnitude >= Self.limit }) else {
            throw ClientError.refused("It isn't the report of a drill: no drill has such figures.")
        }
        self.init(
            scenario: scenario, title: title, started: started, nodes: Int(nodes), keys: Int(keys), software: software,
            rtoTarget: object.number("rtoTargetMilliseconds"), rpoTarget: object.number("rpoTargetMilliseconds"),
            rto: object.number("rtoMilliseconds"), rpo: object.number("rpoMilliseconds"),
            writes: Writes(answered: Int(answered), lost: Int(lost)),
            events: object.objects("events").map { event in
                Event(at: event.number("at") ?? 0, text: event.text("text") ?? "", detail: event.text("detail"))
            }, failure: object.text("failure"),
            productionPool: object.text("productionPool"))
        guard json == object else {
            throw ClientError.refused("The report contradicts itself: its outcome isn't what its figures say.")
        }
    }
}
