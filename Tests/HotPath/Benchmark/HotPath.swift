import ArgumentParser
import Foundation

/// Measures what a request to sign costs a node, whole and in pieces.
@main
struct HotPath: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hot-path",
        abstract: "What a request to sign with ES256 costs in processor time and allocations, whole and in pieces.",
        discussion: """
            Everything runs in this process, without sockets and TLS: HTTP/2 by libnghttp2, the pipeline, a signature \
            by the module, and the audit record, which is on disk before the answer leaves. Times are processor time \
            of all threads for each request. Build with: swift build -c release --product hot-path
            """)

    @Option(help: "Processor seconds for each piece.")
    var seconds = 1.0
    @Flag(help: "Whole requests only.")
    var whole = false
    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let meter = Meter(seconds: seconds)
        let pieces = try await Pieces()
        var costs = [try pieces.whole(meter)]
        if !whole {
            costs.append(try pieces.transport(meter))
            costs += try pieces.parts(meter)
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            print(String(decoding: try encoder.encode(costs), as: UTF8.self))
        } else {
            for cost in costs { print(line(cost)) }
        }
    }

    private func line(_ cost: Cost) -> String {
        let name = cost.name.padding(toLength: 34, withPad: " ", startingAt: 0)
        return name + String(format: "%10.0f ns %8.1f allocations", cost.nanoseconds, cost.allocations)
    }
}
