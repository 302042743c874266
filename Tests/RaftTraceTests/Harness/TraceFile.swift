import Raft

/// A scenario as text. A line that begins with `> ` is a command; the indented lines under it are what it printed when
/// the file was last regenerated; `#` begins a comment. Blank lines and comments stay as they are.
struct TraceFile {
    enum Item {
        case verbatim(String)
        case command(String)
    }

    let items: [Item]

    init(_ text: String) {
        items = text.split(separator: "\n", omittingEmptySubsequences: false).compactMap { line in
            if line.hasPrefix("> ") { return .command(String(line.dropFirst(2))) }
            // What was printed before is compared as a whole, not item by item.
            return line.hasPrefix("  ") ? nil : .verbatim(String(line))
        }
    }

    /// The comment block at the top, which says what the scenario guards.
    var header: String {
        var lines: [String] = []
        for case .verbatim(let line) in items {
            guard line.hasPrefix("#") else { break }
            lines.append(line)
        }
        return lines.joined(separator: "\n")
    }

    /// Runs all commands in a new world and renders the file as it should be.
    ///
    /// - Parameter prepare: Changes the options of each node that the scenario makes.
    func replay(_ prepare: @escaping (inout Raft.Options) -> Void = { _ in }) -> String {
        let world = World()
        world.prepare = prepare
        var lines: [String] = []
        for item in items {
            switch item {
            case .verbatim(let line):
                lines.append(line)
            case .command(let command):
                lines.append("> " + command)
                world.printed = []
                do {
                    try Verbs.run(command, in: world)
                } catch {
                    world.print("error: \(error)")
                }
                lines += (world.printed.isEmpty ? ["ok"] : world.printed).map { "  " + $0 }
            }
        }
        return lines.joined(separator: "\n")
    }
}
