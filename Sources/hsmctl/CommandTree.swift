import ArgumentParser

/// The commands as people type them.
enum CommandTree {
    /// What is wrong with the first word that is no command of its group; `nil` where there is none.
    static func mistake(in words: [String]) -> String? {
        var group: any ParsableCommand.Type = HSMControl.self
        var path: [String] = []
        // 'help COMMAND' shows help.
        for word in words.first == "help" ? Array(words.dropFirst()) : words {
            let below = group.configuration.subcommands
            guard !below.isEmpty, !word.hasPrefix("-"), !(path.isEmpty && word == "help") else { return nil }
            guard let next = below.first(where: { names($0).contains(word) }) else {
                return unknown(word, path, below.filter { $0.configuration.shouldDisplay }.map { $0._commandName })
            }
            (group, path) = (next, path + [word])
        }
        return nil
    }

    private static func names(_ command: any ParsableCommand.Type) -> [String] {
        [command._commandName] + command.configuration.aliases
    }

    private static func unknown(_ word: String, _ path: [String], _ commands: [String]) -> String {
        func full(_ last: String) -> String { (path + [last]).joined(separator: " ") }
        let near = commands.map { (name: $0, distance: distance(word, $0)) }.min { $0.distance < $1.distance }
        // Two letters that changed places are two changes.
        let guess = near.flatMap { $0.distance <= min(2, word.count - 1) ? $0.name : nil }
        let question = guess.map { " Did you mean '\(full($0))'?" } ?? ""
        return "There is no command '\(full(word))'.\(question)\n        The commands of "
            + "'\((["hsmctl"] + path).joined(separator: " "))': \(commands.joined(separator: ", "))"
    }

    /// How many letters have to be put in, taken out or changed to make one word of the other (Levenshtein).
    private static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left), Array(right))
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let change = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(change, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[right.count]
    }
}
