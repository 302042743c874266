import ArgumentParser
import CryptographicModule
import Foundation
import StrictJSON

/// A key, by name; given as an argument or, as with other clients, with `--name`.
struct KeyNameArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The key's name: 1 to 127 of 0-9, a-z, A-Z and '-'.", valueName: "name"))
    var argument: String?

    @Option(
        name: [.customLong("name"), .customShort("n")],
        help: ArgumentHelp("The same, as an option.", valueName: "name"))
    var option: String?

    var name: String { argument ?? option ?? "" }
    var path: String { "/keys/\(name)" }
    var deletedPath: String { "/deletedkeys/\(name)" }

    func validate() throws {
        try KeyReference.requireOne(argument, option)
        guard KeyReference.isName(name) else {
            throw ValidationError("'\(name)' isn't a key's name: 1 to 127 of 0-9, a-z, A-Z and '-'.")
        }
    }
}

/// A key, or one version of it.
struct KeyArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("NAME, NAME/VERSION or a key identifier.", valueName: "key"))
    var argument: String?

    @Option(
        name: [.customLong("name"), .customShort("n"), .customLong("id")],
        help: ArgumentHelp("The same, as an option.", valueName: "key"))
    var option: String?

    private var reference: String { KeyReference.parse(argument ?? option ?? "") ?? "" }
    var path: String { "/keys/" + reference }

    /// The version that a file names, where the file is of this key and the person named no version.
    func path(usedBy identifier: String?) -> String {
        guard let used = identifier.flatMap(KeyReference.parse), !reference.contains("/"),
            used.hasPrefix(reference + "/")
        else { return path }
        return "/keys/" + used
    }

    func validate() throws {
        try KeyReference.requireOne(argument, option)
        guard KeyReference.parse(argument ?? option ?? "") != nil else {
            throw ValidationError("'\(argument ?? option ?? "")' isn't NAME, NAME/VERSION or a key identifier.")
        }
    }
}

enum KeyReference {
    static func isName(_ text: String) -> Bool {
        (1...127).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D
            }
    }

    /// `NAME` or `NAME/VERSION`, also out of a whole identifier.
    static func parse(_ text: String) -> String? {
        let rest = text.hasPrefix("https://") ? text.components(separatedBy: "/keys/").dropFirst().first ?? "" : text
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), parts.allSatisfy(isName) else { return nil }
        return parts.joined(separator: "/")
    }

    static func requireOne(_ argument: String?, _ option: String?) throws {
        guard argument != nil || option != nil else { throw ValidationError("Name a key.") }
        guard argument == nil || option == nil else { throw ValidationError("Name the key once.") }
    }
}

/// What keys look like in tables.
enum KeyTable {
    static func bundles(_ bundles: [JSONObject]) -> Table {
        var table = Table("KEY", "TYPE", "ENABLED", "EXPIRES", "OPERATIONS")
        for bundle in bundles {
            let key = bundle.object("key")
            table.row(
                name(key?.text("kid")), [key?.text("kty"), key?.text("crv")].compactMap { $0 }.joined(separator: " "),
                enabled(bundle), expires(bundle), key?.texts("key_ops").joined(separator: " ") ?? "")
        }
        return table
    }

    /// All that is known of one key.
    static func details(_ bundle: JSONObject) -> Table {
        let (key, attributes) = (bundle.object("key"), bundle.object("attributes"))
        var table = Table("FIELD", "VALUE")
        table.row("key", name(key?.text("kid")))
        table.row("type", key?.text("kty") ?? "?")
        if let curve = key?.text("crv") { table.row("curve", curve) }
        let modulus = key?.text("n").flatMap { Base64URL.decode($0) }
        if let bits = modulus.map({ Int64($0.count * 8) }) ?? attributes?.number("key_size") {
            table.row("bits", "\(bits)")
        }
        table.row("operations", key?.texts("key_ops").joined(separator: " ") ?? "")
        table.row("enabled", enabled(bundle))
        table.row("exportable", attributes?.flag("exportable") == true ? "yes" : "no")
        table.row("created", Moment.text(attributes?.number("created")))
        table.row("updated", Moment.text(attributes?.number("updated")))
        table.row("not before", Moment.text(attributes?.number("nbf")))
        table.row("expires", expires(bundle))
        table.row("tags", tags(bundle))
        return table
    }

    static func items(_ items: [JSONObject]) -> Table {
        var table = Table("KEY", "ENABLED", "EXPIRES", "CREATED", "TAGS")
        for item in items {
            table.row(
                name(item.text("kid")), enabled(item), expires(item),
                Moment.text(item.object("attributes")?.number("created")), tags(item))
        }
        return table
    }

    static func deleted(_ items: [JSONObject]) -> Table {
        var table = Table("KEY", "DELETED", "PURGED FROM")
        for item in items {
            table.row(
                name(item.text("recoveryId")), Moment.text(item.number("deletedDate")),
                Moment.text(item.number("scheduledPurgeDate")))
        }
        return table
    }

    /// Name and version out of an identifier.
    static func name(_ identifier: String?) -> String {
        guard let identifier else { return "?" }
        let live = identifier.components(separatedBy: "/keys/")
        let deleted = identifier.components(separatedBy: "/deletedkeys/")
        return (live.count > 1 ? live.last : deleted.last) ?? "?"
    }

    private static func enabled(_ item: JSONObject) -> String {
        item.object("attributes")?.flag("enabled") == true ? "yes" : "no"
    }

    private static func expires(_ item: JSONObject) -> String { Moment.text(item.object("attributes")?.number("exp")) }

    private static func tags(_ item: JSONObject) -> String {
        (item.object("tags")?.members ?? []).map { member in
            if case .string(let value) = member.value { "\(member.name)=\(value)" } else { member.name }
        }.joined(separator: " ")
    }
}

/// The attributes that a key is made with or changed to.
struct KeyAttributeOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("Not valid from this time on: 2027-01-31T12:00:00Z or 2027-01-31.", valueName: "time"))
    var expires: String?

    @Option(name: .long, help: ArgumentHelp("Not valid before this time.", valueName: "time"))
    var notBefore: String?

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp("Tags, as NAME=VALUE, which replace all former ones; \"\" for none.", valueName: "tag"))
    var tags: [String] = []

    func validate() throws {
        do {
            _ = try expires.map(Moment.seconds)
            _ = try notBefore.map(Moment.seconds)
        } catch let error as ClientError {
            throw ValidationError(error.message)
        }
        for tag in tags where !tag.isEmpty && !tag.dropFirst().contains("=") {
            throw ValidationError("'\(tag)' isn't a tag: write NAME=VALUE.")
        }
    }

    var isEmpty: Bool { expires == nil && notBefore == nil && tags.isEmpty }

    func write(enabled: Bool?, exportable: Bool? = nil, _ writer: inout JSONWriter) {
        let (exp, nbf) = (expires.flatMap { try? Moment.seconds($0) }, notBefore.flatMap { try? Moment.seconds($0) })
        if enabled != nil || exp != nil || nbf != nil || exportable != nil {
            writer.member("attributes") { writer in
                writer.object { writer in
                    if let enabled { writer.member("enabled", enabled) }
                    if let nbf { writer.member("nbf", nbf) }
                    if let exp { writer.member("exp", exp) }
                    if let exportable { writer.member("exportable", exportable) }
                }
            }
        }
        guard !tags.isEmpty else { return }
        writer.member("tags") { writer in
            writer.object { writer in
                for tag in tags where !tag.isEmpty {
                    let parts = tag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    writer.member(String(parts[0]), String(parts[1]))
                }
            }
        }
    }
}
