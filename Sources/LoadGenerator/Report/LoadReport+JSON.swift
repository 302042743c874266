public import StrictJSON

extension LoadReport {
    /// All figures, for scripts. Times are in microseconds unless the name says otherwise.
    public func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("title", title)
            writer.member("seconds") { $0.value(.double(seconds)) }
            if let offeredRate { writer.member("offeredRate") { $0.value(.double(offeredRate)) } }
            writer.member("interrupted", isInterrupted)
            writer.member("limitedByGenerator", isLimitedByGenerator)
            writer.member("warnings", array: warnings)
            writer.member("all") { Self.write(all, &$0) }
            for (name, lines) in [("nodes", nodes), ("operations", operations)] {
                writer.member(name) { $0.array { writer in for line in lines { Self.write(line, &writer) } } }
            }
            writer.member("generator") { writer in
                writer.object { writer in
                    writer.member("processes", processes)
                    writer.member("cores") { $0.value(.double(generatorCores)) }
                    writer.member("lag") { Self.write(lag, &$0) }
                    writer.member("unsent", unsent)
                    writer.member("homeless", homeless)
                }
            }
            writer.member("events") { writer in
                writer.array { writer in
                    for event in events {
                        writer.object { writer in
                            writer.member("second") { $0.value(.double(event.second)) }
                            writer.member("text", event.text)
                        }
                    }
                }
            }
            writer.member("series") { $0.array { writer in for point in points { Self.write(point, &writer) } } }
        }
    }

    private static func write(_ line: Line, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("name", line.name)
            writer.member("rate") { $0.value(.double(line.rate)) }
            for (name, value) in zip(OutcomeCounts.names, line.cell.counts.values) { writer.member(name, value) }
            if let cpu = line.cpuMicroseconds { writer.member("cpuPerAnswer") { $0.value(.double(cpu)) } }
            writer.member("latency") { write(line.cell.latency, &$0) }
        }
    }

    /// Percentiles by their names in reports.
    static let percentiles: [(name: String, percent: Double)] = [
        ("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9), ("p99.99", 99.99),
    ]

    private static func write(_ record: LatencyRecord, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("count", record.count)
            writer.member("mean") { $0.value(.double(record.meanMicroseconds)) }
            for (name, percent) in percentiles { writer.member(name, record.microseconds(atPercentile: percent)) }
            writer.member("max", record.longestMicroseconds)
        }
    }

    private static func write(_ point: LoadPoint, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("second", point.second)
            for (name, value) in zip(OutcomeCounts.names, point.counts.values) { writer.member(name, value) }
            writer.member("p50", point.median)
            writer.member("p99", point.p99)
            writer.member("p99.9", point.p999)
            writer.member("max", point.longest)
            writer.member("outstanding", point.outstanding)
            writer.member("generatorCPU", point.generatorCPU)
            writer.member("nodeGood") { writer in
                writer.array { writer in for node in point.nodeCounts { writer.integer(node.good) } }
            }
            writer.member("nodeCores") { writer in
                writer.array { writer in
                    for cores in point.nodeCores { writer.value(cores.map { .double($0) } ?? .null) }
                }
            }
        }
    }
}
