extension LoadReport {
    /// A page with tables and charts that needs nothing beside itself.
    public var html: String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>\(Markup.escape(title))</title>
        <style>
        body { font: 15px/1.45 system-ui, sans-serif; max-width: 900px; margin: 2em auto; padding: 0 1em }
        table { border-collapse: collapse; margin: 1em 0; width: 100% }
        td, th { padding: .25em .6em; text-align: right }
        th { border-bottom: 1px solid #999; font-weight: 600 } td:first-child, th:first-child { text-align: left }
        tr:nth-child(even) td { background: #f5f5f5 } figure { margin: 1.6em 0 } figcaption { font-weight: 600 }
        svg text { font-size: 11px; fill: #444 } .warning { background: #fff3d6; padding: .5em .8em; margin: .4em 0 }
        </style></head><body>
        <h1>\(Markup.escape(title))</h1>
        \(paragraphs)
        \(table("Node", [all] + nodes))
        \(operations.count > 1 ? table("Operation", operations) : "")
        \(charts.map(\.svg).joined(separator: "\n"))
        <p>Latency is counted from the time at which a request was due\(offeredRate == nil
            ? "; in this closed loop that is the moment of sending, so that a slow pool also slows the load down" : "").
        Percentiles are those of answers 2xx.</p>
        </body></html>

        """
    }

    private var paragraphs: String {
        let asked = offeredRate.map { ", \(Figures.whole($0)) a second were asked for" } ?? ""
        let (total, good) = (Double(all.cell.counts.total), Double(all.cell.counts.good))
        var lines = [
            "<p><b>\(Figures.whole(all.rate)) good answers a second</b> for \(Figures.decimal(seconds)) s\(asked).",
            "Of \(Figures.whole(total)) requests of this time \(Figures.whole(good)) had a good answer, then or "
                + "later.</p>",
        ]
        lines += warnings.map { "<p class=\"warning\">\(Markup.escape($0))</p>" }
        lines.append("<p>\(Markup.escape(generatorLine)).</p>")
        lines += events.map { "<p>At \(Figures.decimal($0.second)) s: \(Markup.escape($0.text)).</p>" }
        return lines.joined(separator: "\n")
    }

    private func table(_ heading: String, _ lines: [Line]) -> String {
        let names = [heading, "good/s"] + Self.percentiles.map(\.name) + [
            "max", "CPU/answer", "429", "503", "other errors", "timed out", "disconnected",
        ]
        let head = names.map { "<th>\($0)</th>" }.joined()
        let rows = lines.map { line in
            let latency = line.cell.latency
            let counts = line.cell.counts
            let cells =
                [Markup.escape(line.name), Figures.whole(line.rate)]
                + Self.percentiles.map { Figures.time(latency.microseconds(atPercentile: $0.percent)) }
                + [
                    Figures.time(latency.longestMicroseconds),
                    line.cpuMicroseconds.map { Figures.time(UInt64($0)) } ?? "-",
                    "\(counts.throttled)", "\(counts.unavailable)", "\(counts.refused + counts.failed)",
                    "\(counts.timedOut)", "\(counts.disconnected)",
                ]
            return "<tr>" + cells.map { "<td>\($0)</td>" }.joined() + "</tr>"
        }
        return "<table><tr>\(head)</tr>\n\(rows.joined(separator: "\n"))</table>"
    }

    private var charts: [Chart] {
        let last = Double(max(1, points.count - 1))
        let step = max(1, points.count / 8)
        let ticks = stride(from: 0, to: points.count, by: step).map {
            (position: Double($0) / last, label: "\(points[$0].second) s")
        }
        let marks = events.map { min(1, max(0, $0.second / last)) }
        func chart(_ title: String, _ unit: String, _ series: [Chart.Series]) -> Chart {
            Chart(title: title, unit: unit, series: series, ticks: ticks, marks: marks)
        }
        var charts = [
            chart(
                "Answers over time", "a second",
                [Chart.Series(name: "good", values: points.map { Double($0.counts.good) })]
                    + nodes.indices.map { index in
                        Chart.Series(
                            name: nodes[index].name, values: points.map { Double($0.nodeCounts[index].good) })
                    })
        ]
        var latency = chart(
            "Latency over time", "logarithmic",
            [("median", \LoadPoint.median), ("99 %", \.p99), ("99.9 %", \.p999), ("worst", \.longest)].map {
                name, path in
                Chart.Series(
                    name: name, values: points.map { $0.counts.good == 0 ? nil : Double($0[keyPath: path]) })
            })
        latency.scale = .logarithmic
        latency.merging = .highest
        latency.format = { Figures.time(UInt64($0)) }
        charts.append(latency)
        charts.append(distribution)
        charts.append(
            chart(
                "What was not answered as asked", "a second",
                [
                    Chart.Series(name: "429", values: points.map { Double($0.counts.throttled) }),
                    Chart.Series(name: "errors", values: points.map { Double($0.counts.errors) }),
                    Chart.Series(name: "unsent", values: points.map { Double($0.unsent + $0.homeless) }),
                ]))
        var processors = chart(
            "Processor time", "cores",
            nodes.indices.map { index in
                Chart.Series(name: nodes[index].name, values: points.map { $0.nodeCores[index] })
            } + [Chart.Series(name: "generator", values: points.map { Double($0.generatorCPU) / 1e6 })])
        processors.format = { Figures.decimal($0) }
        charts.append(processors)
        return charts
    }

    /// Latency against the percentile, each step to the right a tenth of the requests of the one before.
    private var distribution: Chart {
        let percents = (0...50).map { 100 * (1 - 1 / Self.powerOfTen(Double($0) / 10)) }
        let ticks = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %"].enumerated().map {
            (position: Double($0) / 5, label: $1)
        }
        var chart = Chart(
            title: "Latency by percentile", unit: "logarithmic",
            series: nodes.map { node in
                Chart.Series(
                    name: node.name,
                    values: percents.map {
                        node.cell.latency.isEmpty ? nil : Double(node.cell.latency.microseconds(atPercentile: $0))
                    })
            }, ticks: ticks)
        chart.scale = .logarithmic
        chart.format = { Figures.time(UInt64($0)) }
        return chart
    }

    private static func powerOfTen(_ exponent: Double) -> Double {
        var result = 1.0
        var rest = exponent
        while rest >= 1 {
            result *= 10
            rest -= 1
        }
        let tenths = [1, 1.2589, 1.5849, 1.9953, 2.5119, 3.1623, 3.9811, 5.0119, 6.3096, 7.9433]
        return result * tenths[min(9, Int((rest * 10).rounded()))]
    }
}
