import Foundation
import StrictJSON

/// A page that shows a report, needs nothing beside itself, and holds the signed document.
enum DrillPage {
    private static let opening = "<script type=\"application/json\" id=\"document\">"
    private static let closing = "</script>"

    static func html(_ document: DrillDocument) -> String {
        let report = document.report
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>\(escape("Drill: \(report.title)"))</title>
            <style>
            body { font: 15px/1.45 system-ui, sans-serif; max-width: 900px; margin: 2em auto; padding: 0 1em }
            table { border-collapse: collapse; margin: 1em 0; width: 100% }
            td, th { padding: .25em .6em; text-align: left }
            th { border-bottom: 1px solid #999 } td:first-child { text-align: right; white-space: nowrap }
            code { font-size: 12px; color: #444 } .passed { color: #0a6b2d } .failed { color: #a40e0e }
            svg { width: 100%; height: 90px } svg text { font-size: 10px; fill: #444 }
            </style></head><body>
            <h1>\(escape(report.title))</h1>
            <p class="\(report.hasPassed ? "passed" : "failed")"><b>\(report.hasPassed ? "Passed" : "Failed")</b>\
            \(report.shortcomings.map { ": " + escape($0) }.joined())</p>
            \(figures(report))
            \(timeline(report))
            <table><tr><th>Time</th><th>What happened</th></tr>
            \(report.events.map(row).joined(separator: "\n"))
            </table>
            <p>\(signed(document)) The document is in this page: <code>hsmctl drill verify FILE</code> checks it.</p>
            \(opening)\(embedded(document))\(closing)
            </body></html>

            """
    }

    /// The document that a page holds.
    ///
    /// - Throws: ``ClientError`` where there is none, or the page doesn't show what it says.
    static func document(in page: [UInt8]) throws -> [UInt8] {
        let text = String(decoding: page, as: UTF8.self)
        guard let start = text.range(of: opening),
            let end = text.range(of: closing, range: start.upperBound..<text.endIndex)
        else { throw ClientError.refused("The page holds no report.") }
        let inner = Array(text[start.upperBound..<end.lowerBound].utf8)
        guard inner.first != UInt8(ascii: "<"), html(try DrillDocument(parsing: inner)) == text else {
            throw ClientError.refused("The page doesn't show the report that it holds: it was changed.")
        }
        return inner
    }

    /// JSON within HTML: nothing in it can end the element.
    private static func embedded(_ document: DrillDocument) -> String {
        String(decoding: DrillReport.bytes(document.json), as: UTF8.self).replacing("<", with: "\\u003c")
    }

    static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    // MARK: Parts

    private static func figures(_ report: DrillReport) -> String {
        func text(_ milliseconds: Int64?) -> String { milliseconds.map { DrillReport.seconds($0) } ?? "–" }
        return """
            <table><tr><th></th><th>Measured</th><th>Target</th></tr>
            <tr><td>Time to recover</td><td>\(text(report.rto))</td><td>\(text(report.rtoTarget))</td></tr>
            <tr><td>Data lost</td><td>\(text(report.rpo)) (\(report.writes.lost) of \(report.writes.answered) \
            answered writes)</td><td>\(text(report.rpoTarget))</td></tr>
            <tr><td>Pool</td><td>\(pool(report)), \(report.keys) keys, version \(escape(report.software))</td>\
            <td></td></tr>
            <tr><td>Begun</td><td>\(Moment.text(report.started))</td><td></td></tr></table>
            """
    }

    private static func pool(_ report: DrillReport) -> String {
        report.productionPool.map { "\(escape($0)), in production" } ?? "of the drill's own, \(report.nodes) nodes"
    }

    private static func timeline(_ report: DrillReport) -> String {
        let end = max(report.events.map(\.at).max() ?? 1, 1)
        var marks = ""
        for (number, event) in report.events.enumerated() {
            let place = 10 + 880 * event.at / end
            let height = 20 + 12 * (number % 4)
            marks += "<line x1=\"\(place)\" y1=\"75\" x2=\"\(place)\" y2=\"\(height)\" stroke=\"#888\"/>"
            marks += "<text x=\"\(place)\" y=\"\(height - 3)\">\(number + 1)</text>"
        }
        return """
            <svg viewBox="0 0 900 90"><line x1="10" y1="75" x2="890" y2="75" stroke="#222" stroke-width="2"/>\(marks)\
            <text x="10" y="88">0 s</text><text x="850" y="88">\(DrillReport.seconds(end))</text></svg>
            """
    }

    private static func row(_ event: DrillReport.Event) -> String {
        let detail = event.detail.map { "<br><code>\(escape($0))</code>" } ?? ""
        return "<tr><td>\(DrillReport.seconds(event.at))</td><td>\(escape(event.text))\(detail)</td></tr>"
    }

    private static func signed(_ document: DrillDocument) -> String {
        guard let identity = document.identity else { return "Nobody has signed this report: no pool was left." }
        return "Signed by the pool with the identity key <code>\(escape(identity))</code> (SHA-256)."
    }
}
